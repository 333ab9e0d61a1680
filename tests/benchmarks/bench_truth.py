"""How far the truth of a rehearsal surface (understudy/rehearsal/truth.py) goes along with what the objectives measure.

`python tests/benchmarks/bench_truth.py --store FILE --dataset D [--response]`, on a profiled store. With `--response` it prints what
each objective measures while one fault alone is at a level: the figures from which truth.toml was written. Without, it plays
random prompts on four surfaces, measures them, and writes the rank agreement with the true points to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from tables import Table, write_section

from understudy import rehearsal
from understudy.doors.store import Store
from understudy.keys import digest
from understudy.objectives import NAMES, VERSIONS
from understudy.parameters import PanelSize, RunOptions
from understudy.prompt.genome import DISCLOSURES, PERSONAS, VISIBILITIES, Controls, Genome, Visibility
from understudy.prompt.setting import load_setting, seed_genome
from understudy.rehearsal.choices import PromptChoice
from understudy.rehearsal.fronts import TEMPERATURES, TOP_PS
from understudy.rehearsal.parameters import read
from understudy.rehearsal.phrases import options
from understudy.rehearsal.truth import true_point
from understudy.rows import humans, played
from understudy.tasks.play.evaluation import measured
from understudy.tasks.play.opened import joined

LEVELS = (0.1, 0.25, 0.5, 0.75, 1.0)
DRIVEN = ("positivity", "title_leak", "attribute_leak", "sameness", "wordiness", "drift", "parroting")
PANEL = PanelSize(per_stratum=100, behaviour=60, free=150)
RECOMMENDER = "retrieval"
SURFACES = ("0", "5", "adverse", "nonconvex-1")
LEAST_RHO = 0.6
Values = dict[str, float | None]


def fixed(levels: dict[str, float]) -> str:
    """A surface file on which the faults are at these levels whatever the prompt says, the others at 0."""
    floor = read("surfaces.toml")["generator"]["floor"]

    def logit(level: float) -> float:
        share = floor + level * (1 - floor)
        return -40.0 if level <= 0 else 40.0 if level >= 1 else math.log(share / (1 - share))

    name = "fixed-" + ("-".join(f"{fault}{level:g}" for fault, level in sorted(levels.items())) or "none")
    return f'name = "{name}"\n[base]\n' + "".join(f"{fault} = {logit(levels.get(fault, 0.0))!r}\n" for fault in rehearsal.FAULTS)


def measure(store: str, dataset: str, asked: Sequence[tuple[Genome, str]], kept: Path | None = None) -> list[Values]:
    """What the objectives say of each genome on its surface (a name, or the text of a file), all on one panel of the search split.

    `kept`: JSON lines of what was measured before by the same code of the objectives; a measurement that is stopped goes on after them.
    """
    known = _known(kept)
    with Store.open(store) as opened_store, opened_store.transaction():
        played.keep_genomes(opened_store, [genome for genome, _ in asked], setting="bench")
    out = []
    with tempfile.TemporaryDirectory() as folder:
        for genome, surface in asked:
            measured_as = digest([genome.digest, surface, PANEL.model_dump(), VERSIONS])
            if measured_as in known:
                out.append(known[measured_as])
                continue
            file = Path(folder) / "surface.toml"
            file.write_text(surface)
            named = str(file) if "[base]" in surface else surface
            with joined(dataset, RunOptions(store=Path(store), surface=named, recommender=RECOMMENDER, seed=1)) as opened:
                panel, least = opened.humans.panel("search", PANEL, seed=1), PANEL.per_stratum
                work = opened.work(genome.digest, panel, split="search", intervals=False, min_contexts=least)
                evaluation, model = measured(opened, work).evaluation, opened.cast.seeker
            out.append({name: evaluation.objectives[name].measured.value for name in NAMES})
            print(f"{len(out)}/{len(asked)}", model, genome.digest[:8], out[-1], file=sys.stderr, flush=True)
            if kept is not None:
                with kept.open("a") as lines:
                    lines.write(json.dumps({"key": measured_as, "values": out[-1]}) + "\n")
    return out


def _known(kept: Path | None) -> dict[str, Values]:
    if kept is None or not kept.is_file():
        return {}
    return {row["key"]: row["values"] for row in map(json.loads, kept.read_text("utf-8").splitlines())}


def told(store: str, dataset: str, visibility: Visibility) -> Genome:
    """A genome that shows examples and tells the target's title or its attributes: the occasions that faults need."""
    with Store.open(store) as opened:
        exemplars = sorted(humans.load_exemplars(opened, humans.current_profile(opened, dataset)))
    genome = seed_genome(load_setting("few_shot"), exemplars, seed=1)
    return replace(genome, controls=replace(genome.controls, visibility=visibility))


