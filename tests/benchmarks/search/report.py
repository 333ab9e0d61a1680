"""From the raw rows to the section of docs/benchmarks.md and the pictures; nothing is played here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tables import Table, write_section

from search.contenders import MODULES
from search.drawing import curves_svg, differences_svg
from search.indicators import reached
from search.plan import BLOCKS, EQUAL_FEWER, EQUAL_QUALITIES, FEWER, QUALITY, WEIGHTED, cases_of
from search.scoring import GRID
from search.statistics import Paired, holm_over, interval_of, paired, wins
from understudy.search.moo import hypervolume

PICTURES = Path(__file__).resolve().parents[3] / "docs" / "pictures"
OURS = "understudy"
SHARE, CLEAR = 0.9, 0.05
COMPARED_BLOCKS = ("ahead", "ahead_nonconvex", "equal", "equal_nonconvex", "main", "nonconvex")
Row = dict[str, Any]
_ABLATIONS = {"ablation": "What each mechanism brings", "try": "What was asked again on the twelve other trial surfaces"}


def write(rows: Sequence[Row]) -> None:
    """Writes the section and the pictures of what there is; what is missing is said in numbers."""
    wanted = {case.key: case for case in cases_of(())}
    known = {row["key"]: row for row in rows if row["key"] in wanted}
    by_block = {block: [row for row in known.values() if row["block"] == block] for block in BLOCKS}
    tables = [_progress(wanted.values(), known)]
    if by_block["ahead"] and by_block["ahead_nonconvex"]:
        tables.append(_against("ahead and ahead_nonconvex together", [*by_block["ahead"], *by_block["ahead_nonconvex"]]))
    together = [*by_block["equal"], *by_block["equal_nonconvex"]]
    if by_block["equal"] and by_block["equal_nonconvex"]:
        tables.append(_against("equal and equal_nonconvex together", together))
    if by_block["equal_quality"]:
        tables.append(_equal_qualities(by_block["equal_quality"], together))
    for block in COMPARED_BLOCKS:
        if by_block[block]:
            tables += [make(block, by_block[block]) for make in (_standings, _against, _met, _costs)]
            curves = {name: [row["curve"] for row in of] for name, of in _by_optimizer(by_block[block]).items()}
            title = f"{block}: what would be handed in, by dialogues played"
            (PICTURES / f"bench-search-{block}.svg").write_text(curves_svg(curves, GRID, title=title), encoding="utf-8")
    compared = {block: _differences(by_block[block], "hv") for block in COMPARED_BLOCKS if by_block[block]}
    if any(compared.values()):
        picture = differences_svg({block: one for block, one in compared.items() if one}, title="paired by surface, 95 % intervals")
        (PICTURES / "bench-search-differences.svg").write_text(picture, encoding="utf-8")
    if by_block["quality"]:
        tables.append(_qualities(by_block["quality"], by_block["main"]))
    tables += [_ablation(title, by_block[block]) for block, title in _ABLATIONS.items() if by_block[block]]
    if by_block["weights"]:
        tables.append(_weighted(by_block["weights"], [*by_block["main"], *by_block["nonconvex"]]))
    tables += [_claims(name, by_block[name]) for name in ("null", "adverse") if by_block[name]]
    write_section("Search", tables, command="make bench-search")


def _progress(wanted: Iterable[Any], known: Mapping[str, Row]) -> Table:
    cases = list(wanted)
    lines = []
    for block in BLOCKS:
        own = [case for case in cases if case.block == block]
        lines.append([block, str(len(own)), str(sum(case.key in known for case in own))])
    return Table("Runs of the protocol (docs/bench-search.md) and those that are in the raw rows", ["block", "runs", "played"], lines)


def _by_optimizer(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Optimizer → its rows on the surfaces that all optimizers of these rows have, so that means are over the same ones."""
    names = [name for name in MODULES if any(row["optimizer"] == name for row in rows)]
    shared = set.intersection(*({row["surface"] for row in rows if row["optimizer"] == name} for name in names))
    return {name: [row for row in rows if row["optimizer"] == name and row["surface"] in shared] for name in names}


def _standings(block: str, rows: Sequence[Row]) -> Table:
    groups = _by_optimizer(rows)
    best = {row["surface"]: max(row["hv"], 0.0) for row in next(iter(groups.values()))}
    for row in (row for of in groups.values() for row in of):
        best[row["surface"]] = max(best[row["surface"]], row["hv"])
    lines = []
    for name, of in groups.items():
        after = [reached(list(zip(GRID, row["curve"], strict=True)), SHARE * best[row["surface"]]) for row in of]
        there = [n for n in after if n is not None]
        median = f"{np.median([n if n is not None else np.inf for n in after]):,.0f}" if len(there) * 2 > len(after) else "not within 2,000"
        lines.append([
            name, *(_interval_text([row[measure] for row in of]) for measure in ("hv", "hv_pick", "igd_plus", "r2")),
            f"{median} ({len(there)} of {len(of)})",
        ])  # fmt: skip
    n, ideal = len(best), np.mean([row["r2_ideal"] for row in rows])
    return Table(
        f"{block}: by the truth, mean over {n} surfaces with 95 % intervals (R2 of the true front is {ideal:.3f})",
        ["optimizer", "hv", "hv of the pick", "IGD+", "noisy R2", "dialogues to 90 % of the best (surfaces that got there)"], lines,
    )  # fmt: skip


