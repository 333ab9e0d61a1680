"""Logs without seeker forms, one planted log in each of four formats: what can be known is, and the rest is said to be unknown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.stored import on
from understudy import readers
from understudy.doors.store import Store
from understudy.errors import GateFailed
from understudy.ingest.linking import linked
from understudy.parameters import REPORT_PANEL
from understudy.profile.hints import hints_of
from understudy.profile.rows import Profiled, TalkReading, profiled
from understudy.profile.talk import UNKNOWN
from understudy.records import Dialogue, Item, Role, Turn
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.profile.instruments import reaction_reader
from understudy.tasks.simulate.doomed import require_evidence

ASKED, ACCEPTED, REFUSED = "I loved Amber Ferry, any dramas like it?", "great, will watch it", "no, not my thing"
SAID = [
    ("s", ASKED, ["Amber Ferry"]),
    ("r", "Have you seen Tidal Ledger?", ["Tidal Ledger"]),
    ("s", REFUSED, []),
    ("r", "Then try Copper Parade.", ["Copper Parade"]),
    ("s", ACCEPTED, []),
]
Said = list[tuple[str, str, list[str]]]
CATALOGUE = [Item("1", "Amber Ferry", 1999, ("drama",)), Item("2", "Copper Parade", 2001), Item("3", "Tidal Ledger", 2010)]


def opendialkg(folder: Path, dialogues: list[Said]) -> None:
    roles = {"s": "user", "r": "assistant"}
    lines = [[{"role": roles[r], "text": text, "text_template": text, "entity": i, "item": i} for r, text, i in said] for said in dialogues]
    (folder / "dialog_Books.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def inspired(folder: Path, dialogues: list[Said]) -> None:
    names = ("dialog_id", "utt_id", "speaker", "turn_id", "text", "movies", "genres", "people_names")
    roles = {"s": "SEEKER", "r": "RECOMMENDER"}
    rows = [
        (f"d{n}", str(at), roles[role], "1", text, ";".join(named), "drama" if "dramas" in text else "", "")
        for n, said in enumerate(dialogues)
        for at, (role, text, named) in enumerate(said, 1)
    ]
    (folder / "dev.tsv").write_text("".join("\t".join(row) + "\n" for row in (names, *rows)))


def messages(folder: Path, dialogues: list[Said]) -> None:
    roles = {"s": "user", "r": "assistant"}
    lines = [{"id": f"m{n}", "messages": [{"role": roles[r], "content": t} for r, t, _ in said]} for n, said in enumerate(dialogues)]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def dialoguekit(folder: Path, dialogues: list[Said]) -> None:
    roles = {"s": "USER", "r": "AGENT"}
    whole = [
        {"conversation ID": f"k{n}", "conversation": [{"participant": roles[r], "utterance": t} for r, t, _ in said]}
        for n, said in enumerate(dialogues)
    ]
    (folder / "dialogues.json").write_text(json.dumps(whole))


FORMS = {"opendialkg": opendialkg, "inspired": inspired, "messages": messages, "dialoguekit": dialoguekit}
every_form = pytest.mark.parametrize("name", FORMS)


def reads(places: Sequence[tuple[str, str]]) -> list[str | None]:
    return [{ACCEPTED: "accept", REFUSED: "reject"}.get(text, "neither") for _, text in places]


def profile_of(name: str, folder: Path, dialogues: list[Said], *, catalogue: Sequence[Item] = CATALOGUE) -> Profiled:
    """The profile of a planted log; turns that the format does not tag are linked to the catalogue by their titles."""
    FORMS[name](folder, dialogues)
    records = list(readers.load(name).read(readers.find(name, folder), readers.Options()))
    read = [one for one in records if isinstance(one, Dialogue)]
    if readers.load(name).TAGGED:
        items = {one.item_id: one for one in records if isinstance(one, Item)}
    else:
        items = {one.item_id: one for one in catalogue}
        read = [_linked(one, catalogue) for one in read]
    labels = [(d.dialogue_id, one.turn_index, one.name, one.value) for d in read for one in d.labels if one.turn_index is not None]
    contents = {one.dialogue_id: one.dialogue_id for one in read}
    return profiled(read, items, contents=contents, profile_key="p", seed=0, reading=TalkReading(hints_of(labels), reads))


def _linked(dialogue: Dialogue, catalogue: Sequence[Item]) -> Dialogue:
    rows = [(dialogue.dialogue_id, at, turn.text) for at, turn in enumerate(dialogue.turns)]
    turns = pl.DataFrame(rows, schema={"dialogue_id": pl.String, "turn_index": pl.Int32, "text": pl.String}, orient="row")
    found = {at: tuple(ids) for _, at, ids in linked(turns, list(catalogue), popularity={}).iter_rows()}
    told = (Turn(turn.role, turn.text, turn.n_messages, found.get(at, ())) for at, turn in enumerate(dialogue.turns))
    return Dialogue(dialogue.dialogue_id, tuple(told), labels=dialogue.labels)


def needs(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [json.loads(text) for text in frame["need"]]


@every_form
def test_suggestions_reactions_needs_and_targets_come_from_the_dialogue(name: str, tmp_path: Path) -> None:
    found = profile_of(name, tmp_path, [SAID])
    assert not found.has_forms
    titles = [(at, reaction) for _, _, at, _, reaction in found.suggestions.iter_rows()]
    assert titles == [(1, "reject"), (3, "accept")]
    reactions = found.contexts.filter(pl.col("kind") == "reaction")
    assert reactions.select("turn_index", "stratum").rows() == [(2, "unstated"), (4, "unstated")]
    assert found.seekers["target"].to_list() == [found.suggestions["item_id"][1]]
    assert not found.seekers["history_leak"].any()
    (need,) = needs(found.seekers)
    assert (need["liked"][0].startswith("Amber Ferry"), need["genres"], need["seen"]) == (True, ["drama"], [])
    for told in (*needs(found.seekers), *needs(reactions)):
        assert not any("Copper Parade" in text or "Tidal Ledger" in text for text in (*told["liked"], *told["disliked"]))


@every_form
def test_what_is_missing_leaves_its_part_out(name: str, tmp_path: Path) -> None:
    silent: Said = [("s", "I want a drama", []), ("r", "What kind?", []), ("s", "any kind", [])]
    unanswered = SAID[:2]
    several: Said = [("s", "hi", []), ("r", "Amber Ferry or Tidal Ledger?", ["Amber Ferry", "Tidal Ledger"]), ("s", ACCEPTED, [])]
    found = profile_of(name, tmp_path, [silent, unanswered, several])
    assert found.contexts.filter(pl.col("kind") != "behaviour").is_empty()
    assert found.seekers["target"].to_list() == [None] * 3
    assert found.suggestions["reaction"].to_list() == [None] * 3
    assert [need["genres"] for need in needs(found.seekers)] == [["drama"], ["drama"], []]


@pytest.mark.parametrize("name", ["messages", "dialoguekit"])
def test_without_a_catalogue_nothing_is_suggested(name: str, tmp_path: Path) -> None:
    found = profile_of(name, tmp_path, [SAID], catalogue=())
    assert found.suggestions.is_empty()
    assert set(found.contexts["kind"]) == {"behaviour"}


@every_form
def test_each_dialogue_is_a_seeker_of_its_own_where_nobody_is_named(name: str, tmp_path: Path) -> None:
    found = profile_of(name, tmp_path, [SAID] * 40)
    assert found.splits["seeker_id"].n_unique() == 40
    assert found.splits["split"].n_unique() > 2


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store with 30 planted dialogues in INSPIRED's form, and their profile."""
    folder = tmp_path_factory.mktemp("planted")
    inspired(folder, [SAID] * 30)
    with pytest.MonkeyPatch.context() as patch:
        for costly in ("measure_anchors", "keep_instruments"):
            patch.setattr(f"understudy.tasks.profile.dataset.{costly}", lambda *_, **__: None)
        on(folder / "s.duckdb", ingest_logs, "inspired", [str(folder)], dataset="planted")
        return folder / "s.duckdb", on(folder / "s.duckdb", profile_dataset, "planted")


