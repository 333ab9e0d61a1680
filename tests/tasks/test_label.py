"""Labelling: a sheet tells nothing of where its rows come from, and what comes back measures an engine's register."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from shutil import copyfile
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from tests.stored import on
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.flows.cli.app import app
from understudy.profile import labelling
from understudy.rows import humans
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.profile.labelling import read_labels, write_sheet

ENGINE = "acme-chat-9"


@pytest.fixture
def store(stocked: Path, tmp_path: Path) -> Path:
    path = tmp_path / "s.duckdb"
    path.write_bytes(stocked.read_bytes())
    return path


@pytest.fixture(scope="module")
def stocked(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, profiled, and replies of an invented engine to some of its recommendations."""
    path = Path(copyfile(profiled_sample, tmp_path_factory.mktemp("label") / "s.duckdb"))
    with Store.open(path) as store:
        key = humans.current_profile(store, "sample")
        contexts = store.frame("profile/reactions", profile_key=key, split="select")
        dialogues, turns = [], []
        for at, row in enumerate(contexts.head(60).iter_rows(named=True)):
            text = ("=sum(A1) sounds great, I will watch it", "Not my thing, I hate those.", "Who plays in it?")[at % 3]
            dialogues.append(
                {
                    "play_key": f"p{at}", "profile_key": key, "mode": "replay", "scenario_id": row["context_id"],
                    "dialogue_id": row["dialogue_id"], "genome_digest": "g", "replicate": 0, "recommender": "none", "model": ENGINE,
                    "engine": ENGINE, "status": "complete", "reason": "", "stratum": row["stratum"], "item_id": row["item_id"],
                    "target": None, "title_in_prompt": False, "n_turns": 1, "n_tokens": 9,
                }
            )  # fmt: skip
            turns.append({"play_key": f"p{at}", "turn_index": 0, "role": "seeker", "text": text, "item_ids": [], "ranked_ids": []})
        lists = {"item_ids": pl.List(pl.String), "ranked_ids": pl.List(pl.String)}
        store.add("play.dialogues", dialogues)
        store.add("play.turns", pl.DataFrame(turns, schema_overrides=lists))
    return path


def sheet(store: Path, out: Path, **options: Any) -> list[dict[str, str]]:
    write_sheet(str(store), "sample", str(out), **{"n": 40, "engine": None, "seed": 1, **options})
    with out.open(newline="") as lines:
        return list(csv.DictReader(lines))


def filled(rows: list[dict[str, str]], path: Path, say: Callable[[dict[str, str]], tuple[str, str]]) -> str:
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, labelling.COLUMNS)
        writer.writeheader()
        for row in rows:
            reaction, act = say(row)
            writer.writerow({**row, "reaction": reaction, "act": act})
    return str(path)


def honest(row: dict[str, str]) -> tuple[str, str]:
    turn = row["turn"]
    if "sounds great" in turn:
        return "accept", "accept"
    return ("reject", "reject") if "hate those" in turn else ("neither", "ask" if "Who plays" in turn else "")


def origins(store: Path) -> dict[str, str]:
    with Store.open(store) as opened:
        return {row["label_id"]: row["engine"] for row in opened.rows("play/label_rows", dataset="sample")}


