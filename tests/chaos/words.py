"""What others wrote: names, ids, titles and texts that could lead elsewhere, and files that are not what they seem to be."""

from __future__ import annotations

import csv
import gzip
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import zstandard

from tests import commands
from tests.chaos.results import Missed, Result, keep, kept, require
from tests.stored import on
from understudy.doors.limits import MB
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.profile import labelling
from understudy.tasks.ingest.logs import ingest_logs

NAMES, TEXTS, FILES = "hostile names", "hostile titles, ids and texts", "files that are not what they seem"
HOSTILE_NAMES = (
    "", ".", "..", "../x", "a/b", "/etc/x", "a\\b", "C:x", "a b", " a", "a\n", "a\tb", "a\u2028b", "a\u202eb", "a\u0000b", "-rf", ".hidden",
    "a;drop table x", "a'b", 'a"b', "$(id)", "`id`", "%2e%2e", "a*", "a?b", "<b>", "[red]", "{a}", "=1+1", "@x", "a" * 300, "ö" * 60, "😀",
)  # fmt: skip
ENTRANCES: tuple[tuple[str, ...], ...] = (
    ("ingest", "redial", "{sample}", "--dataset", "{name}"),
    ("nightly", "--dataset", "{name}", "--data", "{sample}", "--reader", "redial"),
    ("nightly", "--dataset", "sample", "--data", "{sample}", "--reader", "redial", "--batch", "{name}"),
    ("nightly", "--dataset", "sample", "--data", "{sample}", "--reader", "redial", "--name", "{name}"),
    ("publish", "--batch", "one", "--name", "{name}"),
    ("simulate", "--dataset", "sample", "--setting", "zero_shot", "--batch", "{name}"),
)
HOSTILE_TEXTS = (
    "=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "[bold red]x[/]", "]]></x>",
    "'; drop table x; --", '"; select 1; --', "../../etc/passwd", "C:\\x", "a\u2028b", "a\u2029b", "a\u0085b", "a\u000cb", "a\u000bb",
    "a\u001eb", "\u202eevil", "\ufeffx", "a\r\nb", "%s%n", "{0.__class__}", "${jndi:ldap://x}", "{{7*7}}", "$name", "\\u0000",
    "😀" * 50, "ﷺ", "İ", "ß", "e\u0301", "a" * 60_000,
)  # fmt: skip
SAMPLE = str(Path(__file__).resolve().parents[2] / "examples" / "sample")
SECRET = "private-words-of-another-file"


def run(folder: Path) -> None:
    """What has no result yet."""
    own = folder / "words"
    rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    _each(NAMES, _names(own))
    _each(TEXTS, _texts(own))
    _each(FILES, _files(own))


Trials = dict[str, Callable[[], tuple[int, int, str]]]


def _each(section: str, trials: Trials) -> None:
    for name, trial in trials.items():
        if f"{section}/{name}" not in kept():
            n, n_held, told = trial()
            keep(Result(section, name, n, n_held, told))
            print(f"{section}: {name}: {n_held} of {n}: {told}", flush=True)


def _names(own: Path) -> Trials:
    def entrance(words: tuple[str, ...]) -> tuple[int, int, str]:
        n_held, missed = 0, []
        for name in HOSTILE_NAMES:
            place = own / "place"
            place.mkdir(exist_ok=True)
            asked = [word.format(name=name, sample=SAMPLE) for word in words]
            done = commands.run(*_joined(asked), "--json", cwd=place)
            told = json.loads(done.stdout)["error"]["message"]
            is_held = done.returncode == 2 and "cannot be the name" in told and not list(place.iterdir())
            n_held += is_held
            missed += [] if is_held else [f"{name[:20]!r} ended with {done.returncode}"]
        return len(HOSTILE_NAMES), n_held, "; ".join(missed) or "each ended with 2 and left nothing behind"

    # a store is not there, so that what a name reaches after the names' rule would be seen as another message
    return {
        " ".join(words).replace("{sample}", "LOGS").replace("{name}", "NAME"): (lambda words=words: entrance(words)) for words in ENTRANCES
    }


def _joined(words: list[str]) -> list[str]:
    """The words with each option and its value as one, so that a value may begin with a hyphen."""
    places = [at for at, word in enumerate(words) if not (at and words[at - 1].startswith("--"))]
    return [f"{words[at]}={words[at + 1]}" if words[at].startswith("--") else words[at] for at in places]