def test_a_night_that_the_humans_alone_decide_names_the_licence_and_the_bounds_that_lack_units(planted: tuple[Path, Any]) -> None:
    with Store.open(planted[0]) as store:
        with pytest.raises(GateFailed) as refused:
            require_evidence(store, "planted", REPORT_PANEL, batch="b", anyway=False)
        require_evidence(store, "planted", REPORT_PANEL, batch="b", anyway=True)
    named = {f"{one['suite']}/{one['expectation']}": one for one in refused.value.fields["verdicts"]}
    assert set(named) == {
        "alignment/behavioural_distance", "bias/positive_bias", "bias/over_acceptance", "diversity/diversity_gap",
        "release/unlicensed_sources",
    }  # fmt: skip
    assert all((one["outcome"], one["passed"]) == ("failed", False) for one in named.values())
    assert "the licence of the data is unknown" in named["release/unlicensed_sources"]["detail"]
    assert "at least 60 are needed" in named["alignment/behavioural_distance"]["detail"]
    for name in named:
        assert name in refused.value.message


def test_the_profile_says_what_is_not_known(planted: tuple[Path, Any]) -> None:
    fields = planted[1]
    assert fields["has_forms"] is False
    told = fields["suggestions"]
    assert (told["n"], told["n_accept"] + told["n_reject"] + told["n_neither"] + told["n_unread"], told["n_dialogues"]) == (60, 60, 30)
    assert told["unknown"] == dict(UNKNOWN)
    assert set(fields["strata"]) == {"unstated"}
    assert fields["human"]["n_suggested"] is None
    assert sum(one["n_scenarios"] for one in fields["splits"].values()) == 30


def test_reactions_in_a_language_that_the_instrument_does_not_read_are_not_read() -> None:
    said = ("我昨天看了一部很好看的电影，很喜欢里面的演员", "那么你可以看看这部新片", "好的，我今天晚上就去看这部电影")
    roles: tuple[Role, ...] = ("seeker", "recommender", "seeker")
    dialogue = Dialogue("1", tuple(Turn(role, text) for role, text in zip(roles, said, strict=True)))
    assert reaction_reader({}, [dialogue])([(said[1], said[2])]) == [None]
    english = Dialogue("1", (Turn("recommender", "Try Copper Parade."), Turn("seeker", "Great, I will watch that one tonight, thank you!")))
    assert reaction_reader({}, [english])([(english.turns[0].text, english.turns[1].text)]) == ["accept"]
