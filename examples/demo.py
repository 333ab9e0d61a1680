"""The main job on the bundled sample: human-like logs in, a published training set out. `make demo` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from understudy.flows.cli import nightly

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / ".demo"
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
NIGHT = (
    "nightly --dataset sample --reader redial --data examples/sample --store .demo/understudy.duckdb "
    "--setting examples/first_try.toml --population 6 --generations 2 --panel 12,10,12 --batch demo --name sample-seekers"
)


def main() -> int:
    """0 when the night ended in a release."""
    console = Console(highlight=False, width=120)
    OUT.mkdir(exist_ok=True)
    console.print("[bold]understudy demo[/]: the bundled sample (made by a generator, [bold]not human[/]), the embedded rehearsal model\n")
    console.print(f"$ understudy {NIGHT}\n", markup=False)
    started = time.monotonic()
    command = [UNDERSTUDY, *NIGHT.split(), "--json", "--events", ".demo/events.jsonl"]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    fields = json.loads(ran.stdout)
    if "objectives" in fields:
        nightly.page(console, fields)
    if not fields["ok"]:
        console.print(f"\nno release: {fields['error']['message']}", markup=False)
        return ran.returncode
    release = fields["release"]
    console.print(f"\n{time.monotonic() - started:.0f} s. The release lies in [bold]{release['path']}[/]")
    console.print(f"""
Pull it as chat messages:
  .venv/bin/understudy pull {release['name']} --store .demo/understudy.duckdb
or in plain DuckDB:
  select * from '{release['path']}/examples.parquet'

Next: your own logs (`understudy ingest redial PATH`) and your own model (`--model ollama/llama3.1`), see README.md.""", markup=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
