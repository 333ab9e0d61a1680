"""The act intended at each turn is kept in the ledger and nowhere else: no objective, instrument, search or release can read it."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from pathlib import Path

import duckdb

from understudy.completion import Completion, Request
from understudy.doors.gateway.ledger import COMPLETIONS
from understudy.doors.store import Store
from understudy.play.dialogue import Played, play
from understudy.play.frames import free_frames, replies
from understudy.play.scene import Scene
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.records import Item, Need, Turn

ROOT = Path(__file__).resolve().parents[2]
WORD = "intended_act"
# who makes it, who carries it, who keeps it, and the recording of a ledger; tasks/profile/instruments.py asks rehearsal itself, for
# confusion on machine text
KNOWN = {
    "understudy/completion.py", "understudy/doors/gateway/ledger.py", "understudy/doors/gateway/ledger_tables.py",
    "understudy/doors/gateway/embedded.py", "understudy/doors/gateway/reply.py", "tasks/profile/instruments.py",
    "sql/migrations/0003_play.sql", "sql/queries/play/completions.sql", "sql/queries/play/recorded_completions.sql",
}  # fmt: skip
EVERY_COLUMN = re.compile(r"(?:\bselect|,|\.)\s*\*")


def test_only_those_who_carry_it_to_the_ledger_name_it() -> None:
    layers = ("understudy", "tasks", "flows", "sql", "expectations")
    files = [path for layer in layers for path in (ROOT / layer).rglob("*") if path.suffix in (".py", ".sql", ".json", ".toml")]
    naming = {path.relative_to(ROOT).as_posix() for path in files if WORD in path.read_text(encoding="utf-8")}
    assert len(files) > 150
    assert {name for name in naming if not name.startswith("understudy/rehearsal/")} == KNOWN


def test_no_query_takes_every_column_of_the_completions() -> None:
    reading = [path for path in (ROOT / "sql" / "queries").rglob("*.sql") if COMPLETIONS in path.read_text()]
    assert len(reading) >= 2
    assert not [path.name for path in reading if EVERY_COLUMN.search(path.read_text())]
    assert all(EVERY_COLUMN.search(text) for text in ("select * from", "select a, c.* from"))
    assert not EVERY_COLUMN.search("count(*), a * 2")


def test_no_other_table_has_the_column(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb"):
        pass
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as opened:
        found = opened.execute(
            "select table_schema || '.' || table_name from information_schema.columns where column_name = ?", [WORD]
        ).fetchall()
    assert found == [(COMPLETIONS,)]


def played(intended: str | None) -> Played:
    async def complete(_: Request) -> Completion:
        return Completion("I will watch it, thanks!", "rehearsal", "rehearsal", "stop", "", 10, 6, intended)

    loaded = load_setting("zero_shot").genome
    history = (Turn("recommender", "Try Oak Street (1992)."),)
    item = Item("1", "Oak Street", 1992)
    scene = Scene(
        "replay", "c", "d", Need(), history, "disliked", "1", item, Genome(loaded.sections, loaded.controls), (), "none", "rehearsal/0", 0
    )
    return asyncio.run(play(scene, complete=complete))


def test_what_is_measured_is_the_same_whatever_was_intended() -> None:
    one, other, silent = played("accept"), played("reject"), played(None)
    assert one == other == silent
    assert WORD not in {field.name for field in dataclasses.fields(Played)}
    assert "accept" not in str(one)
    frames = [*free_frames([one]), replies([one])]
    assert all(WORD not in frame.columns for frame in frames)
