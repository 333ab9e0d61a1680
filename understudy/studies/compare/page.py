"""The report of a comparison: the results, then the cost, then the caveats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.objectives import NAMES
from understudy.profile.splits import people_named
from understudy.report.arrows import arrows_svg
from understudy.report.document import Document, Grid, Heading, Paragraph, Part, Picture
from understudy.report.figures import REHEARSAL_WARNING, amount, counted, figure, number, p_value, read_by, underpowered, unused_objectives
from understudy.studies.compare.first_table import said_as_planned

Fields = Mapping[str, Any]
REHEARSAL = "rehearsal"
_POOLED = (
    "Seeds {seeds}; the tables before this one are those of the first. Differences are pooled with random effects (DerSimonian and Laird), "
    "so what varies between seeds is in the interval; the people are the same at every seed."
)
_ARROWS = {"better": "better", "worse": "worse", "inconclusive": "inconclusive", "not_measured": "not measured"}


def document(fields: Fields) -> Document:
    """The report of a comparison's fields."""
    parts: list[Part] = []
    if REHEARSAL in fields["engine"]:
        parts.append(Paragraph(REHEARSAL_WARNING))
    parts += [Paragraph(_asked(fields)), Heading("Before and after the search"), headline(fields), Paragraph(_read(fields), is_note=True)]
    notes = (*steering(fields), *_unchecked(fields), *_readers(fields), *said_as_planned(fields))
    parts += [Paragraph(told, is_note=True) for told in notes]
    parts.append(Picture(arrows_svg(fields["rows"], title=f"Before and after on {_people(fields)}"), _caption(fields)))
    parts += [Heading("Every figure"), _figures_grid(fields["rows"]), Paragraph(_family(fields["family"]), is_note=True)]
    if fields["transfer"]:
        parts += [Heading("Transfer"), _carried(fields["rows"]), Paragraph(_transferred(fields), is_note=True)]
    parts += [Heading("Held-out evaluator"), _heldout(fields), Paragraph(fields["heldout"]["what"], is_note=True)]
    parts += [Heading("Cost"), _costs(fields), Paragraph(_effort(fields), is_note=True)]
    if fields["versus_expert"]:
        told = "Every pick is compared with the hand-written prompt setting `expert`, measured on the same contexts and scenarios."
        parts += [
            Heading("Comparison with the hand-written expert prompt"),
            _figures_grid(fields["versus_expert"]),
            Paragraph(told, is_note=True),
        ]
    if fields.get("best_shipped"):
        parts += [
            Heading("Comparison with the best shipped prompt"),
            _figures_grid(fields["versus_best_shipped"]),
            Paragraph(_best_shipped(fields["best_shipped"]), is_note=True),
        ]
    if pooled := fields.get("over_seeds"):
        parts += [Heading(f"Over {len(pooled['seeds'])} seeds"), _pooled_grid(pooled["rows"])]
        if pooled["versus_best_shipped"]:
            told = f"Best shipped at each seed: {', '.join(pooled['best_shipped'])}. Before stands that prompt, after the pick."
            parts += [_pooled_grid(pooled["versus_best_shipped"]), Paragraph(told, is_note=True)]
        parts.append(Paragraph(_POOLED.format(seeds=", ".join(map(str, pooled["seeds"]))), is_note=True))
    return Document(f"Before and after: {fields['dataset']}", parts)


def _pooled_grid(rows: Sequence[Fields]) -> Grid:
    header = ["setting", "objective", "difference", "at each seed", "p (Holm)", "outcome"]
    lines = []
    for row in rows:
        each = ", ".join(number(value, missing="–") for value in row["values"])
        cells = [figure(row["difference"], reason=True), each, p_value(row["p_holm"]), _ARROWS[row["outcome"]]]
        lines.append([row["setting"], row["objective"], *cells])
    return Grid(header, lines)


def headline(fields: Fields) -> Grid:
    """One row per prompt setting and one column per objective: before → after, and the outcome."""
    own = {(row["setting"], row["objective"]): row for row in fields["rows"]}
    first = [own[next(iter(own))[0], name] for name in NAMES]
    floor = ["humans against humans", *(_point(row["human"]) for row in first), _point(fields["heldout"]["human"])]
    apart = {one["setting"]: one["heldout"] for one in fields["settings"]}
    lines = [
        [setting, *(_step(own[setting, name]) for name in NAMES), f"{_point(apart[setting]['before'])} → {_point(apart[setting]['after'])}"]
        for setting in dict.fromkeys(row["setting"] for row in fields["rows"])
    ]
    shipped = []
    if best := fields.get("best_shipped"):
        shipped = [[f"best shipped: {best['setting']}", *(_point(best["objectives"][name]) for name in NAMES), _point(best["heldout"])]]
    return Grid(["setting", *(name.replace("_", " ") for name in NAMES), "held-out AUC"], [*lines, *shipped, floor])


def _asked(fields: Fields) -> str:
    search, panel = fields["search"], fields["report_panel"]
    where = f"{fields['dataset']}, split {_people(fields)}, recommender {fields['recommender']}"
    if fields["transfer"]:
        there = fields["transfer"]
        where = f"{there['dataset']}, split {_people(fields)}, recommender {there['recommender']}, surface {there['surface']}"
    plan = f"population {search['population']}, {search['generations']} generations, {search['algorithm']}"
    size = f"{panel['per_stratum']} contexts per stratum, {panel['behaviour']} dialogues, {panel['free']} free runs"
    models = ", ".join(sorted(set(fields["models"].values())))
    return (
        f"Model {models}; engine {fields['engine']}. The search used {plan}. The prompts were measured on {where} with {size}, none "
        f"of which the search had seen. The test split has been opened {fields['n_test_uses']} times."
    )


