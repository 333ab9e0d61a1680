"""The artifacts of a search: Pareto front, hypervolume over dialogues, operators and finalists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.doors.store import Store
from understudy.objectives import NAMES
from understudy.report.drawing import FrontPoint, front_svg
from understudy.report.figures import number
from understudy.report.markdown import bars_escaped, table
from understudy.search import picking
from understudy.search.pictures import operators_svg, progress_svg
from understudy.search.plan import SEED, Individual
from understudy.tasks.artifacts import in_run, page, progress
from understudy.tasks.optimize.generations import Run

Rows = list[dict[str, Any]]


def progress_of(store: Store, run_key: str) -> Rows:
    """The progress of a search by generation."""
    return store.rows("optimize/progress", run_key=run_key)


def line(so_far: Rows, n_generations: int, brought: Rows) -> str:
    """One line for the terminal on the newest generation."""
    last = so_far[-1]
    newest = [row for row in brought if row["generation"] == last["generation"] and row["gain"] > 0]
    best = max(newest, key=lambda row: row["rate"], default=None)
    parts = [
        f"generation {last['generation']} of {n_generations}",
        f"hypervolume {last['hypervolume']:.3f}",
        f"{last['n_front']} prompts on the Pareto front",
        f"{last['n_dialogues_so_far']} dialogues so far",
    ]
    if last["gain_bound"] is not None:
        parts.append(f"hypervolume gain at most {last['gain_bound']:.1%}")
    if best is not None:
        parts.append(f"the operator {best['operator']} gained most")
    return ", ".join(parts)


def show_generation(
    run: Run, generation: int, members: Sequence[Individual], front: Sequence[str], so_far: Rows, brought: Rows, critic_failure: str
) -> None:
    """The pictures of a search after a generation, for the UI: candidates and front, hypervolume, operators.

    `critic_failure`: why the critic is not asked any more; empty where it is.
    """
    progress(generation + 1, run.search.generations + 1, key=f"search-{run.run_key[:8]}", description="Generations of the search")
    if not in_run():
        return
    kinds = dict.fromkeys(front, "front")
    points = [
        FrontPoint(each.operator, "seed" if each.operator == SEED else kinds.get(each.genome.digest, "candidate"), values)  # type: ignore[arg-type]
        for each in members
        if not each.not_measured(NAMES)
        for values in [{name: float(each.objectives[name] or 0.0) for name in NAMES}]
    ]
    title = f"Generation {generation} on the search split"
    text = f"{len(members)} candidates, {len(front)} of them on the Pareto front; lower is better.\n"
    key = run.run_key[:8]
    page(text, key=f"front-{key}-{generation}", description=title, svg=front_svg(points, title=title) if points else None)
    spent = "Hypervolume against dialogues"
    page(_progress_table(so_far), key=f"hypervolume-{key}", description=spent, svg=progress_svg(so_far, title=spent))
    title = "Hypervolume gained by each operator"
    operators = _operator_table(brought) + (f"\n\n{bars_escaped(critic_failure)}\n" if critic_failure else "")
    page(operators, key=f"operators-{key}", description=title, svg=operators_svg(brought, title=title) if brought else None)


def show_front(compared: Sequence[picking.Finalist], chosen: picking.Pick, *, seed_digest: str, people: str) -> None:
    """The picture and the table of the finalists."""
    points, cells = [], []
    for one in compared:
        values = {name: one.objectives[name].value for name in NAMES}
        kind = "pick" if one.genome_digest == chosen.genome_digest else "seed" if one.genome_digest == seed_digest else "front"
        violated = sum(max(0.0, value or 0.0) for value in one.constraints.values())
        share = chosen.p_dominated.get(one.genome_digest)
        figures = [number(value) for value in values.values()]
        cells.append([one.genome_digest[:12], kind, *figures, f"{violated:.3f}", number(share, missing="not compared")])
        if None not in values.values():
            points.append(FrontPoint(kind, kind, values))  # type: ignore[arg-type]
    title = f"Finalists on {people}"
    text = table(["genome", "", *NAMES, "excess over the bounds of the gates", "P(dominated)"], cells)
    if not chosen.dominates_seed:
        text += "\n\nThe pick does not dominate the seed prompt.\n"
    elif chosen.p_dominates_seed is not None:
        text += f"\n\nThe pick dominates the seed prompt in {chosen.p_dominates_seed:.0%} of the resamples.\n"
    page(text, key="front", description=title, svg=front_svg(points, title=title) if points else None)


def _progress_table(so_far: Rows) -> str:
    header = ["generation", "dialogues so far", "hypervolume", "hypervolume of the archive", "upper bound of the gain", "front size"]
    return table(
        header,
        [
            [
                str(row["generation"]), str(row["n_dialogues_so_far"]), number(row["hypervolume"]), number(row["archive_hypervolume"]),
                number(row["gain_bound"], missing="no survivor below the reference point"), str(row["n_front"]),
            ]
            for row in so_far
        ],
    )  # fmt: skip


def _operator_table(brought: Rows) -> str:
    totals: dict[str, list[float]] = {}
    for row in brought:
        counted = totals.setdefault(row["operator"], [0.0, 0.0, 0.0, 0.0])
        for at, name in enumerate(("n_children", "gain", "n_tokens")):
            counted[at] += row[name]
        counted[3] = row["chance"]
    order = sorted(totals.items(), key=lambda pair: -pair[1][1])
    header = ["operator", "children", "hypervolume gained", "tokens", "probability of the next draw"]
    return table(header, [[name, f"{n:.1f}", f"{gain:.4f}", f"{tokens:.0f}", f"{chance:.0%}"] for name, (n, gain, tokens, chance) in order])
