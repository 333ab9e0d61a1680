"""What every reader owes, whatever its format: shown on the example in its folder, whole, packed and damaged.

A reader is under this test by being there: the list is the folder of readers. Its example is examples/readers/<name>.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import zstandard

from understudy import plugins, readers
from understudy.errors import BadInput
from understudy.records import Dialogue, Item, Rating, Record, Reject

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = plugins.names("readers")
PACKS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
NOT_PACKED = {".parquet"}  # packs its columns itself
DAMAGES: dict[str, Callable[[bytes, int], bytes]] = {
    "cut": lambda raw, at: raw[:at],
    "NUL": lambda raw, at: raw[:at] + b"\0" + raw[at:],
    "not UTF-8": lambda raw, at: raw[:at] + b"\xff" + raw[at:],
    "half a surrogate pair": lambda raw, at: raw[:at] + b"\\ud800" + raw[at:],
    "a lost stretch": lambda raw, at: raw[:at] + raw[at + 9 :],
    "a list": lambda raw, at: raw[:at] + b"[]" + raw[at:],
    "a quotation mark": lambda raw, at: raw[:at] + b'"' + raw[at:],
    "a line end": lambda raw, at: raw[:at] + b"\n" + raw[at:],
    "twice": lambda raw, at: raw[:at] + raw,
}
# what an example shows on purpose: records that the format has and nobody can use, items that a file may know by number alone
REFUSED = {"amazon": ["an item without a name"] * 2}
NUMBERED = {"crslab", "iard"}
PLACES = (0.0, 0.02, 0.3, 0.55, 0.8, 1.0)
LARGE = 40_000  # bytes; of a larger example, only the beginning is damaged

every_reader = pytest.mark.parametrize("name", NAMES)


def example(name: str) -> Path:
    folder = EXAMPLES / "sample" if name == "redial" else EXAMPLES / "readers" / name
    assert folder.is_dir(), f"the reader {name} has no example in {folder.relative_to(EXAMPLES.parent)}"
    return folder


def read(name: str, path: Path) -> list[Record]:
    return list(readers.load(name).read(readers.find(name, path), readers.Options()))


def unpacked(record: Record, ending: str) -> Record:
    return replace(record, file=record.file.removesuffix(ending)) if isinstance(record, Reject) else record


def texts(record: Record) -> Iterator[str]:
    if isinstance(record, Dialogue):
        yield from (record.dialogue_id, record.seeker_id or "", record.recommender_id or "")
        for turn in record.turns:
            yield from (turn.text, *turn.item_ids)
        for label in record.labels:
            yield from (label.name, label.value, label.annotator)
        yield from (mention.item_id for mention in record.mentions)
    elif isinstance(record, Item):
        yield from (record.item_id, record.title, record.plot, *record.genres, *record.people, *record.aliases)
    elif isinstance(record, Rating):
        yield from (record.user_id, record.item_id)
    else:
        yield from (record.reason, record.excerpt)


def sound(name: str, records: list[Record]) -> None:
    """Asserts what holds of the records of any file, good or damaged."""
    items: set[str] = set()
    tagged = readers.load(name).TAGGED
    for one in records:
        for text in texts(one):
            assert "\0" not in text
            text.encode("utf-8")  # no half surrogate pair
        if isinstance(one, Item):
            assert one.item_id
            assert one.title
            items.add(one.item_id)
        elif isinstance(one, Dialogue):
            assert one.dialogue_id
            assert one.turns
            assert all(turn.role in ("seeker", "recommender") and turn.n_messages > 0 for turn in one.turns)
            assert all(before.role != after.role for before, after in zip(one.turns, one.turns[1:], strict=False))
            assert all(label.name and (label.turn_index is None or 0 <= label.turn_index < len(one.turns)) for label in one.labels)
            named = {item_id for turn in one.turns for item_id in turn.item_ids}
            assert tagged or not named
            assert named | {mention.item_id for mention in one.mentions} <= items or name in NUMBERED
        elif isinstance(one, Reject):
            assert one.record > 0
            assert one.reason
            assert len(one.excerpt) <= 120


@every_reader
def test_it_says_what_it_is(name: str) -> None:
    reader = readers.load(name)
    assert isinstance(reader.VERSION, int)
    assert reader.VERSION >= 1
    assert isinstance(reader.LICENCE, str)
    assert reader.LICENCE
    assert isinstance(reader.CARRIES, tuple)
    assert set(reader.CARRIES) <= set(readers.LABELS)
    assert isinstance(reader.TAGGED, bool)
    assert isinstance(reader.HOLDS, str)
    assert reader.HOLDS
    assert reader.__doc__


@every_reader
def test_its_example_is_read_whole_and_the_same_each_time(name: str) -> None:
    records = read(name, example(name))
    assert [one.reason for one in records if isinstance(one, Reject)] == REFUSED.get(name, [])
    assert any(isinstance(one, Dialogue | Rating) for one in records)
    sound(name, records)
    dialogue_ids = [one.dialogue_id for one in records if isinstance(one, Dialogue)]
    assert len(set(dialogue_ids)) == len(dialogue_ids)
    assert read(name, example(name)) == records


@every_reader
def test_no_other_reader_claims_its_files(name: str) -> None:
    found = readers.find(name, example(name))
    assert {claimer for path in found for claimer in readers.claimed_by(path)} == {name}
    for path in example(name).rglob("*"):
        assert readers.claimed_by(path) <= {name} if path.is_file() else True


@every_reader
@pytest.mark.parametrize("ending", sorted(PACKS))
def test_packed_files_give_the_same_records(name: str, ending: str, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(example(name), copied)
    n_packed = 0
    for path in readers.find(name, copied):
        if path.suffix not in NOT_PACKED:
            path.with_name(path.name + ending).write_bytes(PACKS[ending](path.read_bytes()))
            path.unlink()
            n_packed += 1
    assert n_packed
    assert [unpacked(one, ending) for one in read(name, copied)] == read(name, example(name))


@every_reader
def test_a_packed_file_that_is_cut_is_bad_input(name: str, tmp_path: Path) -> None:
    reader = readers.load(name)
    shutil.copytree(example(name), tmp_path / "copy")  # with what lies beside it: a map of its fields
    path = next(one for one in readers.find(name, tmp_path / "copy") if reader.claims(one) and one.suffix not in NOT_PACKED)
    packed = gzip.compress(path.read_bytes())
    cut = path.with_name(f"{path.name}.gz")
    cut.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(BadInput, match="cannot be unpacked"):
        list(reader.read([cut], readers.Options()))


def few_lines(path: Path) -> bytes:
    """The first lines of a large file, and the whole of any other one."""
    raw = path.read_bytes()
    return raw[: raw.rfind(b"\n", 0, LARGE) + 1] if len(raw) > LARGE and path.suffix != ".json" else raw


@every_reader
@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_file_ends_in_rejects_or_bad_input(name: str, damage: str, tmp_path: Path) -> None:
    reader = readers.load(name)
    shutil.copytree(example(name), tmp_path / "copy")
    found = readers.find(name, tmp_path / "copy")
    # the others are read whole beside the one that is damaged
    wholes = {path: few_lines(path) for path in found}
    for path, whole in wholes.items():
        path.write_bytes(whole)
    for path, whole in wholes.items():
        for share in PLACES:
            path.write_bytes(DAMAGES[damage](whole, int(share * len(whole))))
            for one in (lambda: readers.find(name, tmp_path / "copy"), lambda: found):  # as it is found, and as if nobody had looked
                try:
                    records = list(reader.read(one(), readers.Options()))
                except BadInput:
                    continue
                sound(name, records)
        path.write_bytes(whole)


@every_reader
def test_a_line_without_an_end_does_not_end_the_reading(name: str, tmp_path: Path, longest_line: Callable[[int], None]) -> None:
    longest_line(4_096)
    shutil.copytree(example(name), tmp_path / "copy")
    for path in readers.find(name, tmp_path / "copy"):
        if path.suffix not in (".json", *NOT_PACKED):
            path.write_bytes(path.read_bytes().rstrip(b"\n") + b"\n" + b'"x' * 8_192 + b"\n")
            records = list(readers.load(name).read([path], readers.Options()))
            assert any(isinstance(one, Reject) for one in records)


@every_reader
def test_what_is_not_there_or_empty_is_bad_input(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing here\n")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "notes.md"):
        with pytest.raises(BadInput):
            readers.find(name, path)
    first = next(one for one in readers.find(name, example(name)) if readers.load(name).claims(one))
    (tmp_path / first.name).touch()
    with pytest.raises(BadInput, match="is empty"):
        readers.find(name, tmp_path / first.name)


@pytest.mark.parametrize(("name", "other"), permutations(NAMES, 2))
def test_another_readers_example_is_refused_with_the_right_readers_name(name: str, other: str) -> None:
    with pytest.raises(BadInput) as caught:
        readers.find(name, example(other))
    assert caught.value.hint.startswith(f"use the reader `{other}`, whose format this looks like. ")