def response(store: str, dataset: str, kept: Path | None) -> None:
    """Prints a table: what is told, fault, level, then every objective."""
    # a parroted turn has no other fault in it, so `all` leaves it out
    together = dict.fromkeys([fault for fault in DRIVEN if fault != "parroting"], 1.0)
    alone = [{fault: level} for fault in DRIVEN for level in LEVELS]
    cases: list[tuple[Visibility, dict[str, float]]] = [("title", case) for case in ({}, *alone, together)]
    cases += [("attributes", case) for case in ({}, *({"attribute_leak": level} for level in LEVELS))]
    genomes = {visibility: told(store, dataset, visibility) for visibility in ("title", "attributes")}
    values = measure(store, dataset, [(genomes[visibility], fixed(case)) for visibility, case in cases], kept)
    print("| told | fault | level | " + " | ".join(NAMES) + " |\n" + "|---" * (3 + len(NAMES)) + "|")
    for (visibility, case), value in zip(cases, values, strict=True):
        fault, level = ("all", 1.0) if len(case) > 1 else next(iter(case.items()), ("none", 0.0))
        cells = ["none" if value[name] is None else f"{value[name]:.3f}" for name in NAMES]
        print(f"| {visibility} | {fault} | {level:g} | " + " | ".join(cells) + " |")


def random_genomes(store: str, dataset: str, n: int) -> list[Genome]:
    """Prompts with every lever and control drawn at random, examples from the exemplar split."""
    with Store.open(store) as opened:
        exemplars = sorted(humans.load_exemplars(opened, humans.current_profile(opened, dataset)))
    rng, out = np.random.default_rng(7), []
    for _ in range(n):
        levers = {lever: known[int(rng.integers(len(known)))].name for lever, known in options().items() if rng.random() < 0.7}
        controls = Controls(
            temperature=float(rng.choice(TEMPERATURES)), top_p=float(rng.choice(TOP_PS)), disclosure=str(rng.choice(DISCLOSURES)),  # type: ignore[arg-type]
            persona=str(rng.choice(PERSONAS)), visibility=str(rng.choice(VISIBILITIES)),  # type: ignore[arg-type]
        )  # fmt: skip
        out.append(
            PromptChoice(levers, controls, int(rng.integers(4))).genome([str(one) for one in rng.choice(exemplars, 5, replace=False)])
        )
    return out


def agreement(store: str, dataset: str, n: int, kept: Path | None) -> int:
    """Measures random prompts on SURFACES and writes how their order agrees with the truth's; 1 where one is below LEAST_RHO.

    Where the prompts' true values lie closer together than the measurement is exact, their order cannot be asked for.
    """
    genomes = random_genomes(store, dataset, n)
    cases = [(genome, name) for name in SURFACES for genome in genomes]
    seen = measure(store, dataset, cases, kept)
    true = [true_point(genome, rehearsal.surface(name)).objectives for genome, name in cases]
    lines, worst = [], 1.0
    for objective in NAMES:
        cells, off = [], list[float]()
        for at in range(len(SURFACES)):
            places = range(at * n, (at + 1) * n)
            pairs = np.array([(true[i][objective], value) for i in places if (value := seen[i][objective]) is not None])
            rho, spread = float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic), float(np.std(pairs[:, 0]))
            distance = np.abs(pairs[:, 0] - pairs[:, 1])
            off += distance.tolist()
            if spread > 2 * np.median(distance):
                worst = min(worst, rho)
            cells.append(f"{rho:.2f} ({spread:.3f})")
        lines.append([objective, *cells, f"{np.median(off):.3f}"])
    table = Table(
        f"Spearman's rho between true and measured (in brackets the standard deviation of the true values), {n} random prompts a surface, "
        "and the median distance between the two",
        ["objective", *(f"surface {name}" for name in SURFACES), "median distance"], lines,
    )  # fmt: skip
    write_section("Truth of rehearsal", [table], command="python tests/benchmarks/bench_truth.py --store FILE --dataset redial")
    return 0 if worst >= LEAST_RHO else 1


def main() -> int:
    """0, or 1 where truth and measurement disagree."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--response", action="store_true")
    parser.add_argument("--n", type=int, default=16)
    parser.add_argument("--rows", type=Path, help="JSON lines of what is measured: with them a measurement that was stopped goes on")
    asked = parser.parse_args()
    if asked.response:
        response(asked.store, asked.dataset, asked.rows)
        return 0
    return agreement(asked.store, asked.dataset, asked.n, asked.rows)


if __name__ == "__main__":
    sys.exit(main())
