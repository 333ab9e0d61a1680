"""Mutated records of every format: no crash, one dialogue or one reject for each, and the counts of the ingest close.

The records of each reader's example are damaged as bytes and as JSON trees, many to a file, and go the whole way into a store.
`make fuzz` runs the campaign and prints how many mutated records were read; here a small share of it runs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy import plugins, readers
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.ingest.columns import Source
from understudy.ingest.intake import Sieve
from understudy.readers._field_map import BESIDE
from understudy.tasks.ingest.logs import _write_batch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
N_EXAMPLES = max(5, settings().max_examples // 12)
N_RECORDS = 24  # of a file; each is damaged once
ONE_A_FILE = {"ievalm"}
ONE_A_LINE = {"redial", "messages"}

fragments = st.sampled_from(
    [b"", b"\0", b"\xff", b'"', b"\\", b"\\u0000", b"\\ud83d", b"{", b"[]", b"]", b",", b"\t", b"\r", b"@", b"@99999999", b"null", b"NaN",
     b"-1", b"1e999", b"true", b"\xef\xbb\xbf", "\u2028\u202eé".encode(), b"<", b"(1999)", b"::", b"|", b"jo@example.com", b" " * 50]
)  # fmt: skip
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=8),
        st.sampled_from(["", " ", "\0", "\ud800", "@1", "1", "seeker", "nobody", "2001"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=5,
)  # fmt: skip
as_bytes = st.tuples(st.just("bytes"), st.floats(0, 1), st.integers(0, 40), fragments)
as_tree = st.tuples(st.just("tree"), st.floats(0, 1), st.sampled_from(["replace", "delete", "wrap", "repeat"]), values)


def examples() -> Iterator[tuple[str, Path]]:
    """Every file of every reader's example that can be damaged record by record."""
    for name in plugins.names("readers"):
        folder = EXAMPLES / "sample" if name == "redial" else EXAMPLES / "readers" / name
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".parquet" and readers.load(name).claims(path):
                yield name, path


def damaged_bytes(raw: bytes, place: float, n_lost: int, fragment: bytes) -> bytes:
    at = int(place * len(raw))
    return raw[:at] + fragment + raw[at + n_lost :]


def damaged_tree(tree: Any, place: float, kind: str, value: Any) -> Any:
    """`tree` with one of its nodes, the root included, changed."""
    spots = list(_spots(tree))
    holder, key = spots[int(place * (len(spots) - 1))]
    if holder is None:
        return [tree] if kind == "wrap" else value
    if kind == "delete":
        del holder[key]
    elif kind == "repeat" and isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[key] = [holder[key]] if kind == "wrap" else value
    return tree


def _spots(tree: Any) -> Iterator[tuple[Any, Any]]:
    yield None, None
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            yield node, key
            waiting.append(node[key])


def dumped(tree: Any) -> bytes:
    # half surrogate pairs are written as escapes, as broken writers do
    return json.dumps(tree).encode()


