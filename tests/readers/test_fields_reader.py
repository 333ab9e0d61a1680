"""The reader of any layout: the map says where what is, and a wrong map is said to be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import Options, fields
from understudy.readers._field_map import FieldMap, field_map, value_at
from understudy.records import Dialogue, Record, Reject
from understudy.text import is_blank

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/fields"
KEYS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
TEXTS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8).filter(lambda text: not is_blank(text))


def read(path: Path, value: Any, **told: Any) -> list[Record]:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    roles = told.pop("options", None)
    return list(fields.read([path], Options(roles, FieldMap(**told))))


def said(one: Record) -> list[tuple[str, str]]:
    assert isinstance(one, Dialogue)
    return [(turn.role, turn.text) for turn in one.turns]


def test_the_map_beside_the_files_is_the_layout() -> None:
    first, second = list(fields.read(fields.find(EXAMPLE), Options()))
    assert isinstance(first, Dialogue)
    assert (first.dialogue_id, first.seeker_id) == ("s-1", "v1")
    assert said(first) == [
        ("seeker", "hi, a film about lighthouses?"), ("recommender", "The Lantern Census, perhaps."), ("seeker", "seen it another one?"),
        ("recommender", "Then Mill Road Nine."),
    ]  # fmt: skip
    assert {(one.name, one.value) for one in first.labels} == {("shop", "north"), ("rating", "4")}
    assert said(second)[0] == ("recommender", "Good evening.")


def test_speakers_alternate_where_none_is_named(tmp_path: Path) -> None:
    (one,) = read(tmp_path / "a.json", {"d": [["hello", "hi"]]}, dialogues="d", turns="", opener="recommender")
    assert said(one) == [("recommender", "hello"), ("seeker", "hi")]


def test_dialogues_by_id_keep_their_ids(tmp_path: Path) -> None:
    value = {"all": {"x9": {"t": [{"a": {"b": 1}, "c": "hi"}, {"a": {"b": 2}, "c": "yes"}]}}}
    (one,) = read(
        tmp_path / "a.json", value, dialogues="all", turns="t", speaker="a.b", text="c", roles={"1": "seeker", "2": "recommender"}
    )
    assert isinstance(one, Dialogue)
    assert one.dialogue_id == "x9"
    assert said(one) == [("seeker", "hi"), ("recommender", "yes")]


def test_lines_lists_and_places_in_lists(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps([n, ["hi", "yes"]]) for n in (1, 2))
    assert [said(one) for one in read(tmp_path / "a.jsonl", lines, turns="1", id="0")] == [[("seeker", "hi"), ("recommender", "yes")]] * 2
    rows = "\n".join(json.dumps({"t": [["user", "hi"], ["bot", "yes"]], "n": n}) for n in (1, 2))
    told = read(tmp_path / "b.jsonl", rows, turns="t", speaker="0", text="1", id="n")
    assert [one.dialogue_id for one in told if isinstance(one, Dialogue)] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("turns = ", "is not TOML"), ('text = "a"', "either `turns`"), ('turns = "a"\nspeakr = "b"', "speakr: Extra inputs"),
        ('turns = "a"\n[roles]\nx = "narrator"', "roles.x"), ('turns = "a"\nopener = "me"', "opener"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_used_says_what_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(BadInput, match=message) as caught:
        field_map(tmp_path / "m.toml")
    assert "turns = " in caught.value.hint


def test_a_map_in_json_is_a_map_too(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"turns": ["a.b", "c"], "speaker": "w"}')
    assert field_map(tmp_path / "m.json") == FieldMap(turns=("a.b", "c"), speaker=("w",))


def test_a_map_that_leads_nowhere_is_bad_input_or_a_reject(tmp_path: Path) -> None:
    value = {"d": [{"t": [{"w": "user", "x": "hi"}]}, {"u": []}]}
    with pytest.raises(BadInput, match="no list of dialogues under 'e'"):
        read(tmp_path / "a.json", value, dialogues="e", turns="t")
    one, other = read(tmp_path / "a.json", value, dialogues="d", turns="t", speaker="w", text="x")
    assert isinstance(one, Dialogue)
    assert isinstance(other, Reject)
    assert other.reason == "turns: there is no list under 't'"
    wrong, _ = read(tmp_path / "a.json", value, dialogues="d", turns="t", speaker="w", text="y")
    assert isinstance(wrong, Reject)
    assert wrong.reason == "text: y is not a text"


def test_a_map_is_for_the_reader_of_any_layout_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(BadInput) as caught:
        readers.files_of("redial", [str(tmp_path)], fields=FieldMap(turns=("t",)))
    assert "`fields`" in caught.value.hint
    assert readers.files_of("fields", [str(tmp_path)], fields=FieldMap(turns=("t",))).read == (tmp_path / "a.json",)
    with pytest.raises(BadInput):
        readers.files_of("fields", [str(tmp_path)])


@settings(max_examples=40)
@given(steps=st.lists(KEYS, min_size=1, max_size=4), texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_what_is_written_under_any_path_is_found_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], texts: list[str]
) -> None:
    value: Any = texts
    for step in reversed(steps):
        value = {step: value}
    assert value_at(value, tuple(steps)) == texts
    (one,) = read(tmp_path_factory.mktemp("any") / "a.json", [value], turns=tuple(steps))
    assert [text for _, text in said(one)] == texts


def test_among_files_of_several_readers_the_map_is_for_the_reader_of_any_layout(tmp_path: Path) -> None:
    told = Options({"Ann": "seeker"}, FieldMap(turns=("t",)))
    assert told.concerning("messages", ["messages", "fields"]) == Options({"Ann": "seeker"})
    assert told.concerning("fields", ["messages", "fields"]) is told
    # where no file takes the map, the error says so
    assert told.concerning("messages", ["messages"]) is told
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(BadInput, match="takes no map of fields"):
        readers.find("messages", tmp_path / "a.json", fields=told.fields)
