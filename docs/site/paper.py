"""The tables of docs/paper.md, which are read from what was measured and are never written by hand.

    python docs/site/paper.py                    writes the tables anew, those of the runs in recordings/ among them
    python docs/site/paper.py FOLDER …           takes what `understudy replicate --out FOLDER` wrote as docs/paper/MODEL.json
    python docs/site/paper.py --replies FOLDER   reads the replies that the paper's authors published as docs/paper/authors.json

The estimate of the full grid is taken with it, where `understudy replicate … --only-estimate --out FOLDER` put one into the same folder.
Each table stands between two marks, `<!-- NAME -->` and `<!-- /NAME -->`. Several runs of one model are one experiment, whose last
replicate.json holds them all.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from understudy.errors import BadInput
from understudy.probes.replication import authors
from understudy.report.document import Grid
from understudy.report.figures import estimated, figure
from understudy.report.markdown import table
from understudy.studies.replicate import page as report
from understudy.studies.replicate.meanings import MEANINGS

DOCS = Path(__file__).resolve().parents[1]
PAGE, MEASURED, RECORDINGS = "paper.md", DOCS / "paper", DOCS.parent / "recordings"
AUTHORS = "authors"
Fields = Mapping[str, Any]
# what the paper reports: its row, its numbers, task and figure of ours, and why the two are not one number
CLAIMS = (
    ("ItemsTalk, item entropy, bits", "9.269; humans 10.067", "ItemsTalk", "item_entropy",
     "n of titles is not told on either of the paper's sides; ours are at equal n, and 100 users with five titles cannot exceed 8.97"),
    ("BinPref, Pearson r", "not reported without the label", "BinPref", "pearson_r", "no prompt of ours holds the rating"),
    ("BinPref, Pearson r, the rating in the prompt", ".726 (GPT-4 .265)", "BinPref-leaky", "pearson_r",
     "the paper's prompt holds the average rating with which it then correlates; this is that task"),
    ("OpenPref, aspect entropy, bits", "target range 5 to 8", "OpenPref", "aspect_entropy",
     "another tagger: the paper's needs corpora that are in no package; an entropy grows with n and with the length of the texts"),
    ("OpenPref, sentiment entropy, bits", "1.274 (GPT baselines 0.000)", "OpenPref", "sentiment_entropy",
     "the paper's 0.000 comes of looking for `aspect|sentiment` in free text that never holds it; here one instrument reads all texts"),
    ("OpenPref, replies longer than asked", "not reported; .04 and .75 in the authors' files", "OpenPref", "too_long",
     "the authors' own replies before and after tuning are read below"),
    ("RecRequest, TTR", "target range .10 to .25", "RecRequest", "ttr", "it falls with the length of the text; ours cuts both sides alike"),
    ("RecRequest, word diversity", "target range .35 to .55", "RecRequest", "word_diversity", "the same vectors; titles are masked"),
    ("RecRequest, sentence diversity", "target range .35 to .55", "RecRequest", "sentence_diversity", "the same model"),
    ("NegFeedback, score, 0 to 10", "judge against three people, ten replies: r .484 (GPT-3.5 −.244)", "NegFeedback", "score",
     "a rating study is a study of its own; ours is the judge's score of both sides"),
)  # fmt: skip
# the setting that the paper's own rows have
_PAPERS = "summary+persona"


def main(words: Sequence[str]) -> int:
    """0 when the page is written."""
    if words and words[0] == "--replies":
        if len(words) != 2:
            print(__doc__, file=sys.stderr)
            return 2
        _put(AUTHORS, replies_read(Path(words[1])))
    else:
        for folder in words:
            taken(Path(folder))
    (DOCS / PAGE).write_text(written((DOCS / PAGE).read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def taken(folder: Path) -> str:
    """The name under which the fields of a run are kept. Raises BadInput where the folder holds none."""
    fields = fields_in(folder)
    _put(name := slug(fields["model"]), fields)
    return name


def fields_in(folder: Path) -> dict[str, Any]:
    """What a run measured, with the estimate of the full grid that lies beside it. Raises BadInput where the folder holds none."""
    path, beside = folder / "replicate.json", folder / "estimate.json"
    if not path.is_file():
        raise BadInput(f"{folder} holds no replicate.json", hint="name the folder that `understudy replicate --out FOLDER` wrote")
    fields = json.loads(path.read_text(encoding="utf-8"))
    # where the files of that run lie is no part of what it measured
    kept = {key: value for key, value in fields.items() if key not in ("ok", "files")}
    if beside.is_file():
        told = json.loads(beside.read_text(encoding="utf-8"))
        kept["full_grid"] = {"model": told["model"], **{one: told["estimate"][one] for one in ("n_calls", "tokens", "minutes", "usd")}}
    return kept


def slug(model: str) -> str:
    """The file's name of a model: its own, without the folder and the digest of its weights."""
    return re.sub(r"[^a-z0-9.]+", "-", model.split("@")[0].rpartition("/")[2].lower()).strip("-") or "model"


