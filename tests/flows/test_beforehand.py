"""What cannot be used is said before anything is started: Prefect, model clients and the search are not even imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import pytest

from tests import commands
from understudy.errors import BadInput
from understudy.flows.cli.app import COMMANDS
from understudy.flows.cli.beforehand import Means, check
from understudy.flows.cli.reading import meant, options
from understudy.names import LONGEST, checked_name

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = str(ROOT / "examples" / "sample")
FULL = Path("/dev/full")

# what may not be imported before bad input is answered; importing one ends with exit code 1
ALONE = """
import json, sys
for heavy in ("prefect", "litellm", "pymoo", "great_expectations"):
    sys.modules[heavy] = None
from understudy.flows.cli.app import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["understudy", *words, "--json"]
    try:
        main()
    except SystemExit as end:
        print(json.dumps({"exit_code": end.code}))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Words of a command that cannot be used, and what the message says."""

    words: tuple[str, ...]
    told: str


def night(*words: str, dataset: str = "sample", data: str = SAMPLE) -> tuple[str, ...]:
    return ("nightly", "--dataset", dataset, "--data", data, "--reader", "redial", *words)


def ingested(reader: str, path: str, *words: str) -> tuple[str, ...]:
    return ("ingest", reader, path, *words)


CASES = (
    Case(ingested("redial", "nowhere"), "there is no file or folder nowhere"),
    Case(ingested("redial", "pipe"), "a device or a pipe"),
    Case(ingested("redial", "/dev/zero"), "a device or a pipe"),
    Case(ingested("redial", "empty"), "holds no file"),
    Case(ingested("messages", SAMPLE), "of this format"),
    Case(ingested("nobody", SAMPLE), "nobody"),
    Case(ingested("redial", SAMPLE, "--dataset", "a/b"), "cannot be the name of a data set"),
    Case(ingested("redial", SAMPLE, "--store", "text"), "is not a DuckDB file"),
    Case(ingested("redial", SAMPLE, "--store", "empty"), "is a folder"),
    Case(ingested("redial", SAMPLE, "--store", "pipe"), "is a device or a pipe"),
    Case(ingested("redial", SAMPLE, "--events", "nowhere/e.jsonl"), "there is no folder nowhere"),
    Case(ingested("redial", SAMPLE, "--events", "empty"), "is a folder"),
    Case(ingested("redial", SAMPLE, "--events", "/dev/full"), "a device or a pipe"),
    Case(ingested("redial", SAMPLE, "--events", "text/e.jsonl"), "there is no folder text"),
    Case(night(data="nowhere"), "there is no file or folder nowhere"),
    Case(night(data="pipe"), "a device or a pipe"),
    Case(night("--name", "a/b"), "cannot be the name of a release"),
    Case(night("--name", "../../b"), "cannot be the name of a release"),
    Case(night("--name", "two words"), "cannot be the name of a release"),
    Case(night("--batch", "a/b"), "cannot be the name of a batch"),
    Case(night(dataset="two words"), "cannot be the name of a data set"),
    Case(night(dataset="x" * 93), "cannot be the name of a data set"),
    Case(night("--roles", "x=narrator"), "'narrator' is not a role"),
    Case(night("--fields", "text"), "is not TOML"),
    Case(night("--fields", "nowhere"), "nowhere"),
    Case(ingested("redial", SAMPLE, "--roles", "x"), "is not a list of NAME=VALUE pairs"),
    Case(night("--setting", "none_such"), "none_such"),
    Case(night("--recommender", "none_such"), "none_such"),
    Case(night("--surface", "none.toml"), "none.toml"),
    Case(night("--releases", "text"), "is no folder"),
    Case(("profile", "--dataset", "other", "--store", "store"), "other"),
    Case(("profile", "--dataset", "sample", "--out", "text", "--store", "store"), "is no folder"),
    Case(("optimize", "--dataset", "other", "--store", "store"), "has no profile"),
    Case(("simulate", "--dataset", "sample", "--setting", "zero_shot", "--batch", "a b", "--store", "store"), "the name of a batch"),
    Case(("simulate", "--dataset", "sample", "--genome", "pipe", "--store", "store"), "a device or a pipe"),
    Case(night("--model", "local/none.gguf"), "there is no local model 'local/none.gguf'"),
    Case(night("--model", f"local/Some.Q4_0@{'a' * 64}"), "names weights by their digest, which says what they are and not where"),
    Case(night("--recording", "none"), "--recording: there is no file or folder none"),
    Case(night("--critic-model", "local/text"), "text is no GGUF file: it begins with b'hell'"),
    Case(night("--fallback", "critic=local/none.gguf"), "there is no local model 'local/none.gguf'"),
    Case(night("--judge-model", "local/hf:nobody"), "does not name a file of the hub"),
    Case(night("--chat-template", "pipe"), "is no plain file of at most 1,048,576 bytes"),
    Case(("compare", "--dataset", "sample", "--html", "empty", "--store", "store"), "is a folder"),
    Case(("compare", "--dataset", "sample", "--settings", "none_such", "--store", "store"), "none_such"),
    Case(("validate", "--batch", "none_such", "--store", "store"), "there is no batch called"),
    Case(("publish", "--batch", "b", "--name", "x", "--final"), "nothing is measured without --tstr"),
    Case(("publish", "--batch", "none_such", "--name", "x", "--store", "store"), "there is no batch called"),
    Case(("export", "0" * 32, "--out", "/dev/full", "--store", "store"), "a device or a pipe"),
    Case(("dose", "--dataset", "sample", "--kind", "length", "--share", "1", "--out", "pipe", "--store", "store"), "a device or a pipe"),
)


def test_bad_input_is_answered_before_anything_heavy_is_imported(profiled_sample: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello\n" * 99)
    os.mkfifo(tmp_path / "pipe")
    copyfile(profiled_sample, tmp_path / "store")
    script = [sys.executable, "-c", ALONE, json.dumps([case.words for case in CASES])]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 2 * len(CASES), done.stderr
    for case, answered, ended in zip(CASES, answers[::2], answers[1::2], strict=True):
        assert ended == {"exit_code": 2}, (case, answered)
        assert answered["ok"] is False
        assert case.told in answered["error"]["message"], (case, answered)
        assert answered["error"]["hint"] or "options" in answered["error"]["message"], case
    assert {one.name for one in tmp_path.iterdir()} <= {"empty", "text", "pipe", "store", "store.wal"}


def test_every_path_of_every_command_says_what_it_means() -> None:
    unmeant = [
        f"{command.__name__} {one.name}"
        for command in COMMANDS
        for one in options(command)
        if Path in _types(one.annotation) and one.name not in {name for name, _ in meant(command)}
    ]
    assert unmeant == []
    named = {(command.__name__, means) for command in COMMANDS for _, means in meant(command)}
    assert {("ingest", Means.INPUT), ("nightly", Means.NEW_RELEASE), ("compare", Means.OUTPUT), ("status", Means.STORE)} <= named


def _types(annotation: object) -> set[object]:
    """The types that an annotation is made of."""
    inside = typing.get_args(annotation)
    return {annotation}.union(*map(_types, inside)) if inside else {annotation}


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "-x", "a/b", "a\\b", "a b", "a\n", "a\0b", "a‮b", "a=b", "ö" * 51, "a" * 101, "=1+1"])
def test_names_that_could_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a batch") as seen:
        checked_name(name, of="batch")
    assert len(seen.value.message) < 4 * LONGEST


@pytest.mark.parametrize("name", ["redial", "2026-11-29", "v1.2_x", "_x", "köln", "映画", "a" * 100])
def test_plain_names_are_names(name: str) -> None:
    assert checked_name(name, of="release") == name


def process(*words: str, cwd: Path, output: Path) -> subprocess.CompletedProcess[str]:
    with output.open("w") as out:
        script = [sys.executable, "-c", "from understudy.flows.cli.app import main; main()", *words]
        return subprocess.run(script, cwd=cwd, stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=120)


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("words", [("status", "--store", "s.duckdb", "--json"), ("--help",)])
def test_an_output_that_cannot_be_written_is_one_sentence_and_no_traceback(
    profiled_sample: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    copyfile(profiled_sample, tmp_path / "s.duckdb")
    done = process(*words, cwd=tmp_path, output=FULL)
    assert done.returncode == 1
    assert "standard output cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_an_event_log_that_becomes_full_ends_the_command_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from understudy.doors import events
    from understudy.errors import UnderstudyError

    if not FULL.exists():
        pytest.skip("the system has no device that is always full")
    opened: Callable[[Path], object] = lambda _: (0, FULL.open("a"))  # noqa: E731
    monkeypatch.setattr(events, "_continued", opened)
    with pytest.raises(UnderstudyError, match="the event log /dev/full cannot be written"), events.recording(tmp_path / "e"):
        events.emit("ingest", "ingest_done", "x")


def test_events_of_a_missing_folder_are_json_and_end_with_two(tmp_path: Path) -> None:
    done = commands.run("ingest", "redial", SAMPLE, "--events", "nowhere/e.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "bad_input"


def test_a_recording_answers_for_a_model_that_is_named_by_its_digest(tmp_path: Path) -> None:
    meant_as = [("model", Means.MODEL), ("recording", Means.INPUT)]
    given: dict[str, object] = {"model": f"local/Some.Q4_0@{'a' * 64}", "recording": tmp_path}
    check(meant_as, given)
    with pytest.raises(BadInput, match="by their digest"):
        check(meant_as, {**given, "recording": None})
