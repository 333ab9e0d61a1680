"""The instruments of a profile: the shipped ones read, what is fitted on gold stands beside; confusion by register."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.instruments import validation
from understudy.instruments.acts import ACTS
from understudy.instruments.chosen import LEXICON
from understudy.instruments.shipped import acts, figures
from understudy.instruments.text import Titles
from understudy.measure.reference import Reference
from understudy.rows import played
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.profile.instruments import GOLD_ACT, GOLD_REACTION

TOKEN = "zyzzogeton"
HOW_VALIDATED = validation.cross_validated.__kwdefaults__
UNREAD = {"status": "uncorrected", "reason": "the instrument was not validated on this engine"}
CODES = {"accept": "ACC", "reject": "REJ", "request": "IQU", "unseen": "NRE", "seen": "SEE", "prefer": "PRO", "ask": "INQ"}


@pytest.fixture(autouse=True)
def no_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anchors have tests of their own and take seconds."""
    monkeypatch.setattr("understudy.tasks.profile.dataset.measure_anchors", lambda *_: None)


def ingested(path: Path, data: Path) -> None:
    on(path, ingest_logs, "redial", [str(data)], dataset="sample")


def label(path: Path, *, swap: frozenset[str] = frozenset(), codes: dict[str, str] = CODES) -> None:
    """Gold acts for every turn, as the lexicon reads it without the token; in `swap` acceptances and rejections change places."""
    with Store.open(path) as store:
        turns = store.frame("ingest/turns", dataset="sample").with_columns(text=pl.col("text").str.replace_all(f" {TOKEN}", ""))
        act = LEXICON.acts(turns.select(Titles(()).masked("text")).to_series()).replace_strict(codes, default="OTH")
        recommended = pl.when(pl.col("item_ids").list.len() > 0).then(pl.lit("REC-S")).otherwise(pl.lit("OTH"))
        valued = turns.with_columns(value=pl.when(pl.col("role") == "seeker").then(act).otherwise(recommended))
        other = pl.col("value").replace({"ACC": "REJ", "REJ": "ACC"})
        valued = valued.with_columns(value=pl.when(pl.col("dialogue_id").is_in(sorted(swap))).then(other).otherwise("value"))
        rows_ = valued.select(
            "dialogue_id", "turn_index", "value", dataset=pl.lit("sample"), labels_sha256=pl.lit("x"), position="turn_index",
            name=pl.lit("act"), annotator=pl.lit(""), source_sha256=pl.lit("x"), licence=pl.lit("CC0-1.0"),
        )  # fmt: skip
        store.add("ingest.labels", rows_)


def profiled(path: Path) -> dict[str, Any]:
    return on(path, profile_dataset, "sample")


