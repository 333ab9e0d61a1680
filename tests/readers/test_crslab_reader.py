"""The CRSLab reader: conversations as they are, and rows of recommending turns put together to the dialogues they were cut from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import BadInput
from understudy.readers import Options, crslab
from understudy.records import Dialogue, Item, Label, Record, Reject

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/crslab"


def conversation(*said: tuple[str, Any, list[Any]], **changes: Any) -> dict[str, Any]:
    """A conversation of (role, text, movies)."""
    dialog = [
        {"utt_id": n, "role": role, "text": text, "movies": movies, "entity": [], "word": []} for n, (role, text, movies) in enumerate(said)
    ]
    return {"conv_id": "1", "dialog": dialog, **changes}


def row(context: list[Any], answer: Any = "take A (1999)", rec: Any = ("A (1999)",), **changes: Any) -> dict[str, Any]:
    return {"dialog_id": "7", "turn_id": 1, "context": context, "entity": [], "rec": list(rec), "resp": answer, **changes}


def read(path: Path, content: Any, roles: dict[str, str] | None = None) -> list[Record]:
    if path.suffix == ".jsonl":
        path.write_bytes(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in content))
    else:
        path.write_text(json.dumps(content))
    return list(crslab.read([path], Options(roles=roles)))


def dialogues(records: list[Record]) -> list[Dialogue]:
    return [one for one in records if isinstance(one, Dialogue)]


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


def test_the_examples_in_numbers_counted_apart() -> None:
    found = crslab.find(EXAMPLE)
    assert [path.name for path in found] == ["train_data.json", "test_data_processed.jsonl"]
    records = list(crslab.read(found, Options()))
    whole = json.loads((EXAMPLE / "train_data.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (EXAMPLE / "test_data_processed.jsonl").read_text(encoding="utf-8").splitlines()]
    ids = {str(one.get("dialog_id") or one["conv_id"].split("_")[0]) for one in rows}
    assert len(dialogues(records)) == len(whole) + len(ids) == 6
    assert reasons(records) == []
    assert sum(int(label.value) for one in dialogues(records) for label in one.labels) == len(rows) == 6
    items = [one.item_id for one in records if isinstance(one, Item)]
    assert len(items) == len(set(items))


def test_roles_tokens_splits_and_items(tmp_path: Path) -> None:
    resource = "<http://dbpedia.org/resource/Glass_Meridian_(1996_film)>"
    said = conversation(("SEEKER", "hi", [resource]), ("Seeker", ["a", "b"], [17]), ("Expert", "x", ["Copper  Tide (2001)"]))
    records = read(tmp_path / "valid_data.json", [said, conversation(("User", "hi", ["copper tide (2001)"]), conv_id=2)])
    assert [one for one in records if isinstance(one, Item)] == [
        Item("http://dbpedia.org/resource/Glass_Meridian_(1996_film)", "Glass Meridian", 1996),
        Item("title:copper tide (2001)", "Copper Tide", 2001),
    ]
    first, second = dialogues(records)
    assert [(turn.role, turn.text, turn.item_ids) for turn in first.turns] == [
        ("seeker", "hi a b", ("http://dbpedia.org/resource/Glass_Meridian_(1996_film)", "17")),
        ("recommender", "x", ("title:copper tide (2001)",)),
    ]
    assert (first.dialogue_id, first.official_split) == ("valid-1", "valid")
    assert second.turns[0].item_ids == ("title:copper tide (2001)",)


@pytest.mark.parametrize(
    ("resource", "title", "year"),
    [
        ("<http://dbpedia.org/resource/Red_Kite_(film)>", "Red Kite", None),
        ("http://dbpedia.org/resource/Up/Down", "Up/Down", None),
        ("<http://dbpedia.org/resource/Caf%C3%A9_Nord_(2004_American_film)>", "Café Nord", 2004),
        ("<http://dbpedia.org/resource/Lamp_(band)>", "Lamp (band)", None),
    ],
)
def test_the_title_in_a_resource(tmp_path: Path, resource: str, title: str, year: int | None) -> None:
    item = read(tmp_path / "a.json", [conversation(("Seeker", "x", [resource]))])[0]
    assert isinstance(item, Item)
    assert (item.title, item.year, item.item_id) == (title, year, resource.strip("<>"))


def test_rows_are_put_together_in_any_order(tmp_path: Path) -> None:
    said = ["hi", "take A (1999)", "no", "take B", "yes"]
    rows = [row(said[:3], said[3], ["B"]), row(["x"], dialog_id="8"), row(said[:1], said[1])]
    first, second = dialogues(read(tmp_path / "test_data_processed.jsonl", rows))
    assert [(turn.role, turn.text, turn.item_ids) for turn in first.turns] == [
        ("seeker", "hi", ()),
        ("recommender", "take A (1999)", ("title:a (1999)",)),
        ("seeker", "no", ()),
        ("recommender", "take B", ("title:b",)),
    ]
    assert first.labels == (Label("n_rows", "2"),)
    assert (second.dialogue_id, second.official_split) == ("8", "test")


def test_who_opens_is_told_by_the_place_of_the_answer(tmp_path: Path) -> None:
    padded = row(["", "welcome", "hi"], dialog_id="1")
    bare = row(["welcome", "hi"], dialog_id="2")
    alone = row([], dialog_id="3")
    records = read(tmp_path / "a.jsonl", [padded, bare, alone])
    assert [[turn.role for turn in one.turns] for one in dialogues(records)] == [
        ["recommender", "seeker", "recommender"],
        ["recommender", "seeker", "recommender"],
        ["recommender"],
    ]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_dialogue_cut_into_rows_comes_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    said = data.draw(st.lists(st.sampled_from(["a", "b b", "c", "d"]), min_size=2, max_size=9))
    places = data.draw(st.sets(st.sampled_from(range(1, len(said), 2)), min_size=1))
    rows = data.draw(st.permutations([row(said[:place], said[place], [f"F{place}"], turn_id=place) for place in places]))
    (one,) = dialogues(read(tmp_path_factory.mktemp("rows") / "a.jsonl", rows))
    assert [turn.text for turn in one.turns] == said[: max(places) + 1]
    assert {place for place, turn in enumerate(one.turns) if turn.item_ids} == places


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"context": [', "not JSON"),
        (b"[1]", "not an object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (row(["hi\0"]), "NUL character"),
        (row(["hi"], dialog_id=None), "dialog_id: missing or not an identifier"),
        (row([1]), "context or resp: not texts"),
        (row(["hi"], None), "context or resp: not texts"),
        ({**row(["hi"]), "context": "hi"}, "context: not a list"),
        ({**row(["hi"]), "rec": {}}, "rec: not a list"),
        (row(["hi"], rec=[None]), "an item that is neither a name nor a number"),
        (row(["ho", "x", "y"]), "context: another than in the other rows of the dialogue"),
        (row(["hi", "take A (1999)"]), "context: the speakers do not alternate, so that nothing says who spoke"),
        (conversation(), "dialog: missing or empty"),
        ({"dialog": {}}, "dialog: missing or empty"),
        ({"dialog": [[]]}, "dialog: an utterance is not an object"),
        (conversation(("Seeker", [1], [])), "dialog: a text is neither a text nor tokens"),
        (conversation((3, "x", [])), "a message without the name of its speaker"),  # type: ignore[arg-type]
        (conversation(("Seeker", "x", "A")), "movies: not a list"),  # type: ignore[arg-type]
        (conversation(("Seeker", "x", ["http://d.org/resource/a%00"])), "NUL character"),
        (conversation(("Seeker", "x", []), conv_id=[1]), "conv_id: missing or not an identifier"),
    ],
)
def test_a_broken_record_is_a_reject_and_reading_goes_on(tmp_path: Path, broken: Any, reason: str) -> None:
    records = read(tmp_path / "train.jsonl", [row(["hi"]), broken, row(["hi", "take A (1999)", "no"])])
    assert reasons(records) == [reason]
    (one,) = dialogues(records)
    assert one.labels == (Label("n_rows", "2"),)


def test_an_unknown_role_can_be_told(tmp_path: Path) -> None:
    said = [conversation(("Wizard", "x", []))]
    with pytest.raises(BadInput) as caught:
        read(tmp_path / "a.json", said)
    assert "--roles Wizard=seeker" in caught.value.hint
    assert dialogues(read(tmp_path / "a.json", said, {"wizard": "seeker"}))[0].turns[0].role == "seeker"


def test_what_is_not_of_the_format_is_told(tmp_path: Path) -> None:
    (tmp_path / "token2id.json").write_text('{"a": 1}')
    (tmp_path / "empty.jsonl").write_bytes(b"")
    for path in (tmp_path, tmp_path / "token2id.json", tmp_path / "empty.jsonl", tmp_path / "nowhere"):
        with pytest.raises(BadInput):
            crslab.find(path)
    (tmp_path / "train_data.json").write_text('[{"dialog": [')
    with pytest.raises(BadInput):
        list(crslab.read([tmp_path / "train_data.json"], Options()))


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_files_are_the_same(tmp_path: Path, ending: str) -> None:
    for name in ("train_data.json", "test_data_processed.jsonl"):
        raw = (EXAMPLE / name).read_bytes()
        (tmp_path / f"{name}{ending}").write_bytes(gzip.compress(raw) if ending == ".gz" else zstandard.compress(raw))
    assert list(crslab.read(crslab.find(tmp_path), Options())) == list(crslab.read(crslab.find(EXAMPLE), Options()))
