"""Prompt settings: what of a user's history a prompt tells. Each is there with and without a person (`NAME+persona`).

plain: nothing. icl: rows drawn at random. rag: the rows that BM25 ranks first for what is asked. pag: a summary of ten rows and the
rows that BM25 ranks first. summary: a summary of at most five titles and no row, which is the paper's own way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import bm25s
import numpy as np

from understudy.errors import BadInput
from understudy.keys import rng_of
from understudy.probes.replication.people import AskedPlace, RatedRow
from understudy.probes.replication.tastes import FEW, MANY

VERSION = 1
HistoryForm = Literal["plain", "icl", "rag", "pag", "summary"]
FORMS: tuple[HistoryForm, ...] = get_args(HistoryForm)
PERSONA = "persona"
N_ROWS = 3
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class PaperSetting:
    """What a prompt tells of a user: the history in one form, and whether the user is a person."""

    history: HistoryForm
    has_persona: bool

    @property
    def name(self) -> str:
        """`rag`, or `rag+persona`."""
        return f"{self.history}+{PERSONA}" if self.has_persona else self.history

    @property
    def n_summed_up(self) -> int:
        """How many rows a summary is made of; 0 without one."""
        return {"pag": MANY, "summary": FEW}.get(self.history, 0)

    @classmethod
    def named(cls, name: str) -> PaperSetting:
        """The setting of a name. Raises BadInput that lists what there is."""
        history, _, persona = name.strip().partition("+")
        for form in FORMS:
            if form == history and persona in ("", PERSONA):
                return cls(form, persona == PERSONA)
        raise BadInput(
            f"there is no setting {name!r} of `replicate`", hint=f"name one of {', '.join(FORMS)}, each also with +{PERSONA}, or `all`"
        )


def settings_named(names: str) -> list[PaperSetting]:
    """The settings of a list separated by commas, each once; `all` is all ten. Raises BadInput."""
    listed = [f"{form}{end}" for form in FORMS for end in ("", f"+{PERSONA}")] if names == "all" else names.split(",")
    return list(dict.fromkeys(PaperSetting.named(name) for name in listed))


def shown_rows(setting: PaperSetting, place: AskedPlace, query: str, *, seed: int) -> list[RatedRow]:
    """The rows of the user's known history that the prompt shows; never one about an item that is asked about."""
    asked = {item.label for item in place.items}
    rows = [row for row in place.user.known if row.item.label not in asked]
    if setting.history == "icl":
        order = rng_of("replicate icl", VERSION, seed, place.place_id).permutation(len(rows))[:N_ROWS]
        return [rows[int(at)] for at in order]
    return ranked(rows, query)[:N_ROWS] if setting.history in ("rag", "pag") else []


def ranked(rows: Sequence[RatedRow], query: str) -> list[RatedRow]:
    """The rows by BM25 over their titles and genres, best first; ties in the order of the rows."""
    corpus = [_words(f"{row.item.title} {' '.join(row.item.genres)} {row.item.year or ''}") for row in rows]
    vocabulary = {word: at for at, word in enumerate(sorted({word for words in corpus for word in words}))}
    asked = [vocabulary[word] for word in dict.fromkeys(_words(query)) if word in vocabulary]
    if not asked:
        return list(rows)
    model = bm25s.BM25(k1=1.5, b=0.75)
    ids = [[vocabulary[word] for word in words] for words in corpus]
    model.index((ids, dict(vocabulary)), create_empty_token=False, show_progress=False)
    scores = np.asarray(model.get_scores_from_ids(asked), dtype=float)
    return [rows[int(at)] for at in np.argsort(-scores, kind="stable")]


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
