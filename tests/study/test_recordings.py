"""A search is recorded without the text of the logs and played again from the recording, without a model: the same fields.

Every recording of a night that lies in recordings/ is played again as well, up to its objectives.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "recordings"))

import record
import replay

from tests import profiled
from tests.flows.unserved import without_prefect
from tests.search import plain
from tests.search.searched import Searched
from understudy.doors import recordings
from understudy.doors.gateway.replay import NotRecorded
from understudy.doors.recordings import LogFields, Recording
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.flows import stages
from understudy.parameters import Models, RunOptions
from understudy.profile.anchors import N_HALVINGS
from understudy.report.digits import rounded
from understudy.tasks.optimize.finals import keep_conclusion
from understudy.tasks.optimize.search import open_run
from understudy.tasks.play.opened import OpenRun, models_open, store_open
from understudy.tasks.studies.recording import LICENCES, RecordedWork, named_in, recorded

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "recordings").glob("*/recording.json"))
NIGHTS = [folder for folder in FOLDERS if replay.about(folder)["command"][0] == "nightly"]
WORDS = ("optimize", "--dataset", "sample", "--setting", "zero_shot")


@contextmanager
def opened(store: Path, recording: Path | None = None) -> Iterator[OpenRun]:
    options = RunOptions(store=store, models=Models(recording=recording))
    with store_open(store) as held, models_open("sample", options, held) as run:
        yield run


def searched(opened: OpenRun) -> dict[str, Any]:
    run = open_run.fn(opened, setting="zero_shot", search=plain.small(1))
    return {**keep_conclusion.fn(opened, run, plain.ended(opened, run)), "n_model_calls": opened.gateway.n_calls}


@pytest.fixture(scope="module")
def made(undisturbed_search: Searched, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The recording of the smallest search on the sample."""
    folder = tmp_path_factory.mktemp("made")
    with opened(Path(copyfile(undisturbed_search.store, folder / "s.duckdb"))) as run:
        return recorded(run, RecordedWork(WORDS, (LogFields(reader="redial", path="."),)), folder / "recording", is_draft=False)


def test_a_recorded_search_is_played_again_without_a_model(
    made: Recording, undisturbed_search: Searched, profiled_sample: Path, tmp_path: Path
) -> None:
    with opened(Path(copyfile(profiled_sample, tmp_path / "s.duckdb")), made.folder) as run:
        again = searched(run)
        assert run.gateway.n_served > 0
    assert again["n_model_calls"] == 0
    told = {name: value for name, value in undisturbed_search.fields.items() if name != "n_model_calls"}
    assert {name: again[name] for name in told if name != "pick"} == {name: told[name] for name in told if name != "pick"}
    assert again["pick"]["genome_digest"] == told["pick"]["genome_digest"]


def test_a_recording_has_no_text_of_the_logs_and_says_how_many_replies_repeat_them(made: Recording) -> None:
    completions, counted = made.table("completions"), made.about["replies"]
    assert completions is not None
    pieces = completions.filter(pl.col("pieces").is_not_null())
    assert (len(completions), len(pieces)) == (counted["n"], counted["n_quoting"])
    assert pieces["text"].null_count() == len(pieces) > 0
    assert counted["n_copying"] <= counted["n_quoting"]
    text = (made.folder / LICENCES).read_text("utf-8")
    assert f"{counted['n_quoting']:,} replies repeat" in text
    assert made.about["sources"][0]["source_sha256"] in text
    assert not {"prompt", "messages"} & set(completions.columns)


def test_a_call_that_the_recording_lacks_ends_the_work(made: Recording, profiled_sample: Path, tmp_path: Path) -> None:
    completions = made.table("completions")
    assert completions is not None
    less = recordings.written(tmp_path / "less", made.about, {"completions": completions.filter(pl.col("role") == "critic")})
    with opened(Path(copyfile(profiled_sample, tmp_path / "s.duckdb")), less.folder) as run, pytest.raises(NotRecorded, match="as seeker"):
        searched(run)


def test_a_recording_of_other_logs_is_refused(made: Recording, profiled_sample: Path, tmp_path: Path) -> None:
    others = [recordings.SourceFields(source_sha256="f" * 64, reader="redial", licence="MIT")]
    other = recordings.written(tmp_path / "other", {**made.about, "sources": others}, {})
    with pytest.raises(BadInput, match="ffffffffffff"), opened(Path(copyfile(profiled_sample, tmp_path / "s.duckdb")), other.folder):
        pass