def _texts(own: Path) -> Trials:
    path = own / "chats.jsonl"

    def ingested() -> tuple[int, int, str]:
        said = [{"id": f"{text[:80]}-{place}", "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text}]}
                for place, text in enumerate(HOSTILE_TEXTS)]  # fmt: skip
        path.write_text("".join(json.dumps(one) + "\n" for one in said), encoding="utf-8")
        fields = on(own / "texts.duckdb", ingest_logs, "messages", [str(path)], dataset="x")
        with Store.open(own / "texts.duckdb") as store:
            turns = {row["text"] for row in store.frame("ingest/turns", dataset="x").to_dicts()}
        wanted = {" ".join(text.split()) for text in HOSTILE_TEXTS}
        n_there = len(wanted & turns)
        closes = fields["n_records"] == fields["n_dialogues"] + fields["n_duplicates"] + fields["n_rejects"] + fields["n_attached"]
        told = f"{n_there} of {len(wanted)} texts are stored as they were (white space made single), the counts close: {closes}"
        return len(HOSTILE_TEXTS), n_there + (len(HOSTILE_TEXTS) - len(wanted)) if closes else 0, told

    def sheet() -> tuple[int, int, str]:
        cells = [labelling.inert(text) for text in HOSTILE_TEXTS]
        n_held = sum(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
        with (own / "sheet.csv").open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([cell] for cell in cells)
        return len(cells), n_held, "no cell of a labelling sheet is taken for a formula"

    return {"ingested by the reader messages": ingested, "cells of a labelling sheet": sheet}


def _files(own: Path) -> Trials:
    line = json.dumps({"id": "a", "messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]}) + "\n"
    other = line.replace('"a"', '"b"')
    (own / "outside").mkdir(exist_ok=True)
    secret = own / "outside" / "diary.txt"
    secret.write_text(f"{SECRET}\n" * 9, encoding="utf-8")

    def read(name: str, make: Callable[[Path], object], *, n_dialogues: int | None = None) -> tuple[int, int, str]:
        place = own / f"file-{name}"
        place.mkdir()
        make(place)
        tracemalloc.start()
        try:
            told, is_held = _read(place, own / f"{name}.duckdb", n_dialogues)
        except Missed as error:
            told, is_held = str(error), False
        peak = tracemalloc.get_traced_memory()[1] // MB
        tracemalloc.stop()
        return 1, int(is_held and peak < 1000), f"{told}; at most {peak} MB held"

    block = (1 << 1 | 131_072 << 3).to_bytes(3, "little") + b"x"
    bomb = b"\x28\xb5\x2f\xfd\x00\x58" + block * 48_000 + (1).to_bytes(3, "little")
    made: dict[str, tuple[Callable[[Path], object], int | None]] = {
        "a line of 5 MB": (lambda at: (at / "c.jsonl").write_text(line + other.replace("hello", "x" * 5 * MB)), 2),
        "a line of 20 MB": (lambda at: (at / "c.jsonl").write_text(line + other.replace("hello", "x" * 20 * MB)), 1),
        "UTF-16": (lambda at: (at / "c.jsonl").write_bytes((line * 3).encode("utf-16")), None),
        "latin-1": (lambda at: (at / "c.jsonl").write_bytes((line + other.replace("hello", "Müller")).encode("latin-1")), 1),
        "NUL bytes between lines": (lambda at: (at / "c.jsonl").write_bytes(line.encode() + b"\0" * 999 + b"\n" + other.encode()), 2),
        "JSON nested 500,000 deep": (lambda at: (at / "c.jsonl").write_text(line + "[" * 500_000 + "\n"), 1),
        "a frame of zstd that unpacks to 6 GB": (lambda at: (at / "c.jsonl.zst").write_bytes(zstandard.compress(line.encode()) + bomb), 1),
        "a gzip that unpacks to 300 MB": (lambda at: (at / "c.jsonl.gz").write_bytes(gzip.compress(line.encode() + b"x" * 300 * MB)), 1),
        "half a gzip": (lambda at: (at / "c.jsonl.gz").write_bytes(gzip.compress((line * 999).encode())[:-9]), None),
        "a link to a file elsewhere": (lambda at: (at / "c.jsonl").symlink_to(secret), None),
        "a link to a folder elsewhere": (lambda at: (at / "c").symlink_to(own / "outside"), None),
        "a link in a circle": (lambda at: (at / "c.jsonl").symlink_to(at / "c.jsonl"), None),
        "a pipe": (lambda at: os.mkfifo(at / "c.jsonl"), None),
        "an empty file": (lambda at: (at / "c.jsonl").touch(), None),
        "a picture called JSON": (lambda at: (at / "c.json").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 99), None),
    }  # fmt: skip
    return {name: (lambda name=name, make=make, n=n: read(name, make, n_dialogues=n)) for name, (make, n) in made.items()}


def _read(place: Path, store: Path, n_dialogues: int | None) -> tuple[str, bool]:
    """What came of reading the folder, and whether it is what is promised: `n_dialogues` are read, or bad input is told (None)."""
    try:
        fields: dict[str, Any] = on(store, ingest_logs, "messages", [str(place)], dataset="x")
    except BadInput as error:
        require(SECRET not in error.message + error.hint, "the message shows the text of another file")
        return f"bad input: {error.message.replace(str(place.parent), '…')[:160]}", n_dialogues is None
    closes = fields["n_records"] == fields["n_dialogues"] + fields["n_duplicates"] + fields["n_rejects"] + fields["n_attached"]
    require(closes, "the counts do not close")
    require(SECRET.encode() not in store.read_bytes(), "the store holds the text of another file")
    reasons = ", ".join(fields["rejects_by_reason"]) or "no reject"
    return f"{fields['n_dialogues']} dialogues read, {fields['n_rejects']} rejected ({reasons[:160]})", fields["n_dialogues"] == n_dialogues