def _differences(rows: Sequence[Row], what: str) -> dict[str, Paired]:
    groups = _by_optimizer(rows)
    if OURS not in groups:
        return {}
    ours = {row["surface"]: row[what] for row in groups[OURS]}
    return {name: paired(ours, {row["surface"]: row[what] for row in of}) for name, of in groups.items() if name != OURS}


def _against(block: str, rows: Sequence[Row]) -> Table:
    groups, lines = _by_optimizer(rows), []
    for what in ("hv", "hv_pick"):
        found = _differences(rows, what)
        adjusted = holm_over({name: one.p for name, one in found.items()}) if found else {}
        for name, one in found.items():
            ours, theirs = ({row["surface"]: row[what] for row in groups[who]} for who in (OURS, name))
            counted = "/".join(str(n) for n in wins(ours, theirs))
            outcome = "undecided" if adjusted[name] >= CLEAR else "won" if one.mean > 0 else "lost"
            lines.append([what, name, str(one.n), _difference(one), f"{adjusted[name]:.3g}", counted, outcome])
    header = ["", "peer", "surfaces", "difference", "Holm's p", "surfaces won/tied/lost", "outcome"]
    return Table(f"{block}: understudy minus each peer, paired by surface", header, lines)


def _met(block: str, rows: Sequence[Row]) -> Table:
    """Rules of handing in differ; what an optimizer measured at all bounds what any rule could have handed in for it."""
    groups = _by_optimizer(rows)
    met = {name: {row["surface"]: row["hv_best_met"] for row in of} for name, of in groups.items()}
    peers = [name for name in groups if name != OURS and OURS in groups]
    handed = {row["surface"]: row["hv"] for row in groups.get(OURS, [])}
    searches, least = ({name: paired(ours, met[name]) for name in peers} for ours in (met.get(OURS, {}), handed))
    adjusted = holm_over({name: one.p for name, one in searches.items()}) if peers else {}
    lines = []
    for name, of in groups.items():
        cells = ["", "", ""]
        if name in peers:
            cells = [_difference(searches[name]), f"{adjusted[name]:.3g}", _difference(least[name])]
        lines.append([name, _mean(of, "n_measured", "{:.0f}"), _interval_text(list(met[name].values())), *cells])
    header = ["optimizer", "prompts", "hv of all of them", "understudy's minus that", "Holm's p", "what understudy handed in, minus that"]
    return Table(f"{block}: all that was measured, the most that any rule could have handed in", header, lines)


def _costs(block: str, rows: Sequence[Row]) -> Table:
    lines = []
    for name, of in _by_optimizer(rows).items():
        claimed, again = ([row[key] for row in of] for key in ("hv_pick_claimed", "hv_pick_again"))
        # where nothing was left of the claims there is no share of it
        over = f"{(np.mean(claimed) - np.mean(again)) / np.mean(again):+.1%}" if np.mean(again) > 0 else "not measured: 0 again"
        to_truth = np.mean([row["hv_claimed"] for row in of]) - np.mean([row["hv_true"] for row in of])
        lines.append([
            name, over, f"{to_truth:+.3f}", f"{sum(row['violating'] for row in of)} of {sum(row['n_handed'] for row in of)}",
            f"{sum(row['pick_violates'] for row in of)} of {len(of)}", _mean(of, "n_dialogues", "{:,.0f}"),
            f"{np.mean([row['tokens'] for row in of]) / 1e6:.2f}", _mean(of, "n_critic_calls", "{:.0f}"), _mean(of, "cpu_s", "{:.0f}"),
            f"{max(row['length_ratio'] for row in of):.2f}", str(sum(row["lost_texts"] for row in of)),
        ])  # fmt: skip
    header = [
        "optimizer", "pick claimed over measured again", "claimed - true (hv)", "handed in that violate", "picks that violate", "dialogues",
        "million tokens", "critic's calls", "CPU s", "longest prompt × seed", "texts lost",
    ]  # fmt: skip
    return Table(f"{block}: honesty and cost", header, lines)


def _qualities(rows: Sequence[Row], main: Sequence[Row]) -> Table:
    surfaces = {str(seed) for seed in FEWER}
    whole = [*rows, *(row for row in main if row["surface"] in surfaces)]
    lines = []
    for name in MODULES:
        cells = [[row["hv"] for row in whole if row["optimizer"] == name and row["quality"] == quality] for quality in (0.3, 0.6, 0.9)]
        lines.append([name, *(f"{_interval_text(values)}, n {len(values)}" if values else "" for values in cells)])
    return Table(f"hv by the critic's quality, surfaces {FEWER[0]}–{FEWER[-1]}", ["optimizer", ".3", ".6", ".9"], lines)


