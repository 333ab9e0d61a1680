"""The report of the experiment's fields: the paper's table first, then every figure, the tuned prompts, the cost and the caveats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.records import Measured
from understudy.report.document import Document, Grid, Heading, Paragraph, Part, Picture
from understudy.report.dots import DotPanel, DotRow, dots_svg
from understudy.report.figures import REHEARSAL_WARNING, figure
from understudy.studies.replicate import costs
from understudy.studies.replicate.meanings import MEANINGS

Fields = Mapping[str, Any]
# the columns of the paper's tables: task, figure, and what the paper calls it
COLUMNS = (
    ("ItemsTalk", "item_entropy", "ItemsTalk: item entropy"),
    ("BinPref", "pearson_r", "BinPref: Pearson r"),
    ("OpenPref", "aspect_entropy", "OpenPref: aspect entropy"),
    ("OpenPref", "sentiment_entropy", "OpenPref: sentiment entropy"),
    ("RecRequest", "ttr", "RecRequest: TTR"),
    ("RecRequest", "word_diversity", "RecRequest: word diversity"),
    ("RecRequest", "sentence_diversity", "RecRequest: sentence diversity"),
    ("NegFeedback", "score", "NegFeedback: score"),
)
_HOW = (
    "Each cell is the model's figure with its 95 % interval, then the humans' over the same places by the same instrument. Both sides of "
    "an entropy hold equally many names. Figures of different n are not compared, and a cell with few users has a wide interval."
)


def document(fields: Fields) -> Document:
    """The report."""
    parts: list[Part] = []
    if "rehearsal" in fields["engine"].split("+"):
        parts.append(Paragraph(REHEARSAL_WARNING))
    if all(row["value"] is None for row in fields["rows"]):
        parts.append(Paragraph(_NOBODY))
    parts += [Paragraph(_asked(fields)), Heading("The paper's figures"), paper_grid(fields), Paragraph(_HOW, is_note=True)]
    parts += _pictures(fields)
    for title, grid, note in (
        ("How much of the correlation is the label", label_grid(fields), _LABEL),
        ("What tuning changed, on the same users", tuning_grid(fields), _TUNING),
        ("What one user costs", price_grid(fields), _PRICE),
    ):
        parts += [Heading(title), grid, Paragraph(note, is_note=True)] if grid.rows else []
    parts += [*_templates(fields), Heading("Every figure"), figures_grid(fields), Heading("What the figures are"), meanings_grid(fields)]
    parts += [Heading("What it took"), cost_grid(fields), Paragraph(_COST, is_note=True), *_lacking(fields)]
    return Document(f"The paper's experiment: {fields['model']}", parts)


_NOBODY = "No reply of a language model was measured: this report holds the humans' side alone."
_LABEL = (
    "BinPref-leaky tells the title's average rating in the prompt, as the paper does, and the figure then correlates with that rating. "
    "The difference is paired over the same titles and persons: what r has above that of the clean task is the label read back."
)
_TUNING = (
    "Each tuned prompt against the hand-written one (none) over the users of the tuned one, at equal n, with the 95 % interval of the "
    "paired difference. A difference is better only where it brings the figure nearer to the humans'."
)
_PRICE = (
    "Per user and task, means over the tasks of a row. Calls of a reply are those of the replies that are reported, summaries of tastes "
    "and the judge included. Tuning is paid once for a template, whatever the number of users; TextGrad's is part of every reply. The last "
    "column says from how many users on a template takes fewer calls than tuning for every reply under the same setting."
)
_COST = "Calls per user are the cell's calls divided by the users that it played; what tuning a template took is not among them."


def paper_grid(fields: Fields) -> Grid:
    """The paper's layout: a row for each setting and optimizer, a column for each of its figures, and what a user took."""
    known = {(row["setting"], row["optimizer"], row["task"], row["figure"]): row for row in fields["rows"]}
    lines = []
    for prompt in _prompts(fields):
        cells = [_cell(known.get((*prompt, task, name))) for task, name, _ in COLUMNS]
        lines.append([*prompt, *cells, *_each(costs.user_costs(fields["cells"], *prompt))])
    return Grid(["setting", "optimizer", *(title for _, _, title in COLUMNS), "calls per user and task", "tokens per user and task"], lines)


