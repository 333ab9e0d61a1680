"""Profile on the sample: one transaction, the same again from rows, nothing fitted on select or test."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from rich.console import Console

import understudy.profile.anchors
from tests.stored import on
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.flows.cli.profile import page
from understudy.parameters import PanelSize
from understudy.records import SPLITS
from understudy.rows import humans
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.profile.parts import part_table
from understudy.tasks.profile.results import ProfileFields

TOKEN = "zyzzogeton"
HALVED = understudy.profile.anchors.human_anchors.__kwdefaults__


@pytest.fixture(autouse=True)
def no_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anchors have tests of their own and take seconds."""
    monkeypatch.setattr("understudy.tasks.profile.dataset.measure_anchors", lambda *_: None)


@pytest.fixture(scope="module")
def profiled(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store with the profiled sample, and the fields of its profile, which are read from rows."""
    path = Path(shutil.copy(profiled_sample, tmp_path_factory.mktemp("store") / "s.duckdb"))
    return path, on(path, profile_dataset, "sample")


@pytest.fixture
def few(few_profiled: tuple[Path, dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """The store and the profile of a few dialogues, against which changed ones are held."""
    return few_profiled


def profile_of(path: Path, data: Path) -> dict[str, Any]:
    on(path, ingest_logs, "redial", [str(data)], dataset="sample")
    return on(path, profile_dataset, "sample")


def test_the_sample_carries_the_demo(profiled: tuple[Path, dict[str, Any]]) -> None:
    _, fields = profiled
    assert fields["n_dialogues"] == sum(one["n_dialogues"] for one in fields["splits"].values())
    assert min(fields["strata_by_split"]["select"].values()) >= 150
    assert fields["splits"]["search"]["n_scenarios"] >= 200
    assert fields["licence"] == "CC0-1.0"
    assert fields["human"]["n_dialogues"] == fields["n_dialogues"]
    assert fields["instruments"]["rehearsal"]["fitted_on"] == ["exemplar", "search"]
    assert fields["instruments"]["reaction"]["kind"] == "shipped"
    json.dumps(fields, allow_nan=False)


def test_the_strata_of_both_parts_of_select_are_shown_and_those_with_too_few_contexts_said_to_be(
    profiled: tuple[Path, dict[str, Any]],
) -> None:
    _, fields = profiled
    parts, whole = fields["parts"], fields["strata_by_split"]["select"]
    assert set(parts) == {"choosing", "reporting"}
    for name, n in whole.items():
        assert sum(part["strata"][name]["n"] for part in parts.values()) == n
    assert sum(part["n_dialogues"] for part in parts.values()) == fields["splits"]["select"]["n_dialogues"]
    told = parts["reporting"]["strata"]
    assert {one["needed"] for one in told.values()} == {150}
    few = {name for name, one in told.items() if one["n"] < 150}
    assert few == {name for name, one in told.items() if one["underpowered"]}
    assert few == {"disliked", "unstated"}
    assert not any(one["underpowered"] for one in parts["choosing"]["strata"].values())
    console = Console(record=True, width=120, file=io.StringIO())
    page(console, cast(ProfileFields, fields))
    shown = console.export_text()
    assert f"{told['disliked']['n']} (underpowered: 150 needed)" in shown
    assert f"{told['disliked']['n']} (underpowered: 150 needed)" in part_table(fields["parts"])


def test_what_leaks_is_counted_and_neither_played_nor_counted_as_a_reaction(
    few: tuple[Path, dict[str, Any]], few_dialogues: Path, tmp_path: Path
) -> None:
    path, fields = few
    with Store.open(path) as store:
        ids = set(store.frame("profile/turns", profile_key=fields["profile_key"], split="select")["dialogue_id"])

    def tell_all(record: dict[str, Any]) -> None:
        record["messages"][0]["text"] += "; ".join(["", *(title for title in record["movieMentions"].values() if title)])

    data = changed(few_dialogues, tmp_path / "data", lambda record: record["conversationId"] in ids, tell_all)
    planted_fields = profile_of(tmp_path / "s.duckdb", data)
    for one in (fields, planted_fields):
        leaks = one["history_leak"]
        for told in leaks.values():
            assert told["n_flagged"] == told["n_id"] + told["n_title"] + told["n_need"]
            assert told["share"]["value"] == told["n_flagged"] / told["n"]
        kept = sum(n for name, n in one["strata"].items() if name != "decoy")
        assert leaks["reactions"]["n"] - leaks["reactions"]["n_flagged"] == kept
        kept = sum(split["n_scenarios"] for split in one["splits"].values())
        assert leaks["scenarios"]["n"] - leaks["scenarios"]["n_flagged"] == kept
    assert fields["strata_by_split"]["search"] == planted_fields["strata_by_split"]["search"]
    assert "select" not in planted_fields["strata_by_split"]
    assert planted_fields["splits"]["select"]["n_scenarios"] == 0
    key = planted_fields["profile_key"]
    with Store.open(tmp_path / "s.duckdb") as store:
        assert {one.stratum for one in humans.load_contexts(store, key, "select")} == {None}
        assert humans.load_human_reactions(store, key, "select").is_empty()
        assert humans.load_scenarios(store, key, "select") == []


def test_the_second_call_answers_from_rows(profiled: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    path, fields = profiled
    with Store.open(path) as store:
        before = (store.counts(), store.digest())
    monkeypatch.setattr(understudy.tasks.profile.dataset, "_write", None)
    assert on(path, profile_dataset, "sample") == fields
    with Store.open(path) as store:
        assert (store.counts(), store.digest()) == before


def test_the_profile_is_drawn_beside_the_store_and_the_same_again(profiled: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, fields = profiled
    drawn = {name: Path(file) for name, file in fields["pictures"].items()}
    assert {"turns", "popularity", "page"} <= set(drawn)
    assert {file.parent for file in drawn.values()} == {path.with_name("s-profile") / "sample"}
    again = on(path, profile_dataset, "sample", out=str(tmp_path / "here"))["pictures"]
    assert {name: Path(file).read_bytes() for name, file in again.items()} == {name: file.read_bytes() for name, file in drawn.items()}


def test_anchors_at_another_size_are_measured_once(profiled: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = profiled
    monkeypatch.setattr(understudy.profile.anchors, "N_HALVINGS", 4)
    monkeypatch.setattr(understudy.profile.anchors.human_anchors, "__kwdefaults__", {**HALVED, "n_halvings": 4})
    size = PanelSize(per_stratum=12, behaviour=8, free=10)
    found = on(path, profile_dataset, "sample", at=size)["anchors_at"]
    assert found["sizes"] == {"per_stratum": 12, "behaviour": 8, "free": 10}
    part = found["anchors"]["positive_bias.liked_unseen"]
    assert part["floor"]["n"] == 4
    assert part["value"] == found["anchors"]["accept_liked_unseen"]["value"]
    assert part["floor"]["signed_ci"][0] <= part["floor"]["signed_ci"][1]
    monkeypatch.setattr(understudy.profile.anchors, "human_anchors", None)
    assert on(path, profile_dataset, "sample", at=size)["anchors_at"] == found
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("text", ["40", "40,24", "40,24,60,1", "0,24,60", "a,b,c", ""])
def test_a_size_is_three_numbers(text: str) -> None:
    with pytest.raises(BadInput):
        PanelSize.parsed(text)


def test_a_data_set_that_is_not_there_is_refused(profiled: tuple[Path, dict[str, Any]]) -> None:
    with pytest.raises(BadInput) as caught:
        on(profiled[0], profile_dataset, "nothing")
    assert "sample" in caught.value.hint
    with Store.open(profiled[0]) as store, pytest.raises(BadInput):
        humans.current_profile(store, "nothing")


def test_a_failure_leaves_no_half_profile(few_dialogues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(understudy.tasks.profile.dataset, "keep_instruments", fail)
    with pytest.raises(RuntimeError):
        profile_of(tmp_path / "s.duckdb", few_dialogues)
    with Store.open(tmp_path / "s.duckdb") as store:
        assert {name: n for name, n in store.counts().items() if name.startswith("profile.") and n} == {}


@pytest.mark.parametrize(("split", "changes"), [("select", False), ("test", False), ("search", True), ("exemplar", True)])
def test_words_of_select_and_test_reach_nothing_fitted(
    few: tuple[Path, dict[str, Any]], few_dialogues: Path, tmp_path: Path, split: str, changes: bool
) -> None:
    path, fields = few
    with Store.open(path) as store:
        ids = {row["dialogue_id"] for row in store.frame("profile/turns", profile_key=fields["profile_key"], split=split).to_dicts()}
    assert ids
    data = planted(few_dialogues, tmp_path / "data", lambda record: record["conversationId"] in ids)
    planted_fields = profile_of(tmp_path / "s.duckdb", data)
    assert planted_fields["profile_key"] != fields["profile_key"]
    same = planted_fields["instruments"]["rehearsal"]["digest"] == fields["instruments"]["rehearsal"]["digest"]
    assert same is not changes


def planted(original: Path, folder: Path, chosen: Callable[[dict[str, Any]], bool]) -> Path:
    """A copy of the dialogues in which every message of the chosen dialogues holds a token."""

    def plant(record: dict[str, Any]) -> None:
        for message in record["messages"]:
            message["text"] += f" {TOKEN}"

    return changed(original, folder, chosen, plant)


def changed(original: Path, folder: Path, chosen: Callable[[dict[str, Any]], bool], change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the dialogues in which the chosen records were changed."""
    shutil.copytree(original, folder)
    records = [json.loads(line) for line in (folder / "train_data.jsonl").read_text().splitlines()]
    for record in filter(chosen, records):
        change(record)
    (folder / "train_data.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return folder


def test_the_loaders_agree_with_each_other(profiled: tuple[Path, dict[str, Any]]) -> None:
    path, fields = profiled
    key = fields["profile_key"]
    with Store.open(path) as store:
        items = humans.load_items(store, "sample")
        for split in SPLITS:
            contexts = humans.load_contexts(store, key, split)
            reactions = humans.load_human_reactions(store, key, split)
            behaviour = humans.load_human_behaviour(store, key, split)
            assert reactions["context_id"].to_list() == [one.context_id for one in contexts if one.stratum not in (None, "decoy")]
            assert behaviour.height == sum(one.stratum is None for one in contexts)
            for one in contexts:
                assert len(one.history) == one.turn_index
                if one.item_id is not None:
                    assert one.item_id in one.history[-1].item_ids
                    assert items[one.item_id].label in one.history[-1].text
                    assert items[one.item_id].label not in (*one.need.liked, *one.need.disliked)
        human = humans.load_human_turns(store, key)
        assert human.height == store.counts()["ingest.turns"]
        assert humans.current_profile(store, "sample") == key


def test_scenarios_never_name_a_target(profiled: tuple[Path, dict[str, Any]]) -> None:
    path, fields = profiled
    with Store.open(path) as store:
        items = humans.load_items(store, "sample")
        scenarios = humans.load_scenarios(store, fields["profile_key"], "search")
    assert len(scenarios) == fields["splits"]["search"]["n_scenarios"]
    for one in scenarios:
        for hidden in (one.target, *one.need.targets):
            assert items[hidden].label not in (*one.need.liked, *one.need.disliked, *one.need.seen)
        assert one.target not in one.need.targets


def test_exemplars_come_from_the_exemplar_split(profiled: tuple[Path, dict[str, Any]]) -> None:
    path, fields = profiled
    with Store.open(path) as store:
        exemplars = humans.load_exemplars(store, fields["profile_key"])
        ids = set(humans.load_human_turns(store, fields["profile_key"], "exemplar")["dialogue_id"])
    assert exemplars
    assert set(exemplars) <= ids
    assert all(6 <= len(one.turns) <= 10 for one in exemplars.values())


def test_previous_is_the_turn_before_of_the_same_seeker(profiled: tuple[Path, dict[str, Any]]) -> None:
    path, fields = profiled
    with Store.open(path) as store:
        frame = humans.load_human_behaviour(store, fields["profile_key"], "select")
    shifted = frame.with_columns(before=pl.col("text").shift(1).over("dialogue_id").fill_null(""))
    assert shifted.filter(pl.col("before") != pl.col("previous")).is_empty()