def _equal_qualities(rows: Sequence[Row], whole: Sequence[Row]) -> Table:
    """hv with a critic that is right less often or never; the columns of each kind of surface hold the same surfaces."""
    asked = sorted({QUALITY, *EQUAL_QUALITIES}, reverse=True)
    kinds = {"drawn": [str(seed) for seed in EQUAL_FEWER], "non-convex": [f"nonconvex-{seed}" for seed in EQUAL_FEWER]}
    lines = []
    for kind, surfaces in kinds.items():
        for name in MODULES:
            own = [row for row in (*rows, *whole) if row["optimizer"] == name and row["surface"] in surfaces]
            cells = [[row["hv"] for row in own if row["quality"] == quality] for quality in asked]
            if any(cells):
                told = (f"{_interval_text(values)}, n {len(values)}" if values else "not measured" for values in cells)
                lines.append([kind, name, *told])
    header = ["surfaces", "optimizer", *(f"{one:g}" for one in asked)]
    return Table("hv by the critic's quality, chains for everybody", header, lines)


def _ablation(title: str, rows: Sequence[Row]) -> Table:
    whole = {row["surface"]: row for row in rows if not row["options"]}
    names = dict.fromkeys(_named(row) for row in rows if row["options"])
    lines = []
    for name in names:
        own = {row["surface"]: row for row in rows if _named(row) == name and row["surface"] in whole}
        cells = []
        for worth in _WORTH.values():
            one, other = ({key: worth(of[key]) for key in own} for of in (whole, own))
            cells.append(_difference(paired(one, other)) if len(own) > 1 else "")
        lines.append([name, str(len(own)), *cells])
    return Table(f"{title}: the whole search minus the one that differs, paired by surface", ["", "n", *_WORTH], lines)


def _met_on_the_way(row: Row) -> float:
    """The hypervolume share of all that was measured, mean over the grid: what no rule of handing in has a part in."""
    if row["hv"] <= 0:
        return float("nan")
    reference, whole = np.array(row["reference"]), row["hv_true"] / row["hv"]
    known = [[row["met"][name] for name, when, *_ in row["trace"] if when <= at] for at in GRID]
    return float(np.mean([hypervolume(np.array(points), reference) if points else 0.0 for points in known]) / whole)


_WORTH: dict[str, Callable[[Row], float]] = {
    "hv": lambda row: float(row["hv"]),
    "hv of the pick": lambda row: float(row["hv_pick"]),
    "hv on the way, mean of the curve": lambda row: float(np.mean(row["curve"])),
    "of all that was met, on the way": _met_on_the_way,
}


def _weighted(rows: Sequence[Row], single: Sequence[Row]) -> Table:
    """One run with equal weights against three runs with three weight vectors, merged, on the same surfaces."""
    lines = []
    for kind, is_of in (("drawn", str.isdigit), ("non-convex", lambda name: not name.isdigit())):
        for name in WEIGHTED:
            three = {row["surface"]: row["hv"] for row in rows if row["optimizer"] == name and is_of(row["surface"])}
            one = {row["surface"]: row["hv"] for row in single if row["optimizer"] == name and row["surface"] in three}
            if len(one) > 1:
                merged = _interval_text([three[surface] for surface in one])
                lines.append([kind, name, _interval_text(list(one.values())), merged, str(len(one))])
    return Table("hv of one run with equal weights, and of three weighted runs merged", ["surfaces", "peer", "one", "three", "n"], lines)


def _named(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row["options"].items())


def _claims(block: str, rows: Sequence[Row]) -> Table:
    better = [row for row in rows if "better" in row["compared"].values()]
    own = [row for row in rows if row["outcome"].get("dominates_seed")]
    lines = [
        ["runs", str(len(rows))],
        ["the comparison says better in some objective", f"{len(better)} of {len(rows)}"],
        ["the pick is the seed", f"{sum(row['pick_is_seed'] for row in rows)} of {len(rows)}"],
        ["the search itself says that the pick dominates the seed", f"{len(own)} of {len(rows)}"],
        ["usual advice followed by the pick, minus the seed", _interval_text([row["advice"] - row["advice_seed"] for row in rows])],
        ["true hv of the pick minus the seed's", _interval_text([row["hv_pick"] - row["hv_seed"] for row in rows])],
    ]
    return Table(f"{block}: what is claimed there", ["", ""], lines)


def _difference(one: Paired) -> str:
    return f"{one.mean:+.3f} ({one.lo:+.3f} to {one.hi:+.3f})"


def _interval_text(values: Sequence[float]) -> str:
    mean, lo, hi = interval_of(list(values))
    return f"{mean:.3f} ({lo:.3f}–{hi:.3f})"


def _mean(rows: Sequence[Row], what: str, form: str) -> str:
    told: Callable[[float], str] = form.format
    return told(float(np.mean([row[what] for row in rows])))
