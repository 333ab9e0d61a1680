"""The wheel: what it holds, and that it works in an environment and a folder that know nothing of the checkout."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from shutil import copytree
from zipfile import ZipFile

import pytest

from tests.package.environments import ROOT, Environment, fresh_environment, install, pip
from understudy import __version__

INFO = f"understudy-{__version__}.dist-info"
LINKED = ("tasks", "flows", "sql", "expectations", "deployments")

# a store needs the migrations, the gates their suites, the command line its flows
USES = """
import json, sys, tempfile
from importlib.util import find_spec
from pathlib import Path
from understudy.doors.checks import SUITES
from understudy.doors.store import Store

with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "store.duckdb") as store:
    tables = len(store.counts())
places = [find_spec(name).origin for name in ("understudy", "understudy.flows.nightly", "understudy.tasks.status")]
answer = {"tables": tables, "suites": sorted(path.name for path in SUITES.glob("*.json")), "places": places}
"""
TELL = "print(json.dumps(answer))"

# the deployment's entry point, and whose `tasks` and `flows` are imported then
RESOLVES = """
import tasks, flows
from prefect.flows import load_flow_from_entrypoint

answer["flow"] = load_flow_from_entrypoint("understudy.flows.nightly.nightly").name
answer["owners"] = [getattr(sys.modules[name], "OWNER", None) for name in ("tasks", "flows")]
answer["places"] += [module.__file__ for name, module in sys.modules.items() if name.startswith("understudy") and module.__file__]
"""


def record_of(wheel: Path) -> dict[str, str]:
    """The digest of each file that RECORD lists."""
    with ZipFile(wheel) as opened:
        return listed(opened.read(f"{INFO}/RECORD").decode())


def listed(record: str) -> dict[str, str]:
    """File → digest, from the text of a RECORD."""
    return {path: digest for path, digest, _ in csv.reader(io.StringIO(record))}


def test_the_wheel_holds_one_package_and_its_metadata(wheel: Path) -> None:
    assert {path.split("/")[0] for path in record_of(wheel)} == {"understudy", INFO}


def test_the_installed_package_adds_one_command_and_nothing_else(installed: Environment) -> None:
    record = listed((installed.site / INFO / "RECORD").read_text(encoding="utf-8"))
    outside = {path for path in record if path.split("/")[0] not in ("understudy", INFO)}
    assert outside == {"../../../bin/understudy"}


def test_the_wheel_holds_every_file_that_git_has_in_the_packages(wheel: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z", "understudy", *LINKED], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {name if name.startswith("understudy/") else f"understudy/{name}" for name in tracked.stdout.split("\0") if name}
    expected = ours - {f"understudy/{name}" for name in LINKED}
    assert expected - set(record_of(wheel)) == set()


def test_a_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)], cwd=ROOT, check=True)
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as opened:
        assert not any(member.issym() for member in opened.getmembers())
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(packed))
    (built,) = tmp_path.glob("*.whl")
    assert record_of(built) == record_of(wheel)


def test_without_the_wheel_the_environment_cannot_import_the_checkout(tmp_path: Path) -> None:
    bare = fresh_environment(tmp_path)
    done = bare.run(str(bare.python), "-c", "import understudy", check=False)
    assert "No module named 'understudy'" in done.stderr
    bare.run(str(bare.python), "-c", "import duckdb")


def test_the_installed_package_is_whole_beside_foreign_packages_of_the_same_names(installed: Environment) -> None:
    """Prefect resolves the entry point of the deployment, a store is migrated, and `tasks` and `flows` stay somebody else's."""
    answer = installed.answer(USES + RESOLVES + TELL)
    assert answer["tables"] > 30
    assert answer["suites"] == sorted(path.name for path in (ROOT / "expectations").glob("*.json"))
    assert answer["flow"] == "nightly"
    assert answer["owners"] == ["foreign", "foreign"]
    assert all(Path(place).is_relative_to(installed.site) for place in answer["places"])


def test_the_installed_command_tells_its_version_and_completes(installed: Environment) -> None:
    assert installed.run("understudy", "--version").stdout == f"understudy {__version__}\n"
    asked = {"_UNDERSTUDY_COMPLETE": "complete_bash", "COMP_WORDS": "understudy nigh", "COMP_CWORD": "1"}
    assert installed.run("understudy", **asked).stdout.split() == ["nightly"]


def test_an_editable_install_has_the_same_modules(tmp_path: Path) -> None:
    environment = fresh_environment(tmp_path)
    install(environment, "--editable", str(ROOT))
    answer = environment.answer(USES + TELL)
    assert answer["tables"] > 30
    assert answer["suites"] == sorted(path.name for path in (ROOT / "expectations").glob("*.json"))
    assert all(Path(place).is_relative_to(ROOT / "understudy") for place in answer["places"])
    assert "nightly" in environment.run("understudy", "--help").stdout


@pytest.fixture
def recorded_prefect(installed: Environment) -> Path:
    """A command `prefect` in the environment that writes down its words and the folder of the runs."""
    log = installed.elsewhere / "prefect.log"
    script = installed.folder / "bin" / "prefect"
    script.write_text(f'#!/bin/sh\necho "$UNDERSTUDY_HOME: $*" >> {log}\n', encoding="utf-8")
    script.chmod(0o755)
    return log


def test_deploy_of_an_installed_package_takes_a_file_of_the_users_own(installed: Environment, recorded_prefect: Path) -> None:
    found = "from importlib.resources import files; print(files('understudy') / 'deployments')"
    folder = installed.run(str(installed.python), "-c", found).stdout.strip()
    deploy, address = f"{folder}/deploy", {"PREFECT_API_URL": "http://127.0.0.1:1/api"}
    refused = installed.run(deploy, check=False, **address)
    assert refused.returncode == 2
    assert f"copy {folder}/prefect.yaml" in refused.stderr
    assert not recorded_prefect.exists()
    installed.run(deploy, "mine.yaml", **address)
    *_, last = recorded_prefect.read_text(encoding="utf-8").splitlines()
    assert last == f"{installed.elsewhere}: --no-prompt deploy --prefect-file mine.yaml --all"


@pytest.mark.integration
def test_a_night_runs_in_an_empty_folder(installed: Environment) -> None:
    """So few dialogues pass no gate for certain, so the night may end with 3; its fields are complete either way."""
    copytree(ROOT / "examples" / "sample", installed.elsewhere / "logs")
    words = ("--dataset", "sample", "--reader", "redial", "--data", "logs", "--generations", "0", "--population", "4")
    done = installed.run("understudy", "nightly", *words, "--panel", "6,8,4", "--n", "6", "--anyway", "--json", check=False)
    assert done.returncode in (0, 3), done.stderr[-3000:]
    answer = json.loads(done.stdout)
    assert answer["ok"] is (done.returncode == 0)
    assert {"release", "batch", "flow_run_id", "n_model_calls", "verdicts", "objectives", "split", "engine"} <= set(answer)
    assert answer["engine"] == "rehearsal"
    assert answer["n_model_calls"] > 0
    assert (installed.elsewhere / "understudy.duckdb").exists()
