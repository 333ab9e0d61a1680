"""Trains the act instrument that ships, and measures it beside others on turns that they have not seen.

    python tests/reactions/acts.py --redial FOLDER --iard FILE [--write]

IARD: macro-F1 over eight acts, five folds by dialogue, every turn read by a classifier that saw no turn of its dialogue. The labelled set
has no acts but kinds of reactions, and a kind allows one act or a few (ALLOWED): of its test side the share of turns is told that are read
as one of these. `words`: fitted on IARD alone; `encoder`: a linear head over the vectors of the shipped reaction instrument, fitted on
IARD; `both`: words, fitted on IARD and on the kinds of the train side (TAUGHT), which is what `--write` ships.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import labelled  # noqa: E402
import provenance  # noqa: E402

from understudy.instruments import chosen, fitted, gold, validation  # noqa: E402
from understudy.instruments.chosen import LEXICON, Instruments  # noqa: E402
from understudy.instruments.fitted import Classifier  # noqa: E402
from understudy.instruments.shipped import model  # noqa: E402
from understudy.instruments.text import Titles  # noqa: E402
from understudy.keys import digest, share_of  # noqa: E402
from understudy.statistics.confusion import confusion, scores  # noqa: E402
from understudy.statistics.rates import wilson  # noqa: E402

SHIPPED = HERE.parents[1] / "understudy" / "instruments" / "shipped"
SOURCE = "IARD's gold acts, five folds by dialogue"
# kind of a reaction → acts that such a turn can be, as IARD codes them, and the one that it is taken for in training
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "takes": ("accept",), "interest": ("accept",), "likes": ("accept", "seen"), "declines": ("reject",), "fact": ("reject", "prefer"),
    "wish": ("reject", "prefer", "request"), "question": ("ask", "request"), "seen": ("seen",), "unknown": ("unseen",),
    "thanks": ("other",), "restated": ("request", "prefer"), "smalltalk": ("other",),
}  # fmt: skip
TAUGHT: Mapping[str, str] = {**{kind: acts[0] for kind, acts in ALLOWED.items()}, "likes": "seen", "restated": "prefer"}
N_FOLDS, STRENGTH = 5, 0.01
Vectors = NDArray[np.float32]
Turn = dict[str, Any]


class EncoderHead:
    """A linear head over the encoder's vectors of the recommender's turn and the reply."""

    def __init__(self, vectors: Vectors, acts: Sequence[str]) -> None:
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        self.centre, self.spread = vectors.mean(0), vectors.std(0) + 1e-6
        with threadpool_limits(1):
            self.head = LogisticRegression(C=STRENGTH, max_iter=300).fit(self._scaled(vectors), acts)

    def read(self, vectors: Vectors) -> list[str]:
        """The act of each turn."""
        return [str(one) for one in self.head.predict(self._scaled(vectors))]

    def _scaled(self, vectors: Vectors) -> Vectors:
        scaled: Vectors = (vectors - self.centre) / self.spread
        return scaled


def vectors_of(previous: Iterable[str], text: Iterable[str]) -> Vectors:
    """(n_turns, 768) vectors of the shipped reaction instrument."""
    reader = model.shipped()._loaded()
    pieces = reader._pieces([(" ".join(one.split()), " ".join(two.split())) for one, two in zip(previous, text, strict=True)])
    order = sorted(range(len(pieces)), key=lambda place: len(pieces[place].pieces))
    found = np.empty((len(pieces), 768), np.float32)
    for at in model._stretches(order, pieces):
        found[at] = reader.single.vectors([pieces[place] for place in at])
    return found


def masked_of(turns: Sequence[Turn]) -> pl.Series:
    """The texts with their titles masked, as far as that is possible without a catalogue."""
    return pl.DataFrame({"text": [one["text"] for one in turns]}).select(masked=Titles.of({}).masked("text")).to_series()


def taught() -> pl.DataFrame:
    """masked, truth of the labelled set's train side, its kinds taken for acts."""
    turns = [one for one in labelled.of_train() if one["kind"] in TAUGHT]
    return pl.DataFrame({"masked": masked_of(turns), "truth": [TAUGHT[one["kind"]] for one in turns]})


def both(gold_turns: pl.DataFrame, kinds: pl.DataFrame) -> Classifier:
    """The act instrument of gold acts and of kinds (masked, truth), by the words of the latter alone."""
    turns = pl.concat([gold_turns.select("masked", "truth"), kinds])
    return fitted.fit("act", turns, classes=gold.GOLD_ACTS, words=fitted.vocabulary(kinds["masked"]))