@pytest.fixture(scope="module")
def wholly_profiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as a night profiles it. What a search prefers hangs on the floors, so those of three halvings will not do."""
    store = tmp_path_factory.mktemp("whole") / "s.duckdb"
    profiled.profile(store, n_halvings=N_HALVINGS)
    return store


def test_the_objectives_of_every_recorded_night_are_played_again(
    wholly_profiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.studies.report.bars_svg", lambda *_, **__: "")
    for night in NIGHTS:
        (tmp_path / night.name).mkdir()
        played_again(night, Path(copyfile(wholly_profiled, tmp_path / night.name / "s.duckdb")))


def played_again(night: Path, store: Path) -> None:
    words = [word if word != replay.LOGS else "examples/sample" for word in replay.about(night)["command"]]
    told = json.loads((night / replay.OBJECTIVES).read_text("utf-8"))
    asked = record.night_of([*words, "--store", str(store), "--recording", str(night)])
    with without_prefect(), store_open(store) as held, models_open(asked.dataset, asked.options, held) as run:
        found = stages.optimize(asked.dataset, setting=asked.setting, search=asked.search, options=run)
        rows = stages.compare(found, batch=asked.batch, n=asked.n, report=asked.report, options=run)
        assert run.gateway.n_calls == 0
    for name, row in rows.items():
        # the digits that machines agree on
        assert {side: rounded(row[side]) for side in ("seed", "optimized", "n")} == {
            side: told[name][side] for side in ("seed", "optimized", "n")
        }


def test_the_first_line_that_differs_is_shown(tmp_path: Path) -> None:
    (tmp_path / "table.md").write_text("a\nb\n")
    assert replay.compared(tmp_path, {"table.md": "a\nb\n"}) == ["table.md"]
    with pytest.raises(replay.Differs, match=r"line 2 differs(?s:.*)- b\n\+ c"):
        replay.compared(tmp_path, {"table.md": "a\nc\n"})
    with pytest.raises(replay.Differs, match="has no study"):
        replay.compared(tmp_path, {"study.json": ""})


def test_each_reader_of_a_data_set_is_named_with_its_logs(tmp_path: Path) -> None:
    zeros = ("reader_version", "n_records", "n_dialogues", "n_items", "n_messages", "n_duplicates", "n_rejects", "n_attached")
    with Store.open(tmp_path / "s.duckdb") as store:
        for reader in ("redial", "iard"):
            row = {"source_sha256": reader, "dataset": "d", "reader": reader, "licence": "MIT", **dict.fromkeys(zeros, 0)}
            store.add("ingest.sources", [row])
        both = tuple(LogFields(reader=reader, path=reader) for reader in ("redial", "iard"))
        assert record.logs_of(store, "d", both) == both
        with pytest.raises(SystemExit, match="iard, redial"):
            record.logs_of(store, "d", ())


def test_a_stage_that_says_something_else_is_named_and_a_new_field_is_none(tmp_path: Path) -> None:
    for name, fields in (("one", '{"a": [1, 2]}'), ("same", '{"a": [1, 2], "b": 3}'), ("other", '{"a": [1, 5]}')):
        with Store.open(tmp_path / f"{name}.duckdb") as store:
            store.add("optimize.study_stages", [{"study_key": "k", "stage": "probe", "fields": fields}])
    record.same_stages(tmp_path / "one.duckdb", tmp_path / "same.duckdb")
    with pytest.raises(replay.Differs, match="stage probe of study k: /a/1 was 2 and is 5"):
        record.same_stages(tmp_path / "one.duckdb", tmp_path / "other.duckdb")


def test_the_words_of_a_recorded_command_name_no_file_of_this_machine(profiled_sample: Path, tmp_path: Path) -> None:
    words = ["study", "--dataset", "sample", "--store", "s.duckdb", "--out", "o", "--seed=3", "--json", "--threads", "1"]
    assert record.without(words, record.LEFT_OUT) == ["study", "--dataset", "sample", "--seed=3"]
    given = record.read([*words, "--model", "local/x"])
    assert (given["dataset"], given["seed"], given["settings"]) == ("sample", 3, "all")
    with opened(Path(copyfile(profiled_sample, tmp_path / "s.duckdb"))) as run:
        keyed = Models(seeker="local/x", critic="rehearsal")
        # rehearsal plays the role here, since no weights are at hand
        assert named_in(["--model", "local/x"], keyed, run) == ("--model", run.cast.seeker)
        assert named_in(["--model=local/x", "--seed", "1"], keyed, run) == (f"--model={run.cast.seeker}", "--seed", "1")
