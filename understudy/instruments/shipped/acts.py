"""The act instrument that ships with the project: words and pairs of words of a seeker's turn, beside the lexicon's signs.

`tests/reactions/acts.py` trains it on IARD's gold acts and on the kinds of the labelled set, so that it has seen what people and what
language models say, and measures it on turns that it has not seen. Its words are those of the labelled set alone, since nothing is
published of IARD's text. Decision 0174 tells what else was tried.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib import resources
from typing import Any

from understudy.instruments.fitted import Classifier
from understudy.instruments.language import ENGLISH
from understudy.instruments.shipped.figures import kept_figures

KIND = "shipped"
NAME = "english"
READS = ENGLISH
FITTED_ON = ("IARD", "reactions train")
SEEN = "The instrument was trained on all of IARD's gold acts, so on IARD these figures are not held out; `macro_f1` is."
_FOLDER, _FILE, _FIGURES = "understudy.instruments.shipped", "acts.json.gz", "acts_figures.json"
Fields = dict[str, Any]


@cache
def tagger() -> Classifier:
    """The instrument, one for the whole process."""
    content = (resources.files(_FOLDER) / _FILE).read_bytes()
    return Classifier.from_json(json.loads(gzip.decompress(content)))


def measured() -> Fields:
    """The file of its figures: `trained`, `registers` with macro_f1, per_class and confusion, and `kinds` by author."""
    return kept_figures(_FIGURES)


def quality() -> Fields:
    """macro_f1, per_class, kinds and confusion_by_register, as a profile keeps the quality of an instrument."""
    found = measured()
    by_register = {
        name: {"status": "measured", "source": found["source"], **one["confusion"], "macro_f1": one["macro_f1"]}
        for name, one in found["registers"].items()
    }
    human = found["registers"]["human"]
    return {
        "macro_f1": human["macro_f1"], "per_class": human["per_class"], "basis": "cross_validated", "kinds": found["kinds"],
        "confusion_by_register": by_register,
    }  # fmt: skip


def macro_f1() -> Fields:
    """Register → macro-F1 on turns that the instrument was not trained on."""
    return {name: one["macro_f1"] for name, one in measured()["registers"].items()}