def label_grid(fields: Fields) -> Grid:
    """r of the clean and of the leaky BinPref over the same titles, with their paired difference; no row where one was not asked."""
    lines = [
        [row["setting"], row["optimizer"], figure(row["other"]), figure(row["value"]), figure(row["difference"], form="+.3f", reason=True)]
        for row in fields["pairs"]
        if row["kind"] == "label"
    ]
    return Grid(["setting", "optimizer", "r, clean", "r, label in the prompt", "difference"], lines)


def tuning_grid(fields: Fields) -> Grid:
    """Each figure of each tuned prompt beside that of the hand-written one over the same users, and the humans' value."""
    humans = {(row["task"], row["setting"], row["optimizer"], row["figure"]): row["human"] for row in fields["rows"]}
    lines = [
        [row["task"], row["setting"], row["optimizer"], row["figure"].replace("_", " "), figure(row["other"]), figure(row["value"]),
         figure(row["difference"], form="+.3f"), str(row["difference"]["n"]),
         figure(humans.get((row["task"], row["setting"], row["optimizer"], row["figure"])), interval=False)]
        for row in fields["pairs"]
        if row["kind"] == "tuning"
    ]  # fmt: skip
    return Grid(["task", "setting", "optimizer", "figure", "hand-written", "tuned", "difference", "n", "humans"], lines)


def price_grid(fields: Fields) -> Grid:
    """What one user takes under each optimizer, tuning included, for the users at hand and for 100 and 1,000 of them."""
    lines = [
        [one.setting, one.optimizer, ", ".join(one.tasks), f"{one.users:g}", *map(_number, (one.calls, one.tokens, one.tuning_calls)),
         *(_number(one.calls_for(n)) for n in (one.users, 100, 1000)), _number(one.tokens_for(100)), _users(one.cheaper_from)]
        for one in costs.prices(fields["cells"])
    ]  # fmt: skip
    header = [
        "setting", "optimizer", "tasks", "users", "calls of a reply", "tokens of a reply", "tuning calls, once", "calls, these users",
        "calls, 100 users", "calls, 1,000 users", "tokens, 100 users", "cheaper than per reply from",
    ]  # fmt: skip
    return Grid(header, lines)


def figures_grid(fields: Fields) -> Grid:
    """Every figure as a row."""
    lines = [
        [row["task"], row["setting"], row["optimizer"], row["figure"].replace("_", " "), row["unit"], _model(row), str(row["n"]),
         figure(row["human"], reason=True), figure(row["difference"], form="+.3f")]
        for row in fields["rows"]
    ]  # fmt: skip
    return Grid(["task", "setting", "optimizer", "figure", "unit", "model", "n", "humans", "difference"], lines)


def meanings_grid(fields: Fields) -> Grid:
    """What each figure of the report is, and where it is good."""
    named = dict.fromkeys(row["figure"] for row in fields["rows"])
    return Grid(["figure", "what it is", "better"], [[name.replace("_", " "), *MEANINGS[name]] for name in named])


def cost_grid(fields: Fields) -> Grid:
    """What each cell took."""
    lines = [
        [one["task"], one["setting"], one["optimizer"], *(str(one[name]) for name in ("n_users", "n_places", "n_missing", "n_invalid")),
         _number(one["calls_per_user"]), _number(one["tokens_per_user"]), str(one["tuning_calls"]), str(one["tuning_tokens"]),
         _why_missing(one)]
        for one in fields["cells"]
    ]  # fmt: skip
    header = [
        "task", "setting", "optimizer", "users", "replies asked", "missing", "invalid", "calls per user", "tokens per user", "tuning calls",
        "tuning tokens", "why missing",
    ]  # fmt: skip
    return Grid(header, lines)


def _asked(fields: Fields) -> str:
    judge = f", judge {fields['judge']}" if fields["judge"] else ", no judge"
    spent, texts = fields["spent"], " and ".join(dict.fromkeys((fields["texts_from"], fields["dataset"])))
    return (
        f"Model {fields['model']}{judge}, critic {fields['critic']}; engine {fields['engine']}. Histories and ratings are those of "
        f"{fields['ratings']}, texts those of {texts}. Users, titles and texts of the part `test`, "
        f"which no prompt was tuned on. Seed {fields['seed']}. Its runs made {spent['n_calls']} calls of "
        f"{spent['tokens']} tokens; what the ledger held from before was not asked again."
    )


