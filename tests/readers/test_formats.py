"""The formats of docs/readers.md that no data set here is in: a small file in each layout, written by us, and what an ingest counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from understudy import readers
from understudy.ingest.columns import Source
from understudy.ingest.intake import Counts, Sieve
from understudy.readers._field_map import FieldMap

PAGE = Path(__file__).resolve().parents[2] / "docs" / "readers.md"
ASKED, OFFERED, TAKEN = "a film about boats?", "Do you know Mill Road Nine (2010)?", "no, that sounds good"
PLAYED = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": OFFERED}, {"role": "user", "content": TAKEN}]
SPOKEN = [("SEEKER", "hello"), ("SEEKER", ASKED), ("RECOMMENDER", OFFERED), ("SEEKER", TAKEN)]


def row_of_test_data(dialog_id: Any, played: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A row of the test data that iEvaLM and CONCEPT play from, with the dialogue that they add."""
    row = {"dialog_id": dialog_id, "turn_id": 1, "context": ["hi"], "resp": OFFERED, "rec": ["Mill Road Nine (2010)"], "entity": []}
    return {**row, "simulator_dialog": {**row, "context": [{"role": "user", "content": "hi"}, *played], **more}}


def utterance_of_inspired2(number: int, role: str, text: str) -> dict[str, Any]:
    movies = ["Mill Road Nine (2010)"] if "Mill Road" in text else []
    return {
        "utt_id": number, "role": role, "utterance": text, "tokens": text.split(), "utter_with_plc": text, "movies": movies,
        "entity": movies, "word": [], "genre": [], "people": [], "utterance_label": "nan" if role == "SEEKER" else "opinion_inquiry",
    }  # fmt: skip


INSPIRED2 = {
    "dialog": [utterance_of_inspired2(number, *one) for number, one in enumerate(SPOKEN, 1)],
    "movie_mentions": "{'Mill Road Nine (2010)': 0}", "genres": "{}", "actors": "{}", "directors": "{}",
    "fine_label": "accept_rating_good", "coarse_label": "accept_new",
}  # fmt: skip
TABLE = [{"conv": n, "turn": place, "who": who, "said": said} for n in (1, 2) for place, (who, said) in enumerate(SPOKEN)]
MAP = FieldMap(dialogue=("conv",), speaker=("who",), text=("said",), order=("turn",))


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout as the page calls it, the reader that takes it, and its files by name: JSON values, lines of them, or texts."""

    told: str
    reader: str
    files: Mapping[str, Any]
    fields: FieldMap | None = None


LAYOUTS = (
    Layout("INSPIRED2's JSON (`dev_data.json`)", "inspired", {"dev_data.json": [INSPIRED2, {**INSPIRED2, "coarse_label": "reject"}]}),
    Layout(
        "iEvaLM's files of one dialogue (`save_5/chat/chatgpt/redial_eval`)", "ievalm",
        {f"{n}_1.json": row_of_test_data(n, [{**one, "rec_success": True} if one["role"] == "assistant" else one for one in PLAYED[1:]])
         for n in ("20001", "20002")},
    ),
    Layout(
        "CONCEPT's files of one dialogue (`dialog_data`)", "ievalm",
        {"20003_1_profile0_attribute1.json": row_of_test_data(20003, PLAYED, profile=["You are patient."], attributes=["drama"])},
    ),
    Layout("`history` of {role, content}, JSON lines", "messages", {"log.jsonl": [{"history": PLAYED}, {"history": PLAYED[:2]}]}),
    Layout("`conversation` of {role, content}, a list", "messages", {"log.json": [{"conversation": PLAYED}, {"conversation": []}]}),
    Layout(
        "`conversation` of {speaker, text}, a single object", "messages",
        {"one.json": {"conversation": [{"speaker": "USER", "text": ASKED}, {"speaker": "BOT", "text": OFFERED}]}},
    ),
    Layout(
        "`utterances` of {participant, text}, a list", "dialoguekit",
        {"all.json": [{"utterances": [{"participant": "USER", "text": ASKED}, {"participant": "AGENT", "text": OFFERED}]}]},
    ),
    Layout("a table with one utterance a row, CSV", "fields", {"t.csv": TABLE, "README.md": "about"}, MAP),
    Layout("the same as JSON lines", "fields", {"t.jsonl": TABLE}, MAP),
    Layout("the same as Parquet", "fields", {"t.parquet": TABLE}, MAP),
)  # fmt: skip


def written(path: Path, value: Any) -> None:
    if path.suffix == ".csv":
        pl.DataFrame(value).write_csv(path)
    elif path.suffix == ".parquet":
        pl.DataFrame(value).write_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(one) + "\n" for one in value), "utf-8")
    else:
        path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2), "utf-8")


def counted(layout: Layout, folder: Path) -> tuple[readers.FoundFiles, Counts]:
    """What an ingest of the folder counts."""
    for name, value in layout.files.items():
        written(folder / name, value)
    found = readers.files_of(layout.reader, [str(folder)], fields=layout.fields)
    sieve = Sieve(Source("d", "0" * 64, "unknown"), known={}, labelled=())
    options = readers.Options(None, layout.fields)
    for _ in sieve.batches(readers.load(layout.reader).read(found.read, options)):
        pass
    return found, sieve.counts


def row(layout: Layout, found: readers.FoundFiles, counts: Counts) -> str:
    """The row of the page's table."""
    reasons = "; ".join(f"{n} {reason}" for reason, n in found.as_json()["files_skipped"].items())
    refused = "; ".join(f"{n}: {reason}" for reason, n in counts.rejects.items())
    cells = (
        f"`{layout.reader}`", layout.told, f"{len(found.read) + len(found.skipped)}, {len(found.read)}, {reasons or 0}",
        counts.n_records, counts.n_dialogues, refused or 0, counts.n_turns, counts.n_messages,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.told)
def test_a_layout_is_counted_as_the_page_says(layout: Layout, tmp_path: Path) -> None:
    found, counts = counted(layout, tmp_path)
    assert counts.n_records == counts.n_dialogues + counts.n_duplicates + counts.n_rejects + counts.n_attached
    assert counts.n_dialogues > 0
    assert row(layout, found, counts) in PAGE.read_text("utf-8")