@pytest.fixture(scope="module")
def plain(few_profiled: tuple[Path, dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """The few dialogues, profiled without gold."""
    return few_profiled


@pytest.fixture(scope="module")
def gold(plain: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The store that was profiled without gold, labelled and profiled again."""
    path = Path(shutil.copy(plain[0], tmp_path_factory.mktemp("gold") / "s.duckdb"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("understudy.tasks.profile.dataset.measure_anchors", lambda *_: None)
        label(path)
        return path, profiled(path)


def split_ids(path: Path, key: str, split: str) -> frozenset[str]:
    with Store.open(path) as store:
        return frozenset(store.frame("profile/turns", profile_key=key, split=split)["dialogue_id"])


def test_the_shipped_instrument_reads_and_tells_its_error_by_register(gold: tuple[Path, dict[str, Any]]) -> None:
    one = gold[1]["instruments"]["reaction"]
    assert (one["kind"], one["fitted_on"], one["basis"], one["languages"]) == ("shipped", ["reactions train"], "held_out", ["en"])
    assert one["macro_f1"]["ci"][0] <= one["macro_f1"]["value"] <= one["macro_f1"]["ci"][1]
    registers = one["confusion_by_register"]
    assert registers["rehearsal"]["n"] > 100
    assert registers["other"] == UNREAD
    for name in figures.confusions():
        assert (registers[name]["status"], registers[name]["n"]) == ("measured", registers[name]["macro_f1"]["n"])
    # how it reads the data set's own gold stands beside, since that follows another definition
    assert set(one["gold"]["baselines"]) == {"majority", "lexicon"}
    assert one["gold"]["n_turns"] > 100


def test_the_shipped_act_instrument_tells_its_error_and_that_it_has_seen_this_gold(gold: tuple[Path, dict[str, Any]]) -> None:
    one = gold[1]["instruments"]["act"]
    assert (one["kind"], one["fitted_on"], one["basis"]) == ("shipped", ["IARD", "reactions train"], "cross_validated")
    human = one["confusion_by_register"]["human"]
    assert one["macro_f1"] == human["macro_f1"] == acts.macro_f1()["human"]
    assert (human["status"], one["confusion_by_register"]["other"]) == ("measured", UNREAD)
    assert one["confusion_by_register"]["rehearsal"]["n"] > 100
    assert one["gold"]["caution"] == acts.SEEN


def test_what_is_fitted_on_gold_is_told_as_the_contract_says(gold: tuple[Path, dict[str, Any]]) -> None:
    for name in (GOLD_REACTION, GOLD_ACT):
        one = gold[1]["instruments"][name]
        assert one["kind"] == "fitted"
        assert one["fitted_on"] == ["exemplar", "search"]
        assert one["basis"] == "out_of_sample"
        assert one["macro_f1"] == one["out_of_sample"]["macro_f1"]
        assert one["out_of_sample"]["n_turns"] == one["cross_validated"]["n_turns"] + one["held_out"]["n_turns"]
        assert one["macro_f1"]["ci"][0] <= one["macro_f1"]["value"] <= one["macro_f1"]["ci"][1]
        assert one["cross_validated"]["macro_f1"]["n"] < gold[1]["n_dialogues"]
        assert one["baselines"]["majority"]["macro_f1"]["value"] < one["macro_f1"]["value"]
        assert set(one["per_class"]["accept"]) == {"precision", "recall", "f1", "n"}
        assert one["confusion_by_register"]["human"]["n"] == one["held_out"]["n_turns"]
        assert one["confusion_by_register"]["other"] == UNREAD
    json.dumps(gold[1], allow_nan=False)


def test_the_same_instruments_read_humans_and_simulators(gold: tuple[Path, dict[str, Any]]) -> None:
    path, fields = gold
    with Store.open(path) as store:
        human = played.load_human(store, fields["profile_key"], "select", "sample")
    reference = Reference.build(human, seed=0)
    assert reference.instruments.kinds == {"reaction": "shipped", "act": "shipped"}
    assert reference.of({reference.corpus.ids[0]}).instruments is reference.instruments
    assert reference.instruments.digests["reaction"] == fields["instruments"]["reaction"]["digest"]
    read = reference.instruments.reactions(human.reactions, reference.titles)
    assert reference.reactions["label"].to_list() == read.to_list()


def test_gold_acts_make_another_profile_and_change_nothing_that_reads(
    plain: tuple[Path, dict[str, Any]], gold: tuple[Path, dict[str, Any]]
) -> None:
    path, after = gold
    before = plain[1]
    for name in ("act", "reaction"):
        one = before["instruments"][name]
        assert (one["kind"], one["gold"]["macro_f1"], "gold acts" in one["gold"]["reason"]) == ("shipped", None, True)
        assert after["instruments"][name]["digest"] == one["digest"]
    assert not {GOLD_REACTION, GOLD_ACT} & before["instruments"].keys()
    assert after["profile_key"] != before["profile_key"]
    assert {after["instruments"][name]["kind"] for name in (GOLD_REACTION, GOLD_ACT)} == {"fitted"}
    assert profiled(path) == after


def test_acts_in_codes_that_are_not_known_are_no_gold(plain: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path = Path(shutil.copy(plain[0], tmp_path / "s.duckdb"))
    label(path, codes=dict.fromkeys(ACTS, "INFORM"))
    found = profiled(path)["instruments"]
    assert GOLD_ACT not in found
    assert "in an unknown annotation scheme" in found["act"]["gold"]["reason"]


@pytest.mark.parametrize(("splits", "changes"), [(("select", "test"), False), (("search",), True)])
def test_gold_of_select_and_test_reaches_no_digest(
    gold: tuple[Path, dict[str, Any]], few_dialogues: Path, tmp_path: Path, splits: tuple[str, ...], changes: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # the digest is of what is fitted to all gold; how well it reads is told by ten fits more, each of which takes as long
    monkeypatch.setattr(validation, "N_FOLDS", 2)
    monkeypatch.setattr(validation, "N_REPEATS", 1)
    monkeypatch.setattr(validation.cross_validated, "__kwdefaults__", {**HOW_VALIDATED, "n_folds": 2, "n_repeats": 1})
    by_split = [split_ids(gold[0], gold[1]["profile_key"], split) for split in splits]
    assert all(by_split)
    ids = frozenset[str]().union(*by_split)
    data = tmp_path / "data"
    shutil.copytree(few_dialogues, data)
    records = [json.loads(line) for line in (data / "train_data.jsonl").read_text().splitlines()]
    for record in records:
        for message in record["messages"] if record["conversationId"] in ids else []:
            message["text"] += f" {TOKEN}"
    (data / "train_data.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    path = tmp_path / "s.duckdb"
    ingested(path, data)
    label(path, swap=ids)
    fields = profiled(path)
    assert fields["profile_key"] != gold[1]["profile_key"]
    for name in (GOLD_REACTION, GOLD_ACT):
        same = fields["instruments"][name]["digest"] == gold[1]["instruments"][name]["digest"]
        assert same is not changes