def written(page: str) -> str:
    """The page with every table as it is now."""
    runs, replies = measured()
    for name, told in SECTIONS.items():
        page = filled(page, name, told(runs))
    return filled(page, "authors", authors_table(replies))


def measured() -> tuple[list[Fields], Fields]:
    """The fields of each run in order of its model's name, and those of the published replies (empty where not read).

    A run that was recorded is read where its recording lies.
    """
    known = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in MEASURED.glob("*.json")}
    replies = known.pop(AUTHORS, {})
    recorded = [fields_in(path.parent) for path in RECORDINGS.glob("*/replicate.json")]
    known |= {slug(one["model"]): one for one in recorded}
    return [known[name] for name in sorted(known)], replies


def filled(page: str, name: str, text: str) -> str:
    """The page with `text` between the marks of that name. Raises ValueError where they are missing."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"docs/{PAGE} has no marks {begin} and {end}, once each")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.partition(end)[2]}"


# -- the tables ----------------------------------------------------------------------------------------------------------------------
def models(runs: Sequence[Fields]) -> list[Fields]:
    """The runs in which a language model was asked."""
    return [one for one in runs if any(row["value"] is not None for row in one["rows"])]


def compared(runs: Sequence[Fields]) -> str:
    """The paper's numbers beside ours, a column for each model."""
    asked = models(runs)
    humans = {(row["task"], row["figure"]): row["human"] for run in runs for row in run["rows"] if row["human"]["value"] is not None}
    lines = [
        [what, paper, figure(humans.get((task, name))), *(_ours(one, task, name) for one in asked), why]
        for what, paper, task, name, why in CLAIMS
    ]
    told = table(["what", "the paper", "people here", *(one["model"] for one in asked), "why they are not one number"], lines)
    if asked:
        return f"{told}\n\nA model's cell has one value for each optimizer, under `{_PAPERS}` where that was played."
    return f"{told}\n\nNo language model has played this experiment yet."


def humans(runs: Sequence[Fields]) -> str:
    """The humans' figures over the most places that any run has."""
    best: dict[tuple[str, str], Fields] = {}
    for row in (row for run in runs for row in run["rows"]):
        known = best.get((row["task"], row["figure"]))
        if row["human"]["value"] is not None and (known is None or row["human"]["n"] > known["human"]["n"]):
            best[row["task"], row["figure"]] = row
    lines = [
        [f"`{task}`", f"`{name}`", figure(row["human"]), row["unit"], str(row["human"]["n"])]
        for (task, name), row in best.items()
        if task != "BinPref-leaky"
    ]
    return table(["task", "figure", "humans, 95 %", "unit", "n"], lines)


def figures(_: Sequence[Fields]) -> str:
    """What each figure is, as the report says it."""
    return table(["figure", "what it is", "better"], [[f"`{name}`", *told] for name, told in MEANINGS.items()])


def papers_layout(runs: Sequence[Fields]) -> str:
    """The table in the paper's layout, for each model."""
    return _each(runs, report.paper_grid)


def labels(runs: Sequence[Fields]) -> str:
    """The leaky BinPref against the clean one, for each model."""
    return _each(runs, report.label_grid)


def tuning(runs: Sequence[Fields]) -> str:
    """What tuning changed, for each model."""
    return _each(runs, report.tuning_grid)


def prices(runs: Sequence[Fields]) -> str:
    """What one user costs, for each model, and what the full grid would take."""
    return _each(runs, report.price_grid)


def full_grid(runs: Sequence[Fields]) -> str:
    """The full grid's cost as it was estimated on each model's store."""
    lines = []
    for one in runs:
        if expected := one.get("full_grid"):
            counts = [estimated(expected[name], reason=True) for name in ("n_calls", "tokens")]
            lines.append([expected["model"], *counts, _hours(expected["minutes"]), estimated(expected["usd"], reason=True)])
    return table(["model", "calls", "tokens", "hours", "USD"], lines) if lines else "It was not estimated yet."