def _prompts(fields: Fields) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["setting"], row["optimizer"]) for row in fields["rows"]))


def _cell(row: Fields | None) -> str:
    """`model [interval], n = places / humans`."""
    if row is None:
        return ""
    told = {"value": row["value"], "ci": row.get("ci"), "n": row["n"], "reason": row.get("reason", "")}
    return f"{figure(told, n='named')} / {figure(row['human'], interval=False)}"


def _model(row: Fields) -> str:
    return figure({"value": row["value"], "ci": row.get("ci"), "n": row["n"], "reason": row.get("reason", "")})


def _each(prices: costs.UserCost | None) -> list[str]:
    return ["", ""] if prices is None else [_number(prices.calls), _number(prices.tokens)]


def _users(n: int | None) -> str:
    return "" if n is None else f"{n:,} user{'' if n == 1 else 's'}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _why_missing(cell: Fields) -> str:
    return "; ".join(f"{n}: {reason}" for reason, n in cell["missing"].items())


def _measured(row: Fields) -> Measured:
    return Measured.from_json({"value": row["value"], "ci": row.get("ci"), "n": row["n"], "reason": row.get("reason", "")})


def _pictures(fields: Fields) -> list[Part]:
    panels = [
        DotPanel(title, next((row["unit"] for row in fields["rows"] if (row["task"], row["figure"]) == (task, name)), ""), [
            DotRow(f"{row['setting']}, {row['optimizer']}", _measured(row), Measured.from_json(row["human"]))
            for row in fields["rows"]
            if (row["task"], row["figure"]) == (task, name)
        ])
        for task, name, title in COLUMNS
    ]  # fmt: skip
    if not any(row.model.value is not None for panel in panels for row in panel.rows):
        return []
    caption = "The paper's figures with 95 % intervals, for each setting and optimizer, beside the humans over the same places."
    return [Picture(dots_svg(panels, title="The paper's figures"), caption)]


def _templates(fields: Fields) -> list[Part]:
    found: list[Part] = [Heading("Tuned prompts")] if fields["templates"] else []
    for one in fields["templates"]:
        is_seed = one["genome_digest"] == one["seed_digest"]
        chosen = "The search kept its seed." if is_seed else "The search chose another prompt than its seed."
        size = f"{one['n_candidates']} prompts in {one['n_generations']} generations, {one['n_calls']} calls"
        found.append(Paragraph(f"{one['name']}, tuned under {one['setting']}: {size}; {one['reason'] or one['stopped']}. {chosen}"))
        lines = [[name, figure(sides["seed"]), figure(sides["pick"])] for name, sides in one["objectives"].items()]
        if lines:
            found.append(Grid(["distance to humans on select (lower is better)", "seed", "pick"], lines))
        if one["left_out"]:
            lacking = "; ".join(f"{name} ({reason})" for name, reason in one["left_out"].items())
            found.append(Paragraph(f"The seed could not be measured on these, so the search went on without them: {lacking}."))
        found.append(Grid(["section", "text"], [[name, text] for name, text in one["genome"]["sections"].items()]))
    return found


def _lacking(fields: Fields) -> list[Part]:
    """What was not measured: by task and reason the figures, and of which prompts."""
    by_prompt: dict[tuple[str, str, str], list[str]] = {}
    for row in fields["rows"]:
        if row["value"] is None:
            place = (row["task"], row.get("reason", ""), f"{row['setting']}, {row['optimizer']}")
            by_prompt.setdefault(place, []).append(row["figure"].replace("_", " "))
    alike: dict[tuple[str, str, str], list[str]] = {}
    for (task, reason, prompt), names in by_prompt.items():
        alike.setdefault((task, reason, ", ".join(names)), []).append(prompt)
    lines = [[task, names, "; ".join(prompts), reason] for (task, reason, names), prompts in alike.items()]
    return [Heading("What was not measured"), Grid(["task", "figures", "prompts", "reason"], lines)] if lines else []