def _people(fields: Fields) -> str:
    # a table that an older version has kept names no part
    return people_named(fields.get("part") or fields["split"])


def _read(fields: Fields) -> str:
    told = ", ".join(f"{n} {_ARROWS[name]}" for name, n in fields["outcomes"].items() if n)
    return (
        f"Lower is better. Outcomes: {told}. A prompt is called better or worse where p < .05 after correction and the worse of the two "
        "is farther from the humans than humans are from each other."
        + (f" There are {underpowered(fields['underpowered'])}." if fields.get("underpowered") else "")
    )


def steering(fields: Fields) -> list[str]:
    """By which objectives each search was steered and its pick chosen; settings with the same objectives share a sentence.

    Empty for a table that a version before has kept, which does not say so.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in fields["settings"]:
        if (weak := one.get("objectives_underpowered")) is not None:
            used = {what: ", ".join(name for name in NAMES if name not in weak[what]) for what in ("search", "choice")}
            steered = f"The search was steered by {used['search']}, and the pick was chosen by {used['choice']}."
            groups.setdefault((steered, *unused_objectives(weak)), []).append(one["setting"])
    return [f"{', '.join(names)}: {' '.join(told)}" for told, names in groups.items()]


def _unchecked(fields: Fields) -> list[str]:
    """How many turns no verifier has checked, for each setting that has some."""
    told = []
    for one in fields["settings"]:
        n = one.get("n_unchecked") or {}
        if any(n.values()):
            before, after = counted(n["before"]), counted(n["after"])
            told.append(f"{one['setting']}: turns that the verifier has not checked, before and after the search: {before}, {after}.")
    return told


def _readers(fields: Fields) -> list[str]:
    """What read the turns; nothing for a table that a version before has kept, which does not say so."""
    return [read_by(fields["instruments"])] if "instruments" in fields else []


def _caption(fields: Fields) -> str:
    return f"Seed prompt (square) and pick of its search (diamond) with 95 % intervals, split {_people(fields)}, engine {fields['engine']}."


def _figures_grid(rows: Sequence[Fields]) -> Grid:
    header = ["setting", "objective", "before", "after", "humans against humans", "difference", "n", "p", "p (Holm)", "outcome"]
    return Grid(
        header,
        [
            [
                row["setting"], row["objective"], *(figure(row[name], reason=True) for name in ("before", "after", "human", "difference")),
                str(row["n"]), p_value(row["p"]), p_value(row["p_holm"]), _outcome(row),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _carried(rows: Sequence[Fields]) -> Grid:
    header = ["setting", "objective", "difference at home", "difference elsewhere", "share of the improvement that is kept"]
    return Grid(
        header,
        [
            [row["setting"], row["objective"], *(figure(row[name], reason=True) for name in ("home_difference", "difference", "carried"))]
            for row in rows
        ],
    )


def _transferred(fields: Fields) -> str:
    there = fields["transfer"]
    return (
        f"Tuned on {fields['dataset']} with {fields['recommender']} on surface {fields['surface']}; measured with its seed prompt on "
        f"{there['dataset']} with {there['recommender']} on surface {there['surface']}. {there['exemplars']} The shares are quotients "
        "of two independent differences with Fieller's interval. The tests at home and elsewhere are two families."
    )


def _heldout(fields: Fields) -> Grid:
    lines = [[one["setting"], *(figure(one["heldout"][side], reason=True) for side in ("before", "after"))] for one in fields["settings"]]
    return Grid(["setting", "before", "after"], [*lines, ["humans against humans", figure(fields["heldout"]["human"], reason=True), ""]])


def _best_shipped(best: Fields) -> str:
    left_out = "".join(f" {name} was left out: {why}." for name, why in sorted(best["left_out"].items()))
    return (
        f"The shipped prompts were played as they are on {best['n_rounds']} panels of the search, {best['n_dialogues']} dialogues in all "
        f"(a search of this table has played {best['n_dialogues_of_a_search']:.0f}), and {best['setting']} was chosen by the rule by which "
        f"a search chooses its pick; seeds {', '.join(map(str, best['seeds']))}. Before stands that prompt, after the pick.{left_out}"
    )


def _costs(fields: Fields) -> Grid:
    header = [
        "setting", "prompt, tokens", "tokens per dialogue", "USD per dialogue", "search: calls", "search: USD", "search: dialogues",
        "minutes by hand, before", "minutes by hand, search",
    ]  # fmt: skip
    lines = []
    for one in fields["settings"]:
        both = [
            f"{amount(one[name]['before'], reason=True)} → {amount(one[name]['after'], reason=True)}"
            for name in ("prompt_tokens", "dialogue_tokens", "dialogue_usd")
        ]
        search = one["search"]
        cost = [*(amount(search[name], reason=True) for name in ("n_calls", "usd")), str(search["n_dialogues"])]
        lines.append([one["setting"], *both, *cost, amount(one["minutes"]["before"], reason=True), f"{one['minutes']['search']:g}"])
    return Grid(header, lines)


def _effort(fields: Fields) -> str:
    return (
        f"{fields['minutes_note']} A prompt's tokens are counted with the cl100k_base tokenizer for every model. The tokens of a "
        "dialogue are those of all calls of the seeker's side in both directions, in free runs."
    )


def _family(family: Fields) -> str:
    return f"{family['correction']}'s correction over {family['n_tests']} tests: {family['of']}."


def _step(row: Fields) -> str:
    return f"{_point(row['before'])} → {_point(row['after'])} ({_ARROWS[row['outcome']]})"


def _outcome(row: Fields) -> str:
    reason = row["reason"] or row["difference"].get("reason", "")
    return _ARROWS[row["outcome"]] + (f": {reason}" if reason else "")


def _point(one: Fields) -> str:
    return figure(one, interval=False)