def test_a_sheet_is_blind_mixed_and_the_same_again(store: Path, tmp_path: Path) -> None:
    rows = sheet(store, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text()
    assert list(rows[0]) == list(labelling.COLUMNS)
    assert ENGINE not in text
    assert "rehearsal" not in text
    assert "human" not in text
    assert {row["reaction"] + row["act"] for row in rows} == {""}
    engine_of = origins(store)
    engines = [engine_of[row["id"]] for row in rows]
    assert (engines.count("human"), engines.count(ENGINE)) == (20, 20)
    changes = sum(one != other for one, other in pairwise(engines))
    assert changes > 8  # 19 expected of a shuffled sheet, 1 of one that is not
    assert len({row["context"] for row in rows}) > 1
    sheet(store, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == text
    assert [row["id"] for row in sheet(store, tmp_path / "c.csv", seed=2)] != [row["id"] for row in rows]


def test_no_cell_is_a_formula(store: Path, tmp_path: Path) -> None:
    rows = sheet(store, tmp_path / "a.csv")
    assert any(row["turn"].startswith("'=sum") for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    for cell in ("=1", "+1", "-1", "@x", "\t=1", " =1"):
        assert labelling.inert(cell) == f"'{cell}"
    assert labelling.inert("1 = 1") == "1 = 1"


def test_a_sheet_that_is_there_is_not_written_over(store: Path, tmp_path: Path) -> None:
    sheet(store, tmp_path / "a.csv")
    with pytest.raises(BadInput, match="already exists"):
        sheet(store, tmp_path / "a.csv")


def test_one_engine_or_humans_alone_can_be_asked_for(store: Path, tmp_path: Path) -> None:
    alone, both = (sheet(store, tmp_path / f"{engine}.csv", engine=engine) for engine in ("human", ENGINE))
    engine_of = origins(store)
    assert {engine_of[row["id"]] for row in alone} == {"human"}
    assert {engine_of[row["id"]] for row in both} == {"human", ENGINE}
    with pytest.raises(BadInput, match="no reply of the engine 'nobody'"):
        sheet(store, tmp_path / "c.csv", engine="nobody")


def test_labels_give_the_engine_its_register_and_the_profile_tells_it(store: Path, tmp_path: Path) -> None:
    rows = sheet(store, tmp_path / "a.csv")
    one, other = (filled(rows, tmp_path / f"{name}.csv", honest) for name in ("ann", "bob"))
    fields = read_labels(str(store), "sample", [one, other])
    assert (fields["n_annotators"], fields["n_labels"], fields["n_new"]) == (2, 80, 80)
    assert fields["alpha"]["reaction"]["value"] == 1.0
    found = fields["confusion_by_register"]["reaction"][ENGINE]
    assert (found["status"], found["source"], found["n"]) == ("measured", "labels", 20)
    assert found["matrix"][0][0] > 0
    assert fields["confusion_by_register"]["reaction"]["other"]["status"] == "uncorrected"
    profile = on(store, profile_dataset, "sample")
    assert profile["instruments"]["reaction"]["confusion_by_register"] == fields["confusion_by_register"]["reaction"]
    assert read_labels(str(store), "sample", [one, other])["n_new"] == 0


def test_a_corrected_sheet_of_the_same_annotator_counts_instead(store: Path, tmp_path: Path) -> None:
    rows = sheet(store, tmp_path / "a.csv", engine=ENGINE)
    read_labels(str(store), "sample", [filled(rows, tmp_path / "ann.csv", lambda _: ("reject", ""))])
    fields = read_labels(str(store), "sample", [filled(rows, tmp_path / "ann.csv", lambda _: ("accept", ""))])
    assert fields["n_annotators"] == 1
    assert sum(fields["confusion_by_register"]["reaction"][ENGINE]["matrix"][0]) == 20
    assert fields["alpha"]["reaction"]["value"] is None
    assert "two annotators" in fields["alpha"]["reaction"]["reason"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "000000000000"}, "line 3: the id '000000000000' is in no sheet"),
        ({"reaction": "maybe"}, "line 3: 'maybe' is not a valid reaction"),
        ({"act": "dance"}, "line 3: 'dance' is not a valid act"),
    ],
)
def test_what_cannot_be_read_back_is_refused_with_its_row(store: Path, tmp_path: Path, change: dict[str, str], told: str) -> None:
    rows = sheet(store, tmp_path / "a.csv")
    rows[1].update({name: value for name, value in change.items() if name == "id"})

    def say(row: dict[str, str]) -> tuple[str, str]:
        return ("accept", "") if row is not rows[1] else (change.get("reaction", ""), change.get("act", ""))

    path = filled(rows, tmp_path / "ann.csv", say)
    with pytest.raises(BadInput) as caught:
        read_labels(str(store), "sample", [path])
    assert told in caught.value.message
    with Store.open(store) as opened:
        assert opened.counts()["play.human_labels"] == 0


def test_agreement_is_that_of_the_published_example() -> None:
    # Krippendorff's own example of nominal data with gaps: alpha = .691 with letters for the values 1 to 4
    words = dict(zip("1234", ("greet", "request", "accept", "reject"), strict=True))
    data = [
        [None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3],
        [1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None],
        [None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4],
    ]
    rows = [(f"u{at}", f"r{who}", words[str(value)]) for who, line in enumerate(data) for at, value in enumerate(line) if value]
    found = labelling.agreement(pl.DataFrame(rows, schema=["label_id", "annotator", "act"], orient="row"), "act")
    assert found.value == pytest.approx(0.691358, abs=1e-6)
    assert found.lo is not None
    assert found.lo < 0.691358


def test_the_command_writes_and_reads(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "blind.csv"
    asked = ["label", "--dataset", "sample", "--store", str(store), "--json"]
    done = CliRunner().invoke(app, [*asked, "--out", str(out), "--n", "30"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["n_rows"] == 30
    with out.open(newline="") as lines:
        path = filled(list(csv.DictReader(lines)), tmp_path / "ann.csv", honest)
    done = CliRunner().invoke(app, [*asked, "--labels", path])
    assert json.loads(done.stdout)["n_labels"] == 30
    assert CliRunner().invoke(app, asked).exit_code == 2
