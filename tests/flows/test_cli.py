"""The command line keeps its contract: exit codes, one JSON object on stdout, and a help that answers at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from shutil import copyfile

import pytest
import typer
from typer.testing import CliRunner

from tests import commands
from understudy.doors.store import Store
from understudy.errors import GateFailed
from understudy.flows.cli import publish
from understudy.flows.cli.app import app
from understudy.flows.cli.console import answer
from understudy.tasks.publish.batch import ReleaseFields

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))


def process(*words: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The console script in a process of its own: once for each exit code."""
    environment = {**os.environ, "PREFECT_HOME": str(cwd / "prefect"), **more}
    return subprocess.run([UNDERSTUDY, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_help_imports_nothing_heavy() -> None:
    heavy = ("prefect", "litellm", "great_expectations", "polars", "duckdb", "pymoo", "sklearn", "altair")
    code = f"import sys, understudy.flows.cli.app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    done = commands.run("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"understudy {version('understudy')}\n")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("understudy opt", {"optimize"}),
        ("understudy optimize --seeker", {"--seeker-model", "--seeker-side"}),
        ("understudy xyz", set()),
    ],
)
def test_a_shell_can_complete_commands_and_options(line: str, offered: set[str], tmp_path: Path) -> None:
    asked = {"_UNDERSTUDY_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    assert set(process(cwd=tmp_path, **asked).stdout.split()) == offered


def test_a_shell_reads_how_to_complete(tmp_path: Path) -> None:
    script = process(cwd=tmp_path, _UNDERSTUDY_COMPLETE="source_bash").stdout
    assert "_UNDERSTUDY_COMPLETE=complete_bash" in script


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ingest", "--json"), 2, "usage"),
        (("nightly", "--dataset", "x", "--data", ".", "--nonsense", "--json"), 2, "usage"),
        (("simulate", "--dataset", "x", "--json"), 2, "usage"),
        (("pull", "nothing", "--json"), 2, "bad_input"),
        (("optimize", "--dataset", "x", "--population", "1", "--json"), 2, "bad_input"),
        (("optimize", "--dataset", "x", "--weights", "positive_bias=a", "--json"), 2, "bad_input"),
        (("optimize", "--dataset", "x", "--algorithm", "magic", "--json"), 2, "bad_input"),
        (("optimize", "--dataset", "x", "--panel", "20,14,16,9", "--json"), 2, "bad_input"),
        (("nightly", "--dataset", "x", "--data", ".", "--panel", "20,14", "--json"), 2, "bad_input"),
        (("estimate", "--dataset", "x", "--panel", "", "--json"), 2, "bad_input"),
    ],
)
def test_bad_input_ends_with_two_and_says_so_in_json(words: tuple[str, ...], code: int, told: str, tmp_path: Path) -> None:
    done = commands.run(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"] is False
    assert answer["error"]["code"] == told
    assert set(answer["error"]) == {"code", "message", "hint"}
    if "--panel" in words:
        assert "three numbers" in answer["error"]["message"]


def test_the_process_ends_with_two_where_there_is_no_store(tmp_path: Path) -> None:
    done = process("status", "--json", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "bad_input"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_release_that_a_gate_refuses_ends_with_three(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> ReleaseFields:
        raise GateFailed("batch b failed gates", hint="look at them", fields={"release": None})

    with pytest.raises(SystemExit) as ended:
        answer(refused, publish.page, as_json=as_json)
    printed = capsys.readouterr()
    assert ended.value.code == 3
    if as_json:
        error = {"code": "gate_failed", "message": "batch b failed gates", "hint": "look at them"}
        assert json.loads(printed.out) == {"release": None, "ok": False, "error": error}
    else:
        assert printed.out.startswith("next: understudy validate")
        assert "gate_failed: batch b failed gates" in printed.err


@pytest.mark.parametrize(("raised", "code"), [("GateFailed", 3), ("ProviderFailed", 4), ("BudgetExhausted", 5), ("UnderstudyError", 1)])
def test_the_process_ends_with_the_code_of_what_was_raised(raised: str, code: int, tmp_path: Path) -> None:
    script = (
        "from understudy import errors\n"
        "from understudy.flows.cli.console import answer\n"
        "def work():\n"
        f"    raise errors.{raised}('it ended', hint='do this')\n"
        "answer(work, print, as_json=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["error"]["message"] == "it ended"


def test_a_busy_store_ends_with_six(tmp_path: Path) -> None:
    with Store.open(tmp_path / "understudy.duckdb"):
        done = process("label", "--dataset", "any", "--out", "sheet.csv", "--json", cwd=tmp_path)
    assert done.returncode == 6
    assert json.loads(done.stdout)["error"]["code"] == "store_busy"


def test_ingest_and_status_answer_in_json_and_nothing_else(prefect_server: str, tmp_path: Path) -> None:
    words = ("ingest", "redial", str(ROOT / "examples" / "sample"), "--dataset", "sample", "--json")
    done = process(*words, cwd=tmp_path, PREFECT_API_URL=prefect_server)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    counted = sum(answer[name] for name in ("n_dialogues", "n_duplicates", "n_rejects", "n_attached"))
    assert answer["ok"] is True
    assert answer["n_records"] == counted > 500
    status = json.loads(commands.run("status", "--json", cwd=tmp_path).stdout)
    assert status["tables"]["ingest.dialogues"] == answer["n_dialogues"]
    assert {"tables", "ledger", "runs", "releases", "n_test_uses", "store_digest"} <= set(status)


@pytest.mark.usefixtures("plain_flows")
def test_a_data_set_that_is_not_there_ends_with_two_and_the_hint_names_those_that_are(profiled_sample: Path, tmp_path: Path) -> None:
    store = str(copyfile(profiled_sample, tmp_path / "s.duckdb"))
    wrong = CliRunner().invoke(app, ["profile", "--dataset", "other", "--store", store, "--json"])
    assert wrong.exit_code == 2
    assert "sample" in json.loads(wrong.stdout)["error"]["hint"]


def test_the_guide_and_the_commands_hold_together() -> None:
    guide = (ROOT / "docs" / "cli.md").read_text()
    program = typer.main.get_command(app)
    commands = program.commands  # type: ignore[attr-defined]
    documented = dict(re.findall(r"^\| `(\w+)([^`]*)`", guide, re.MULTILINE))
    assert set(documented) == set(commands)
    for name, words in documented.items():
        options = {option for parameter in commands[name].params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"--[a-z][a-z-]+", words)) <= options, name
    everywhere = set(re.findall(r"--[a-z][a-z-]+", guide.split("## Commands")[0])) - {"--help"}
    parameters = [parameter for command in (program, *commands.values()) for parameter in command.params]
    known = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
    assert everywhere <= known