def authors_table(replies: Fields) -> str:
    """The replies that the paper's authors published, before and after tuning."""
    if not replies:
        return "They were not read yet."
    header = ["", "replies", "texts", "longer than asked", "characters, mean", "median", "sentiment entropy", "aspect entropy"]
    lines = [[name, *_reply_cells(one)] for name, one in replies["sides"].items()]
    equal = ["entropy of", "before", "after", "difference, paired", "n of replies"]
    pairs = [
        [name.replace("_entropy", ""), *(figure(one[side]) for side in ("before", "after")), figure(one["difference"], form="+.3f"),
         str(one["difference"]["n"])]
        for name, one in replies["at_equal_n"].items()
    ]  # fmt: skip
    return (
        f"{table(header, lines)}\n\nAt equal n, which is as many sentences and aspects of each reply as it has on both sides, over the "
        f"replies whose texts are there before and after:\n\n{table(equal, pairs)}"
    )


SECTIONS: Mapping[str, Callable[[Sequence[Fields]], str]] = {
    "figures": figures, "compared": compared, "humans": humans, "layout": papers_layout, "labels": labels, "tuning": tuning,
    "prices": prices, "full-grid": full_grid,
}  # fmt: skip


def replies_read(folder: Path) -> dict[str, Any]:
    """What the published replies amount to: before, after, and before tuning of those alone whose text is there after. Raises BadInput."""
    sides = {}
    for name, file in (("before tuning", "before.jsonl"), ("after tuning", "after_partial.jsonl")):
        path = folder / file
        if not path.is_file():
            raise BadInput(f"{folder} holds no {file}", hint="name the folder with the replies that the paper's authors published")
        sides[name] = authors.replies_in(path.read_text(encoding="utf-8").splitlines())
    before, after = sides.values()
    kept = [at for at, one in enumerate(after) if one.text]
    sides["before, those whose text is there after"] = [before[at] for at in kept]
    sides["after, the same"] = [after[at] for at in kept]
    equal = {
        name: {"before": one.human.as_json(), "after": one.model.as_json(), "difference": one.difference.as_json()}
        for name, one in authors.at_equal_n(before, after).items()
    }
    return {"sides": {name: _as_fields(authors.read(one)) for name, one in sides.items()}, "at_equal_n": equal}


def _as_fields(read: authors.RepliesRead) -> dict[str, Any]:
    return {**asdict(read), "too_long": read.too_long.as_json()}


def _reply_cells(one: Fields) -> list[str]:
    # entropies of the texts that are there: of replies whose texts are partly missing they would be another set's
    is_whole = one["n_texts"] == one["too_long"]["n"]
    entropies = [f"{one[name]:.3f}" if is_whole and one[name] is not None else "–" for name in ("sentiment_entropy", "aspect_entropy")]
    counts = [str(one["too_long"]["n"]), str(one["n_texts"])]
    return [*counts, figure(one["too_long"]), f"{one['mean_length']:,.1f}", f"{one['median_length']:,.1f}", *entropies]


def _ours(run: Fields, task: str, name: str) -> str:
    rows = [row for row in run["rows"] if (row["task"], row["figure"]) == (task, name)]
    if not rows:
        return "not asked"
    setting = _PAPERS if any(row["setting"] == _PAPERS for row in rows) else rows[0]["setting"]
    own = [row for row in rows if row["setting"] == setting]
    told = [f"{row['optimizer']} {figure({**row, 'ci': row.get('ci')}, n='named')}" for row in own]
    return "; ".join(told) if setting == _PAPERS else f"{setting}: {'; '.join(told)}"


def _hours(minutes: Fields) -> str:
    if minutes["value"] is None:
        return estimated(minutes, reason=True)
    return estimated({"value": round(minutes["value"] / 60), "range": [round(one / 60) for one in minutes["range"]]})


def _each(runs: Sequence[Fields], grid_of: Callable[[Fields], Grid]) -> str:
    grids = [(one["model"], grid_of(one)) for one in models(runs)]
    told = [f"`{model}`\n\n{table(grid.header, grid.rows)}" for model, grid in grids if grid.rows]
    return "\n\n".join(told) or "No language model has played this yet."


def _put(name: str, fields: Mapping[str, Any]) -> None:
    MEASURED.mkdir(exist_ok=True)
    (MEASURED / f"{name}.json").write_text(json.dumps(fields, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except BadInput as error:
        print(f"{error.message} ({error.hint})", file=sys.stderr)
        raise SystemExit(2) from None