class Corpus:
    """A reader's example, ready to be damaged record by record; `n_read` counts the damaged records of files that were read."""

    def __init__(self, name: str, path: Path, folder: Path) -> None:
        self.name, self.n_read, self.n_refused_files, self.outcomes = name, 0, 0, Counter[str]()
        raw = path.read_bytes()
        self.path = folder / path.name
        self.whole = json.loads(raw) if path.suffix == ".json" else None
        if name in ONE_A_FILE:
            self.whole = [self.whole]  # a list of them is read as well
        if name == readers.MAPPED:
            (folder / BESIDE).write_bytes(path.with_name(BESIDE).read_bytes())
        self.lines = raw.splitlines(keepends=True)[:N_RECORDS]
        self.is_json = path.suffix in (".json", ".jsonl")

    def write(self, damages: list[Any]) -> int:
        """Writes a damaged file; the number of damaged records in it."""
        if self.whole is not None:
            return self._write_whole(damages)
        lines = []
        for number, damage in enumerate(damages):
            line = self.lines[number % len(self.lines)]
            body = line.rstrip(b"\r\n")
            lines.append(self._line(body, damage) + b"\n")
        # a table is known by its first rows, so they stay whole; of JSON lines each one may be damaged
        whole = b"" if self.is_json else b"".join(self.lines) + b"\n"
        self.path.write_bytes(whole + b"".join(lines))
        return len(lines)

    def _line(self, body: bytes, damage: Any) -> bytes:
        kind, place, *how = damage
        if kind == "tree" and self.is_json:
            return dumped(damaged_tree(json.loads(body), place, *how))
        fragment = how[1] if isinstance(how[1], bytes) else str(how[1]).encode("utf-8", "replace")
        return damaged_bytes(body, place, how[0] if isinstance(how[0], int) else 3, fragment).replace(b"\n", b" ")

    def _write_whole(self, damages: list[Any]) -> int:
        records = list(self.whole.items()) if isinstance(self.whole, dict) else list(enumerate(self.whole))
        changed = []
        for number, (kind, place, *how) in enumerate(damages):
            key, record = records[number % len(records)]
            copy = json.loads(json.dumps(record))
            # bytes of a whole file that are damaged are a file that is refused: damage a text within it instead
            value = how[1].decode("utf-8", "replace") if isinstance(how[1], bytes) else how[1]
            action = how[0] if kind == "tree" else "replace"
            changed.append((f"{key}-{number}", damaged_tree(copy, place, action, value)))
        self.path.write_bytes(dumped(dict(changed) if isinstance(self.whole, dict) else [record for _, record in changed]))
        return len(changed)

    def ingest(self, store: Store, n_damaged: int) -> None:
        """The damaged file's way into the store, and that nothing was lost on it."""
        source = Source("fuzz", "0" * 64, "unknown", is_tagged=readers.load(self.name).TAGGED)
        sieve = Sieve(source)
        try:
            with store.transaction():
                found = readers.find(self.name, self.path)
                for batch in sieve.batches(readers.load(self.name).read(found, readers.Options())):
                    _write_batch(store, batch, source)
                raise _Read(store.counts())
        except BadInput:
            self.n_refused_files += 1
            return
        except _Read as read:
            rows, counts = read.rows, sieve.counts
        assert counts.n_records == counts.n_dialogues + counts.n_duplicates + counts.n_rejects + counts.n_attached
        assert rows["ingest.dialogues"] == counts.n_dialogues
        assert rows["ingest.turns"] == counts.n_turns
        assert rows["ingest.ratings"] == counts.n_ratings
        if self.name in ONE_A_LINE:
            assert counts.n_records == n_damaged
        self.n_read += n_damaged
        kinds = ("n_dialogues", "n_duplicates", "n_rejects", "n_items", "n_ratings")
        self.outcomes.update({kind: getattr(counts, kind) for kind in kinds})


class _Read(Exception):
    """Ends the transaction of a file that was read, so that the next one begins with an empty store; `rows` is what it held."""

    def __init__(self, rows: dict[str, int]) -> None:
        super().__init__()
        self.rows = rows


@pytest.mark.parametrize(("name", "path"), [pytest.param(*one, id=f"{one[0]}-{one[1].name}") for one in examples()])
def test_no_record_crashes_and_none_is_lost(name: str, path: Path, tmp_path: Path) -> None:
    corpus = Corpus(name, path, tmp_path)
    with Store.open(tmp_path / "s.duckdb") as store:

        # the same files each time, as in the campaign: of a handful that are drawn all may be refused, and then nothing is read
        @settings(max_examples=N_EXAMPLES, deadline=None, derandomize=True)
        @given(st.lists(st.one_of(as_bytes, as_tree), min_size=N_RECORDS, max_size=N_RECORDS))
        def campaign(damages: list[Any]) -> None:
            corpus.ingest(store, corpus.write(damages))

        campaign()
    print(f"\n{name} {path.name}: {corpus.n_read} damaged records read, {corpus.n_refused_files} files refused; {dict(corpus.outcomes)}")
    assert corpus.n_read > 0
    assert corpus.outcomes["n_rejects"] > 0