def on_iard(turns: pl.DataFrame, vectors: Vectors) -> dict[str, Any]:
    """The figures of what ships on IARD's seekers' turns; those of all are printed."""
    fold = np.array([int(share_of("fold", 0, 0, name) * N_FOLDS) for name in turns["dialogue_id"]])
    said = {name: np.empty(len(turns), object) for name in ("lexicon", "words", "encoder", "both")}
    said["lexicon"][:] = chosen.as_gold(LEXICON.acts(turns["masked"])).to_list()
    kinds = taught()
    for one in range(N_FOLDS):
        inside, outside = np.flatnonzero(fold == one), np.flatnonzero(fold != one)
        for name, read in (("words", fitted.fit("act", turns[outside], classes=gold.GOLD_ACTS)), ("both", both(turns[outside], kinds))):
            said[name][inside] = read.predict(turns[inside]["masked"]).to_list()
        said["encoder"][inside] = EncoderHead(vectors[outside], turns[outside]["truth"].to_list()).read(vectors[inside])
    found: dict[str, Any] = {}
    for name, read in said.items():
        found = scores(turns["truth"].to_list(), [read.tolist()], turns["dialogue_id"].to_list(), classes=gold.GOLD_ACTS, seed=0)
        each = ", ".join(f"{act} {one['f1']:.2f}" for act, one in found["per_class"].items())
        print(f"IARD, {name}: macro-F1 {found['macro_f1']['value']:.3f} {found['macro_f1']['ci']}; {each}", flush=True)
    table = confusion(turns["truth"].to_list(), said["both"].tolist(), classes=gold.GOLD_ACTS)
    return {"macro_f1": found["macro_f1"], "per_class": found["per_class"], "confusion": table.as_json()}


def on_kinds(redial: Path, readers: Mapping[str, Classifier], head: EncoderHead) -> dict[str, Any]:
    """Author of the test side → n, and of each instrument the share of turns that are read as an act that their kind allows."""
    turns = [one for one in labelled.of_test(redial=redial) if one["kind"] in ALLOWED]
    masked = masked_of(turns)
    read = {"lexicon": chosen.as_gold(LEXICON.acts(masked)).to_list()}
    read |= {name: chosen.as_gold(Instruments(act=one).acts(masked)).to_list() for name, one in readers.items()}
    read["encoder"] = head.read(vectors_of((one["previous"] for one in turns), (one["text"] for one in turns)))
    found: dict[str, Any] = {}
    for author in sorted({one["source"] for one in turns}):
        places = [place for place, one in enumerate(turns) if one["source"] == author]
        right = {name: sum(acts[at] in ALLOWED[turns[at]["kind"]] for at in places) for name, acts in read.items()}
        found[author] = {name: wilson(n, len(places)).as_json() for name, n in right.items()}
        print(f"{author}, {len(places)} turns: {', '.join(f'{name} {n / len(places):.3f}' for name, n in right.items())}", flush=True)
    return found


def trained() -> dict[str, Any]:
    """What the instrument was trained with, but for IARD, which does not ship: the labelled turns, what kinds are taken for, settings."""
    kept = provenance.trained(labelled.of_train())
    return {"train_sha256": kept["train_sha256"], "settings": digest([dict(TAUGHT), fitted.PARAMETERS, gold.DIGEST])}


def main() -> None:
    """Prints the figures, and writes instrument and figures with `--write`."""
    from tests.iard_gold import iard_turns

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redial", type=Path, required=True)
    parser.add_argument("--iard", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    every_turn, titles = iard_turns(given.iard)
    turns = validation.tasks(gold.known(every_turn), titles)["act"].turns
    vectors = vectors_of(turns["answered"].fill_null(""), turns["text"])
    ships = both(turns, taught())
    readers = {"words": fitted.fit("act", turns, classes=gold.GOLD_ACTS), "both": ships}
    human = on_iard(turns, vectors)
    kinds = on_kinds(given.redial, readers, EncoderHead(vectors, turns["truth"].to_list()))
    if given.write:
        content = json.dumps(ships.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
        (SHIPPED / "acts.json.gz").write_bytes(gzip.compress(content, mtime=0))
        told = {"instrument": ships.digest, "trained": trained(), "source": SOURCE, "registers": {"human": human}, "kinds": kinds}
        (SHIPPED / "acts_figures.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
