"""The main job on the bundled sample: human-like logs in, a published training set out. `make demo` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from understudy.flows.cli import nightly

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / ".demo"
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
NIGHT = (
    "nightly --dataset sample --reader redial --data examples/sample --store .demo/understudy.duckdb "
    "--setting examples/first_try.toml --population 6 --generations 2 --panel 12,10,12 --batch demo --name sample-seekers"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended: its JSON fields, its exit code, and the seconds that it took."""

    fields: dict[str, Any]
    code: int
    seconds: float


def ran(words: str) -> Ran:
    """What a command of understudy answers, from the root of the repository. Its progress goes to standard error."""
    OUT.mkdir(exist_ok=True)
    started = time.monotonic()
    done = subprocess.run([UNDERSTUDY, *words.split(), "--json"], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        # a signal ended it, or it said why on standard error
        return Ran({}, done.returncode or 1, time.monotonic() - started)
    return Ran(json.loads(done.stdout), done.returncode, time.monotonic() - started)


def main() -> int:
    """0 when the night ended in a release."""
    console = Console(highlight=False, width=120)
    console.print("[bold]understudy demo[/]: the bundled sample (made by a generator, [bold]not human[/]), the embedded rehearsal model\n")
    console.print(f"$ understudy {NIGHT}\n", markup=False)
    night = ran(f"{NIGHT} --events .demo/events.jsonl")
    fields = night.fields
    if fields.get("objectives"):
        nightly.page(console, fields)
    if not fields.get("ok"):
        console.print(f"\nno release: {why_not(night)}", markup=False)
        return night.code
    release = fields["release"]
    console.print(f"\n{night.seconds:.0f} s. The release lies in [bold]{release['path']}[/]")
    console.print(f"""
Pull it as chat messages:
  .venv/bin/understudy pull {release['name']} --store .demo/understudy.duckdb
or in plain DuckDB:
  select * from '{release['path']}/examples-*.parquet'

Next: a language model on this machine (`make demo-llm`), your own logs (`understudy ingest redial PATH`) and your own model
(`--model ollama/llama3.1`), see README.md and docs/models.md.""", markup=False)
    return 0


def why_not(night: Ran) -> str:
    """Why a command has no result, with what to do."""
    if not night.fields:
        return "the command was stopped; the same command goes on from here"
    error = night.fields["error"]
    return f"{error['message']} ({error['hint']})" if error.get("hint") else str(error["message"])


if __name__ == "__main__":
    raise SystemExit(main())
