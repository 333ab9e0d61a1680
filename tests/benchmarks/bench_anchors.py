"""What people do and how far they are from each other, as the word lists and the shipped instruments read them: the same humans twice.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_anchors.py STORE --dataset redial

STORE holds the data set ingested and profiled. The humans are those that reports are held against, and the figures are the anchors of
the profile, at a report's size. Prints the tables of docs/objectives-appendix.md, "Anchors by instrument".
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tables import Table

from understudy.doors.store import Store
from understudy.instruments import chosen
from understudy.instruments.chosen import LEXICON, Instruments
from understudy.instruments.reaction import CLASSES
from understudy.measure.reference import Reference
from understudy.objectives import SLACK
from understudy.profile.anchors import SIZES, Anchor, human_anchors
from understudy.records import REPORTING, STRATA
from understudy.report.figures import interval_cell, number
from understudy.rows import played
from understudy.rows.handle import Humans

FLOORS = (*(f"positive_bias.{name}" for name in STRATA), "behavioural_distance.acts", "diversity_gap.act_entropy")
Read = Mapping[str, Mapping[str, Anchor]]


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--dataset", default="redial")
    given = parser.parse_args()
    read = read_by(given.store, given.dataset, {"lexicon": LEXICON, "shipped": chosen.chosen(chosen.kept_shipped())})
    for one in (rates_table(read), floors_table(read)):
        print(one.markdown())


def read_by(store: Path, dataset: str, instruments: Mapping[str, Instruments]) -> Read:
    """Instruments → anchors by name, of the reported humans of the data set."""
    with Store.open(str(store)) as opened:
        humans = Humans.of(opened, dataset)
        human = replace(played.load_human(opened, humans.profile_key, REPORTING, dataset), instruments=LEXICON)
    found = {}
    for name, own in instruments.items():
        reference = Reference.build(replace(human, instruments=own), seed=0)
        found[name] = {one.name: one for one in human_anchors(reference, split=REPORTING, sizes=SIZES, seed=0)}
    return found


def rates_table(read: Read) -> Table:
    """Rates of the three labels by stratum."""
    names = [(stratum, label) for stratum in STRATA for label in CLASSES]
    rows = [
        [stratum, label, *(_rate(one[f"{label}_{stratum}"]) for one in read.values()), str(_first(read)[f"{label}_{stratum}"].n)]
        for stratum, label in names
    ]
    return Table("What people do after a suggestion, by stratum (95 %)", ["stratum", "label", *read, "n"], rows)


def floors_table(read: Read) -> Table:
    """Floors, and the bounds that gates and search take from those of the objectives."""
    rows = [[f"floor of {name}", *(_floor(one[name]) for one in read.values())] for name in (*SLACK, *FLOORS)]
    ends = {name: [one[name].floor_hi or 0.0 for one in read.values()] for name in SLACK}
    bounds = [[f"bound on {name}", *(f"{end + slack:.3f}" for end in ends[name])] for name, slack in SLACK.items()]
    title = "How far people are from people, by 40 divisions that share no worker (2.5 to 97.5 % points)"
    return Table(title, ["", *read], [*rows, *bounds])


def _first(read: Read) -> Mapping[str, Anchor]:
    return next(iter(read.values()))


def _rate(one: Anchor) -> str:
    return f"{number(one.value)} ({interval_cell(one.lo, one.hi)})"


def _floor(one: Anchor) -> str:
    return f"{number(one.floor)} ({interval_cell(one.floor_lo, one.floor_hi)})"


if __name__ == "__main__":
    main()
