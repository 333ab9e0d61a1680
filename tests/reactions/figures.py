"""Measures the shipped reaction instrument on turns that its head was not trained on, and writes `figures.json` beside the head.

    python tests/reactions/figures.py --redial FOLDER --iard FILE [--head FILE] [--write]

Besides the shipped instrument it measures what was there before: the word lists, and the model fitted on IARD's gold acts, which reads
dialogues of IARD out of sample there. IARD's gold follows another definition (docs/instruments.md), so its figures stand apart.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import labelled  # noqa: E402
import provenance  # noqa: E402

from tests.iard_gold import iard_turns  # noqa: E402
from understudy.instruments import fitted, gold, reaction, validation  # noqa: E402
from understudy.instruments.shipped import model  # noqa: E402
from understudy.instruments.text import Titles  # noqa: E402
from understudy.profile.labelling import agreement  # noqa: E402
from understudy.statistics.confusion import confusion, scores  # noqa: E402

FIGURES = HERE.parents[1] / "understudy" / "instruments" / "shipped" / "figures.json"
LABELLERS = "two labellings by large language models (Claude), made without sight of each other"
HUMAN, MODELS, WRITTEN = "human", "language_models", "written"
Turn = dict[str, Any]
Reads = Callable[[Sequence[Turn]], list[str]]


def register_of(turn: Turn) -> str:
    """ReDial's people, replies of language models, or turns that were written to be labelled."""
    return HUMAN if turn["source"] == labelled.REDIAL else WRITTEN if turn["source"].startswith("written") else MODELS


