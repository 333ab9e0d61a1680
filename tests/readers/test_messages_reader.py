"""The messages reader: chats come back as they were written, our own releases among them, whoever the speakers are called."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import BadInput
from understudy.exports import Released
from understudy.exports import messages as export
from understudy.readers import Options, messages
from understudy.records import Dialogue, Label, Record, Reject, Turn
from understudy.text import is_blank

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/messages"
VISIBLE = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])
TEXT = st.text(VISIBLE, min_size=1, max_size=12).filter(lambda text: not is_blank(text))
TIDY = st.lists(TEXT, min_size=1, max_size=4).map(" ".join)


def chat(**changes: Any) -> dict[str, Any]:
    """A small valid chat."""
    return {"id": "m1", "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}], **changes}


def read(path: Path, *rows: Any, roles: dict[str, str] | None = None) -> list[Record]:
    path.write_bytes(b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows) + b"\n")
    return list(messages.read([path], Options(roles=roles)))


@st.composite
def dialogues(draw: st.DrawFn) -> Dialogue:
    """A dialogue as a chat can hold it: speakers take turns, white space is plain."""
    roles = ("seeker", "recommender") if draw(st.booleans()) else ("recommender", "seeker")
    turns = tuple(Turn(roles[place % 2], text) for place, text in enumerate(draw(st.lists(TIDY, min_size=1, max_size=6))))  # type: ignore[arg-type]
    names = draw(st.lists(TEXT, max_size=3, unique=True).filter(lambda some: not {"seeker_id", "recommender_id", "split"} & set(some)))
    return Dialogue(
        dialogue_id=draw(TEXT),
        turns=turns,
        seeker_id=draw(st.none() | TEXT),
        recommender_id=draw(st.none() | TEXT),
        official_split=draw(st.none() | st.sampled_from(["train", "test"])),
        labels=tuple(Label(name, draw(TEXT)) for name in names),
    )


def as_chat(dialogue: Dialogue) -> dict[str, Any]:
    speaker = {"seeker": "user", "recommender": "assistant"}
    return {
        "dialogue_id": dialogue.dialogue_id,
        "messages": [{"role": speaker[turn.role], "content": turn.text} for turn in dialogue.turns],
        "metadata": {label.name: label.value for label in dialogue.labels},
        "seeker_id": dialogue.seeker_id,
        "recommender_id": dialogue.recommender_id,
        "split": dialogue.official_split,
    }


@settings(max_examples=40)
@given(written=st.lists(dialogues(), min_size=1, max_size=4))
def test_dialogues_written_as_chats_are_read_back_equal(tmp_path_factory: pytest.TempPathFactory, written: list[Dialogue]) -> None:
    folder = tmp_path_factory.mktemp("chats")
    assert read(folder / "c.jsonl", *map(as_chat, written)) == written
    (folder / "c.json").write_text(json.dumps([as_chat(one) for one in written]))
    assert list(messages.read([folder / "c.json"], Options())) == written


@settings(max_examples=30)
@given(texts=st.lists(st.lists(TIDY, min_size=1, max_size=5), min_size=1, max_size=4))
def test_a_release_is_read_back_as_it_was_played(tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("release")
    head = [(f"d{n}", f"s{n}", f"h{n}", "T (1999)", n, "rehearsal", len(said)) for n, said in enumerate(texts)]
    columns = ["dialogue_id", "scenario_id", "source_dialogue_id", "target", "replicate", "engine", "n_turns"]
    said = [(f"d{n}", place, ("seeker", "recommender")[place % 2], text) for n, some in enumerate(texts) for place, text in enumerate(some)]
    rows = list(
        export.rows(
            Released(
                pl.LazyFrame(head, schema=columns, orient="row"),
                pl.LazyFrame(said, schema=["dialogue_id", "turn_index", "role", "text"], orient="row"),
                pl.LazyFrame(),
                pl.LazyFrame(),
            )
        )
    )
    (folder / "messages.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows))
    pl.DataFrame({"dialogue_id": ["d0"], "messages": ["[]"]}).write_parquet(folder / "examples.parquet")
    assert messages.find(folder) == [folder / "messages.jsonl"]
    played = {one.dialogue_id: one for one in messages.read(messages.find(folder), Options()) if isinstance(one, Dialogue)}
    for n, some in enumerate(texts):
        assert [turn.text for turn in played[f"d{n}"].turns] == some
        assert {(place % 2, turn.role) for place, turn in enumerate(played[f"d{n}"].turns)} <= {(0, "seeker"), (1, "recommender")}
        assert {label.name: label.value for label in played[f"d{n}"].labels} == {
            "scenario": f"s{n}", "source_dialogue_id": f"h{n}", "target": "T (1999)", "replicate": str(n), "engine": "rehearsal",
        }  # fmt: skip


def test_the_examples_in_numbers_counted_apart() -> None:
    found = messages.find(EXAMPLE)
    assert [path.name for path in found] == ["chats.jsonl", "table.parquet"]
    records = list(messages.read(found, Options()))
    lines = [json.loads(line) for line in (EXAMPLE / "chats.jsonl").read_text(encoding="utf-8").splitlines()]
    table = pl.read_parquet(EXAMPLE / "table.parquet")
    said = [one.get("messages") or one["conversations"] for one in lines] + table["messages"].to_list()
    assert len(records) == len(said) == 7
    n_messages = sum(turn.n_messages for one in records if isinstance(one, Dialogue) for turn in one.turns)
    assert n_messages == sum(one.get("role") != "system" for some in said for one in some)
    n_system = [label.value for one in records if isinstance(one, Dialogue) for label in one.labels if label.name == "n_system"]
    assert n_system == ["1", "1"]


def test_the_forms_of_content_and_speakers(tmp_path: Path) -> None:
    parts = {"role": "Human", "content": [{"type": "text", "text": "a"}, "b"]}
    sharegpt = {"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}]}
    rows = read(tmp_path / "c.jsonl", chat(messages=[parts, {"role": "bot", "content": " c\n d "}]), sharegpt)
    assert [[(turn.role, turn.text) for turn in one.turns] for one in rows if isinstance(one, Dialogue)] == [
        [("seeker", "a b"), ("recommender", "c d")],
        [("seeker", "x"), ("recommender", "y")],
    ]
    assert [one.dialogue_id for one in rows if isinstance(one, Dialogue)] == ["m1", "c-2"]


def test_an_unknown_role_is_named_with_the_option_and_can_be_told(tmp_path: Path) -> None:
    row = chat(messages=[{"role": "Wizard", "content": "x"}, {"role": "system", "content": "y"}])
    _, refused = read(tmp_path / "c.jsonl", chat(), row)
    assert isinstance(refused, Reject)
    assert refused.reason == "role 'Wizard' is not known: say who it is with --roles Wizard=seeker or --roles Wizard=recommender"
    (one,) = read(tmp_path / "c.jsonl", row, roles={"wizard": "seeker", "system": "recommender"})
    assert isinstance(one, Dialogue)
    assert [turn.role for turn in one.turns] == ["seeker", "recommender"]
    assert one.labels == ()
    with pytest.raises(BadInput, match="is not a role"):
        read(tmp_path / "c.jsonl", row, roles={"wizard": "expert"})


def test_a_system_that_answers_the_seeker_is_no_instruction(tmp_path: Path) -> None:
    said = [{"speaker": "USER", "text": "a comedy?"}, {"speaker": "SYSTEM", "text": "try this"}]
    row = {"conversation": said}
    (refused,) = read(tmp_path / "c.jsonl", row)
    assert isinstance(refused, Reject)
    assert refused.reason == "nobody recommends, and 'SYSTEM' speaks after the seeker: say who it is with --roles SYSTEM=recommender"
    (one,) = read(tmp_path / "c.jsonl", row, roles={"system": "recommender"})
    assert isinstance(one, Dialogue)
    assert [(turn.role, turn.text) for turn in one.turns] == [("seeker", "a comedy?"), ("recommender", "try this")]
    instructed = {"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}]}
    (alone,) = read(tmp_path / "c.jsonl", instructed)
    assert isinstance(alone, Dialogue)
    assert [turn.role for turn in alone.turns] == ["seeker"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"messages": ', "not JSON"),
        (b"[1, 2]", "not an object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (chat(id="a\0"), "NUL character"),
        (chat(id="a\ud800"), "half a surrogate pair"),
        (chat(id=True), "id: missing or not an identifier"),
        (chat(messages=[]), "messages: missing or empty"),
        (chat(messages={}), "messages: missing or empty"),
        (chat(messages="no list"), "not JSON"),
        (chat(messages=[3]), "messages: a message is not an object"),
        (chat(messages=[{"role": "user"}]), "a message whose content is not a text"),
        (chat(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), "a message with a part that is not a text"),
        (chat(messages=[{"role": 3, "content": "x"}]), "a message without the name of its speaker"),
        (chat(messages=[{"role": "system", "content": "x"}]), "a dialogue without messages"),
        (chat(metadata=[1]), "metadata: not an object"),
        (chat(seeker_id=[1]), "seeker_id: missing or not an identifier"),
    ],
)
def test_a_broken_line_is_a_reject_and_reading_goes_on(tmp_path: Path, broken: Any, reason: str) -> None:
    records = read(tmp_path / "c.jsonl", broken, chat())
    assert [one.reason for one in records if isinstance(one, Reject)] == [reason]
    assert isinstance(records[-1], Dialogue)


def test_a_line_that_is_too_long_is_a_reject(tmp_path: Path, longest_line: Callable[[int], None]) -> None:
    longest_line(500)
    records = read(tmp_path / "c.jsonl", chat(messages=[{"role": "user", "content": "x" * 2000}]), chat())
    assert [type(one) for one in records] == [Reject, Dialogue]


def test_parquet_with_times_and_with_messages_as_json_text(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    said = json.dumps([{"role": "user", "content": "x"}])
    frame = pl.DataFrame({"id": [1, 2, None], "messages": [said, "no", said], "metadata": [{"at": 1}] * 3}).with_columns(
        made=pl.lit("2024-05-01").str.to_datetime()
    )
    frame.write_parquet(path)
    assert messages.find(tmp_path) == [path]
    records = list(messages.read([path], Options()))
    assert [one.dialogue_id if isinstance(one, Dialogue) else one.reason for one in records if isinstance(one, Dialogue | Reject)] == [
        "1", "not JSON", "t-3",
    ]  # fmt: skip


def test_what_is_no_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    good = (EXAMPLE / "table.parquet").read_bytes()
    for raw in (b"PAR1 no", good[: len(good) // 2], b"PAR1" + b"\0" * 100 + b"PAR1"):
        path.write_bytes(raw)
        assert not messages.claims(path)
        with pytest.raises(BadInput):
            list(messages.read([path], Options()))


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_files_are_the_same(tmp_path: Path, ending: str) -> None:
    raw = (EXAMPLE / "chats.jsonl").read_bytes()
    packed = tmp_path / f"chats.jsonl{ending}"
    packed.write_bytes(gzip.compress(raw) if ending == ".gz" else zstandard.compress(raw))
    assert messages.find(tmp_path) == [packed]
    assert list(messages.read([packed], Options())) == list(messages.read([EXAMPLE / "chats.jsonl"], Options()))


def test_other_chats_are_not_claimed(tmp_path: Path) -> None:
    for row in ({"messages": [{"text": "x", "senderWorkerId": 1}]}, {"messages": [], "initiatorWorkerId": 1}, {"conversation": []}, [], 3):
        (tmp_path / "c.jsonl").write_text(json.dumps(row))
        assert not messages.claims(tmp_path / "c.jsonl")
