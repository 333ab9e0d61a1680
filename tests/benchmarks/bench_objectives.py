"""Seconds and memory of the objectives at ×1, ×3 and ×10, and of the search for copied text. Run by `make bench`.

Dialogues are those of ReDial, drawn with replacement and renamed: one half of the people is the reference, the other half is what is
measured. For copying, every third word of a drawn turn is replaced by another word of the log, so that eight-word windows are as many
and as different as in a log of that size; the same turns are searched for near-duplicates, and ×10 of both is bound to 2 GiB, the
turns themselves among them. Reactions are read by the shipped instrument, and every drawn one is another pair of turns: *cold* with an
empty cache of readings, *warm* by the next process with the cache of the first. Each measurement is a process of its own. A shared
machine makes seconds of the wall long: linear is judged by processor seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import polars as pl
from memory import peak_mib
from scaled import LOGS
from tables import Table, write_section

from understudy.instruments import chosen, text
from understudy.instruments.copying import CopyIndex
from understudy.instruments.near import NearIndex
from understudy.keys import share_of
from understudy.measure.reference import BEHAVIOUR, FREE_DIALOGUES, FREE_TURNS, REACTIONS, Human, Reference, Simulated, observe
from understudy.objectives import measure_observed
from understudy.readers import Options, redial
from understudy.records import Dialogue, Item

FACTORS = (1, 3, 10)
N_DIALOGUES, N_HUMAN_TURNS, N_SEEKER_TURNS = 1_000, 100_000, 10_000
_REPLACED = 3
_TURNS_A_WORKER = 60


def main() -> None:
    """Measures and writes the section; `--objectives N`, `--copying N` and `--near N` are one process of it."""
    parser = argparse.ArgumentParser()
    for name in _MEASURED:
        parser.add_argument(f"--{name}", type=int)
    given = {name: value for name, value in vars(parser.parse_args()).items() if value}
    for name, factor in given.items():
        print(json.dumps(_MEASURED[name](factor)))
    if not given:
        write_section("Objectives", [_objectives(), _copying("copying"), _copying("near")], command="make bench-objectives")


def _objectives() -> Table:
    counts, costs = ["log", "cache", "dialogues", "turns read", "reactions"], ["seconds", "CPU s", "CPU ms a dialogue", "against ×1"]
    rows, first = [], dict[str, float]()
    for factor in FACTORS:
        with tempfile.TemporaryDirectory() as cache:
            for state in ("cold", "warm"):
                one = _child("objectives", factor, cache=cache)
                each = one["cpu"] / one["n"]
                first.setdefault(state, each)
                costs_told = (f"{one['seconds']:.1f}", f"{one['cpu']:.1f}", f"{1000 * each:.2f}", f"{each / first[state]:.2f}")
                told = [f"×{factor}", state, f"{one['n']:,}", f"{one['n_turns']:,}", f"{one['n_reactions']:,}"]
                rows.append([*told, *costs_told, f"{one['built']:.1f}", f"{one['mib']:.0f}"])
    title = "All objectives, kinds of leakage, diagnostics and their intervals; the reference is built once a split"
    return Table(title, [*counts, *costs, "reference, CPU s", "peak MiB"], rows)


def _copying(what: str) -> Table:
    header = ["seeker turns", "human turns", "seconds", "CPU s", "CPU µs a human turn", "against ×1", "peak MiB", "of it the turns"]
    rows, first = [], 0.0
    for factor in FACTORS:
        one = _child(what, factor)
        each = one["cpu"] / one["n_human"]
        first = first or each
        took = [f"{one['seconds']:.1f}", f"{one['cpu']:.1f}", f"{1e6 * each:.1f}", f"{each / first:.2f}", f"{one['mib']:.0f}"]
        rows.append([f"{one['n_seeker']:,}", f"{one['n_human']:,}", *took, f"{one['before']:.0f}"])
    names = {"copying": "Copying, eight-word windows and short turns", "near": "Near-duplicates by MinHash"}
    return Table(f"{names[what]}: index and look-up", header, rows)


def _child(name: str, factor: int, *, cache: str | None = None) -> dict[str, Any]:
    env = {**os.environ, "XDG_CACHE_HOME": cache} if cache else None
    done = subprocess.run([sys.executable, __file__, f"--{name}", str(factor)], check=True, capture_output=True, text=True, env=env)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure_objectives(factor: int) -> dict[str, Any]:
    log = _log()
    sides = log["turns"].select("dialogue_id", "split").unique()
    is_human = pl.col("dialogue_id").is_in(sides.filter(pl.col("split") == "select")["dialogue_id"].sort().to_list())
    human = Human(
        log["reactions"].filter(is_human), log["behaviour"].filter(is_human), log["turns"], log["items"], log["targets"].filter(is_human),
        instruments=chosen.chosen(chosen.kept_shipped()),
    )  # fmt: skip
    simulated = _drawn({name: log[name].filter(~is_human) for name in ("reactions", "behaviour", "turns", "targets")}, N_DIALOGUES * factor)
    busy = time.process_time()
    reference = Reference.build(human, seed=1)
    built = time.process_time() - busy
    began, busy = time.perf_counter(), time.process_time()
    observed = observe(simulated, reference)
    found = measure_observed(observed, reference, seed=1)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy}
    unmeasured = [name for name, one in found.objectives.items() if one.measured.value is None]
    if unmeasured:
        raise RuntimeError(f"not measured: {', '.join(unmeasured)}")
    counts = {"n": N_DIALOGUES * factor, "n_turns": len(observed.turns), "n_reactions": len(observed.reactions)}
    return {**counts, "built": built, **took, "mib": peak_mib()}


def _measure_copying(factor: int) -> dict[str, Any]:
    return _looked_up(factor, lambda human, seekers: CopyIndex.of(human).flags(seekers))


def _measure_near(factor: int) -> dict[str, Any]:
    return _looked_up(factor, lambda human, seekers: NearIndex.of(human).flags(seekers))


def _looked_up(factor: int, search: Callable[[pl.DataFrame, pl.DataFrame], Any]) -> dict[str, Any]:
    said = _tokens()
    human, seekers = _perturbed(said, N_HUMAN_TURNS * factor, 1), _perturbed(said, N_SEEKER_TURNS * factor, 2)
    seekers = seekers.rename({"worker": "seeker_id"}).with_columns(recommender_id=pl.col("seeker_id") + "r")
    before, began, busy = peak_mib(), time.perf_counter(), time.process_time()
    search(human, seekers)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy}
    return {"n_human": len(human), "n_seeker": len(seekers), **took, "mib": peak_mib(), "before": before}


def _records() -> Iterable[Any]:
    return redial.read([LOGS / "redial" / name for name in ("movies.json", "train_data.jsonl", "test_data.jsonl")], Options())


def _tokens() -> pl.DataFrame:
    """Every turn of the log as words."""
    said = [turn.text for one in _records() if isinstance(one, Dialogue) for turn in one.turns if turn.text]
    return pl.DataFrame({"text": said}).with_columns(plain=text.plain("text")).select(tokens=text.tokens("plain"))


def _perturbed(said: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """`n` turns drawn with replacement, about every third word another one; workers say 60 turns each."""
    rng = np.random.default_rng(seed)
    drawn = said[rng.integers(0, len(said), n)].with_row_index("row")
    words = drawn.explode("tokens", empty_as_null=False)
    other = words["tokens"].gather(rng.integers(0, len(words), len(words)))
    replaced = pl.when(pl.Series(rng.integers(0, _REPLACED, len(words)) == 0)).then(other).otherwise(pl.col("tokens"))
    turns = words.select("row", tokens=replaced).group_by("row", maintain_order=True).agg("tokens")
    return turns.select("tokens", worker=pl.format(f"w{seed}-{{}}", pl.col("row") // _TURNS_A_WORKER))


def _log() -> dict[str, Any]:
    """The log in the frames of the objectives: every seeker turn, reactions to a single item with a form label, targets."""
    items: dict[str, Item] = {}
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ("reactions", "behaviour", "turns", "targets")}
    for one in _records():
        if isinstance(one, Item):
            items[one.item_id] = one
        if isinstance(one, Dialogue) and one.turns:
            _add(rows, one)
    columns: dict[str, dict[str, Any]] = {
        "reactions": REACTIONS,
        "behaviour": {name: BEHAVIOUR[name] for name in ("dialogue_id", "seeker_id", "recommender_id", "previous", "text", "turn_index")},
        "turns": {**dict.fromkeys(("split", "dialogue_id", "seeker_id", "recommender_id"), pl.String), **_without(FREE_TURNS, "play_key")},
        "targets": {"dialogue_id": pl.String, "target": pl.String},
    }
    frames = {name: pl.DataFrame(rows[name], schema=schema, orient="row") for name, schema in columns.items()}
    return {**frames, "items": items}


def _without(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}


def _add(rows: dict[str, list[tuple[Any, ...]]], one: Dialogue) -> None:
    name, seeker, recommender = one.dialogue_id, one.seeker_id or one.dialogue_id, one.recommender_id
    forms = {mention.item_id: mention for mention in one.mentions}
    split, previous = "search" if share_of("side of the log", seeker) < 0.5 else "select", ""
    for index, turn in enumerate(one.turns):
        rows["turns"].append((split, name, seeker, recommender, index, turn.role, turn.text, list(turn.item_ids)))
        if turn.role != "seeker" or not turn.text:
            continue
        rows["behaviour"].append((name, seeker, recommender, previous, turn.text, index))
        previous = turn.text
        offered = one.turns[index - 1].item_ids if index else ()
        form = forms.get(offered[0]) if len(offered) == 1 else None
        if form is not None:
            stratum = "disliked" if form.liked is False else "unstated" if form.liked is None else f"liked_{'' if form.seen else 'un'}seen"
            said = (one.turns[index - 1].text, turn.text)
            rows["reactions"].append((f"{name}:{index}", name, seeker, recommender, stratum, offered[0], *said))
    target = next((key for key, form in forms.items() if form.suggested and form.liked and form.seen is False), None)
    if target is not None:
        rows["targets"].append((name, target))


def _drawn(log: dict[str, pl.DataFrame], n: int) -> Simulated:
    """`n` dialogues of the log under new names: all their turns, reactions, and the dialogue whole as a free run."""
    ids = log["behaviour"]["dialogue_id"].unique().sort()
    rows = np.random.default_rng(3).integers(0, len(ids), n)
    drawn = pl.DataFrame({"dialogue_id": ids.gather(rows), "new": [f"played {i}" for i in range(n)]})
    renamed = {name: drawn.join(frame, on="dialogue_id", how="inner") for name, frame in log.items()}
    # with the new name in the recommender's turn no two reactions are the same pair, whatever was drawn twice
    reactions = renamed["reactions"].with_columns(
        context_id=pl.concat_str("context_id", "new", separator=" of "), answered=pl.concat_str("new", "answered", separator=": "),
        dialogue_id="new",
    )  # fmt: skip
    behaviour = renamed["behaviour"].with_columns(dialogue_id="new")
    fixed = {"status": pl.lit("complete"), "reason": pl.lit(""), "title_in_prompt": pl.lit(False), "n_turns": pl.lit(0, pl.Int64)}
    dialogues = drawn.join(log["targets"], on="dialogue_id", how="left").with_columns(play_key="new", scenario_id="new", **fixed)
    turns = renamed["turns"].with_columns(play_key="new")
    return Simulated(
        reactions.select(list(REACTIONS)),
        behaviour.select(list(BEHAVIOUR)),
        dialogues.select(list(FREE_DIALOGUES)),
        turns.select(list(FREE_TURNS)),
        same_setting=True,
    )


_MEASURED = {"objectives": _measure_objectives, "copying": _measure_copying, "near": _measure_near}

if __name__ == "__main__":
    main()