def main() -> None:
    """Prints the tables, and writes the figures with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redial", type=Path, required=True)
    parser.add_argument("--iard", type=Path, required=True)
    parser.add_argument("--labels", type=Path, default=labelled.FILE)
    parser.add_argument("--head", type=Path, help="another head than the shipped one, which is measured in its place")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.write and given.head is not None:
        parser.error("--write keeps the figures of the shipped head: leave out --head")
    turns = labelled.of_test(given.labels, redial=given.redial)
    every_turn, titles = iard_turns(given.iard)
    gold_turns = gold.known(every_turn)
    on_iard = fitted.fit_reaction(gold_turns, titles)
    head, name = (model.shipped(), "shipped") if given.head is None else (model.Shipped(given.head.read_bytes()), given.head.name)
    reads: dict[str, Reads] = {
        name: lambda some: by_head(head, some), "lexicon": lexicon, "fitted on IARD": lambda some: by_model(on_iard, some),
    }  # fmt: skip
    for by, read in reads.items():
        print(f"\n{by}")
        for register, part in _parts(turns).items():
            print(_line(register, measured(part, read(part))))
    task = validation.tasks(gold_turns, titles)["reaction"]
    print("\nIARD")
    for by, found in (
        (name, validation.held_out(task, lambda rows: head.labels(rows["answered"], rows["text"]))),
        ("lexicon", validation.held_out(task, lambda rows: reaction.reaction(rows["masked"]))),
        ("fitted on IARD, cross-validated", validation.cross_validated(task, n_folds=10)),
    ):
        print(by, found["macro_f1"], {kind: round(one["f1"], 2) for kind, one in found["per_class"].items()})
    print(validation.table(task, lambda rows: head.labels(rows["answered"], rows["text"])).counts)
    if given.write:
        if told := provenance.refused(json.loads(FIGURES.read_text(encoding="utf-8")).get("trained"), _trained(given.labels)):
            raise SystemExit(told)
        FIGURES.write_text(json.dumps(written(turns, given.labels), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _parts(turns: Sequence[Turn]) -> dict[str, list[Turn]]:
    names = {"all": turns, **{name: [one for one in turns if register_of(one) == name] for name in (HUMAN, MODELS, WRITTEN)}}
    for author in sorted({one["source"] for one in turns if register_of(one) == MODELS}):
        names[author] = [one for one in turns if one["source"] == author]
    for kind in sorted({one["register"] for one in turns if register_of(one) == WRITTEN}):
        names[f"written, {kind}"] = [one for one in turns if register_of(one) == WRITTEN and one["register"] == kind]
    return {name: list(part) for name, part in names.items() if part}


def shipped(turns: Sequence[Turn]) -> list[str]:
    """What the shipped instrument reads."""
    return by_head(model.shipped(), turns)


def by_head(head: model.Shipped, turns: Sequence[Turn]) -> list[str]:
    """What the instrument reads with this head."""
    return head.labels(*(pl.Series([one[name] for one in turns], dtype=pl.String) for name in ("previous", "text"))).to_list()


def lexicon(turns: Sequence[Turn]) -> list[str]:
    """What the word lists read."""
    return reaction.reaction(_masked(turns)).to_list()


def by_model(one: fitted.Classifier, turns: Sequence[Turn]) -> list[str]:
    """What a model fitted on gold acts reads."""
    return one.predict(_masked(turns)).to_list()


def _masked(turns: Sequence[Turn]) -> pl.Series:
    return pl.DataFrame({"text": [one["text"] for one in turns]}).select(Titles.of({}).masked("text")).to_series()


def measured(turns: Sequence[Turn], said: Sequence[str]) -> dict[str, Any]:
    """macro_f1, per_class, confusion and, by kind, how many turns there are and how many are read as their class."""
    truth = [one["label"] for one in turns]
    found = scores(truth, [said], [one["id"] for one in turns], classes=reaction.CLASSES, seed=0)
    kinds: dict[str, list[bool]] = {}
    for one, label in zip(turns, said, strict=True):
        kinds.setdefault(one["kind"] if one["label"] != "neither" else "neither", []).append(label == one["label"])
    return {
        "macro_f1": found["macro_f1"], "per_class": found["per_class"],
        "confusion": confusion(truth, said, classes=reaction.CLASSES).as_json(),
        "kinds": {kind: {"n": len(right), "n_right": sum(right)} for kind, right in sorted(kinds.items())},
    }  # fmt: skip


def _line(name: str, found: Mapping[str, Any]) -> str:
    f1 = found["macro_f1"]
    classes = ", ".join(f"{kind} {one['f1']:.2f}" for kind, one in found["per_class"].items())
    kinds = ", ".join(f"{kind} {one['n_right']}/{one['n']}" for kind, one in found["kinds"].items())
    low, high = f1["ci"] if f1.get("ci") else (float("nan"), float("nan"))
    told = f"n {found['confusion']['n']}, macro-F1 {f1['value']:.3f} [{low:.3f}, {high:.3f}]"
    return f"{name}: {told}; {classes}; {kinds}; {found['confusion']['matrix']}"


def written(turns: Sequence[Turn], labels: Path) -> dict[str, Any]:
    """The content of `figures.json`."""
    every = labelled.turns(labels)
    parts = {name: part for name, part in _parts(turns).items() if not name.startswith("written,")}
    found = {name: measured(part, shipped(part)) for name, part in parts.items()}
    overall = found.pop("all")
    with gzip.open(labels) as content:
        digest = hashlib.sha256(content.read()).hexdigest()
    return {
        "instrument": model.shipped().digest,
        "trained": _trained(labels),
        "labels": {
            "source": LABELLERS, "sha256": digest, "n_train": sum(one["side"] == "train" for one in every),
            "n_test": sum(one["side"] == "test" for one in every), "alpha": alpha(every).as_json(),
        },
        "overall": overall, "registers": found,
    }  # fmt: skip


def _trained(labels: Path) -> dict[str, Any]:
    return provenance.trained(labelled.of_train(labels))


def alpha(turns: Sequence[Turn]) -> Any:
    """Krippendorff's alpha of the two labellings."""
    rows = [(one["id"], name, one[f"label_{name}"]) for one in turns for name in "ab" if one[f"label_{name}"]]
    return agreement(pl.DataFrame(rows, schema=["label_id", "annotator", "reaction"], orient="row"), "reaction")


if __name__ == "__main__":
    main()
