"""Measures what a second stage behind the shipped head would bring, and what a stage before it would save: neither ships.

    python tests/reactions/second_stage.py --redial FOLDER [--test]

Both stages are fitted on turns that the head was not trained on: `more.jsonl.gz` and `redial.jsonl.gz`. What is told is of registers and
authors that the fit did not see (of ReDial's turns: seekers that it did not see). `--test` reads the test side too; docs/instruments.md
says how often that was done.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import labelled  # noqa: E402

from understudy.instruments import reaction, text  # noqa: E402
from understudy.instruments.reaction import CLASSES  # noqa: E402
from understudy.instruments.shipped import model  # noqa: E402
from understudy.instruments.text import Titles  # noqa: E402

# what the reply says and how, one by one: thanks, wishes, contrast, what was seen, praise, questions, plans, refusals, farewells
PATTERNS = (
    r"\bthank", r"\b(?:i am|im) (?:\w+ ){0,2}looking for", r"\blooking for\b", r"\bsomething (?:more|less|else|different|newer|with)\b",
    r"\b(?:havent|have not|never|not) (?:\w+ )?(?:seen|heard|read|watched)",
    r"\b(?:ive|have|already) (?:\w+ )?(?:seen|read|watched)\b|^seen|\bi (?:saw|read|watched)\b",
    r"\b(?:it|that|they|those|these|this|xtitlex) (?:is|was|are|were) (?:\w+ )?(?:so |very |really |pretty )?"
    r"(?:good|great|funny|awesome|amazing|excellent|fun|hilarious|classic|favorite|favourite|best|fantastic|wonderful|perfect)",
    r"\b(?:love|loved|enjoyed|liked|favorite|favourite|favorites)\b",
    r"\b(?:is it|what is|whats|who|when|how long|how many|where|is that|does it|are there)\b",
    r"\b(?:will|ill|going to|gonna|have to|need to|might|should|want to) (?:\w+ )?"
    r"(?:check|watch|try|see|look|read|give|add|get|rent|order|download)",
    r"\bappreciate\b", r"\bnot (?:really|quite|exactly|for me|my|what|a fan|in the mood|into)\b", r"\bnot \w+\b", r"\btoo \w+\b",
    r"\b(?:19|20)\d\d\b", r"\b(?:bye|goodbye|good night|have a)\b",
    r"\b(?:sounds|looks|seems) (?:\w+ )?(?:good|great|interesting|perfect|fun|cool|like)",
    r"\b(?:recommend|suggest|suggestions?|recommendations?)\b", r"\b(?:any|anything|some|something|other|others|more)\b.*\?",
    r"\bi (?:like|love|enjoy|prefer|want|need)\b", r"\bif\b", r"\b(?:do|did|have|are|can|could|would) you\b",
    r"\b(?:but|however|though)\b.*\b(?:looking|want|prefer|interested|something|released|need|from)\b",
    r"^no\b.*\b(?:interested|looking|want|prefer|from)\b", r"!", r"\?", r"\?$", r"^\W*(?:\w+\W*){1,2}$", r"^\W*(?:\w+\W*){1,5}$",
    # another role: the reply recommends, or offers help
    r"\b(?:am|im) (?:glad|happy|here|sorry)\b|\bhere are\b|\byou (?:might|may|should|could)\b|\bi recommend\b|\benjoy\b",
)  # fmt: skip
_CONTRAST = (
    r"\b(?:but|however|although|though|actually|instead|rather|specifically|still|unfortunately|not quite|prefer|different|other|else"
    r"|newer|recent)\b"
)
_NO = r"^(?:no|nope|nah|not|hmm|sorry|unfortunately|never)\b"
_YES = r"^(?:yes|yeah|yep|sure|ok|okay|oh|great|perfect|awesome|cool|love|loved)\b"
_SEEN_ASKED = r"\b(?:have|did|has) (?:you|u|ya)\b.*\b(?:seen|see|watch|watched|read|heard)\b|\b(?:seen|watched)\b.*\?"
_OFFERED = (
    r"\b(?:how about|what about|would you like|want to|maybe|try|recommend|suggest|you (?:may|might|could|should|would)|check out"
    r"|consider)\b"
)
_YEARS = re.compile(r"\b(?:19|20)\d\d\b")
_WORD = r"(?u)\w+|[?!\x02\x03]"
_C, _FOLDS, _BOUNDS = 0.3, 3, (0.9, 0.95, 0.98)
Table = NDArray[np.float64]


@dataclass(frozen=True)
class Turns:
    """Labelled turns in one order: group (whose register or author it is), seeker, class, scores of the head, signs, cleaned texts."""

    groups: NDArray[Any]
    seekers: tuple[str, ...]
    truth: NDArray[np.int64]
    head: Table
    signs: Table
    said: tuple[str, ...]
    asked: tuple[str, ...]


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redial", type=Path, required=True)
    parser.add_argument("--test", action="store_true")
    given = parser.parse_args()
    # beside other work, products on several threads wait for each other
    with threadpool_limits(1):
        tables(given.redial, test=given.test)


def tables(redial: Path, *, test: bool) -> None:
    """Prints the table by group, and that of the test side where it is asked for."""
    new = labelled.of_train(labelled.MORE) + labelled.with_text(labelled.turns(labelled.OF_REDIAL), redial)
    turns = read(new)
    second, first = np.zeros_like(turns.head), np.zeros_like(turns.head)
    known = read(labelled.of_train())
    for fit, out in folds(turns):
        second[out] = behind(turns, fit, turns)[out]
        group = turns.groups[out[0]]
        first[out] = before(turns, fit, known, np.flatnonzero(known.groups != group))[out]
    for name in [*sorted(set(turns.groups)), "all"]:
        here = np.flatnonzero((turns.groups == name) | (name == "all"))
        print(f"{name}: n {len(here)}, head {f1(turns, here, turns.head):.3f}, with a second stage {f1(turns, here, second):.3f}")
        for bound in _BOUNDS:
            print("   ", asked_first(turns, here, first, bound))
    if test:
        sides = read(labelled.of_test(redial=redial) + labelled.of_test(labelled.MORE))
        stage = behind(turns, np.arange(len(turns.truth)), sides)
        for name in sorted(set(sides.groups)):
            here = np.flatnonzero(sides.groups == name)
            print(f"test side, {name}: n {len(here)}, head {f1(sides, here, sides.head):.3f}, second stage {f1(sides, here, stage):.3f}")


def read(some: Sequence[labelled.Turn]) -> Turns:
    """Everything that both stages look at."""
    previous, texts = (pl.Series([one[name] for one in some], dtype=pl.String) for name in ("previous", "text"))
    head = np.array([one.scores for one in model.shipped().read(previous, texts)], np.float64)
    masked = pl.DataFrame({"text": texts}).select(Titles.of({}).masked("text")).to_series()
    said, asked = _plain(masked), _plain(previous)
    own = np.array([_signs(*row) for row in zip(said, asked, texts, previous, strict=True)], np.float64)
    groups = [one["register"] if one["source"] in ("dialogues", "written") else one["source"] for one in some]
    return Turns(
        np.array(groups), tuple(one.get("seeker") or one["id"] for one in some), np.array([CLASSES.index(one["label"]) for one in some]),
        head - np.log(np.exp(head - head.max(1, keepdims=True)).sum(1, keepdims=True)) - head.max(1, keepdims=True),
        np.hstack([reaction.signs(masked).to_numpy().astype(np.float64), own]), tuple(said), tuple(asked),
    )  # fmt: skip


def _plain(texts: pl.Series) -> list[str]:
    return texts.alias("said").to_frame().select(text.plain("said")).to_series().to_list()


def _signs(said: str, asked: str, raw: str, raw_asked: str) -> list[float]:
    """The patterns, what the recommender's turn asks, both together, and what the turns have in common."""
    own = [bool(re.search(one, said)) for one in PATTERNS]
    contrast, no, yes = (bool(re.search(one, said)) for one in (_CONTRAST, _NO, _YES))
    seen, offered = bool(re.search(_SEEN_ASKED, asked)), bool(re.search(_OFFERED, asked))
    years, years_asked = (set(_YEARS.findall(one)) for one in (raw, raw_asked))
    words, words_asked = (set(re.findall(r"\w+", one)) for one in (said, asked))
    size = len(said.split())
    both = (no and seen, no and offered and not seen, yes and seen, yes and offered and not seen)
    beside = (contrast and own[3], contrast and own[7], own[9] and not contrast, contrast, no, yes, seen, offered)
    common = (bool(years - years_asked), bool(years & years_asked), len(words & words_asked) / max(1, len(words)))
    return [float(one) for one in (*own, *both, *beside, *common, min(size, 60) / 20, np.log1p(size), asked.endswith("?"))]


def folds(turns: Turns) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """(Places to fit on, places left out): a register or an author at a time, and a third of ReDial's seekers at a time."""
    drawn = np.array([int(hashlib.sha256(one.encode()).hexdigest(), 16) % _FOLDS for one in turns.seekers])
    for group in sorted(set(turns.groups)):
        for fold in range(_FOLDS if group == labelled.REDIAL else 1):
            out = (turns.groups == group) & ((drawn == fold) | (group != labelled.REDIAL))
            yield np.flatnonzero(~out), np.flatnonzero(out)


def behind(turns: Turns, fit: NDArray[Any], of: Turns) -> Table:
    """The scores of `of`: the mean of the head's log-probabilities and those of a regression over them and the signs.

    Every group has the same weight.
    """
    from sklearn.linear_model import LogisticRegression

    sizes = {name: (turns.groups[fit] == name).sum() for name in set(turns.groups[fit])}
    weights = np.array([len(fit) / len(sizes) / sizes[name] for name in turns.groups[fit]])
    stage = LogisticRegression(C=_C, max_iter=3000).fit(np.hstack([turns.head, turns.signs])[fit], turns.truth[fit], sample_weight=weights)
    found: Table = stage.predict_log_proba(np.hstack([of.head, of.signs])) + of.head
    return found


def before(turns: Turns, fit: NDArray[Any], known: Turns, also: NDArray[Any]) -> Table:
    """Probabilities by words and signs alone, without the encoder; fitted on the head's own train side (`also`) as well."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    said, asked = TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, 2), min_df=2, sublinear_tf=True), TfidfVectorizer(min_df=3)
    marked = [[f"\x02 {one} \x03" for one in part.said] for part in (turns, known)]
    said.fit([marked[0][at] for at in fit] + [marked[1][at] for at in also])
    asked.fit([turns.asked[at] for at in fit] + [known.asked[at] for at in also])
    rows, others = (
        sparse.hstack([said.transform(words), 0.5 * asked.transform(part.asked), sparse.csr_matrix(0.5 * part.signs)]).tocsr()
        for words, part in zip(marked, (turns, known), strict=True)
    )
    stage = LogisticRegression(C=3, max_iter=2000).fit(
        sparse.vstack([rows[fit], others[also]]), np.concatenate([turns.truth[fit], known.truth[also]])
    )
    found: Table = stage.predict_proba(rows)
    return found


def asked_first(turns: Turns, here: NDArray[Any], first: Table, bound: float) -> str:
    """Share of turns that the first stage is sure of, the errors of both there, and macro-F1 where it decides them."""
    sure = here[first[here].max(1) >= bound]
    wrong = [(scores[sure].argmax(1) != turns.truth[sure]).mean() if len(sure) else float("nan") for scores in (first, turns.head)]
    joined = turns.head.copy()
    joined[sure] = first[sure]
    told = f"error there {wrong[0]:.3f} (head {wrong[1]:.3f}), macro-F1 {f1(turns, here, joined):.3f}"
    return f"first stage sure above {bound}: {len(sure) / len(here):.2f} of the turns, {told}"


def f1(turns: Turns, here: NDArray[Any], scores: Table) -> float:
    """Macro-F1 of the classes with the highest scores."""
    truth, said = turns.truth[here], scores[here].argmax(1)
    each = [2 * ((truth == k) & (said == k)).sum() / max(1, (truth == k).sum() + (said == k).sum()) for k in range(len(CLASSES))]
    return float(np.mean(each))


if __name__ == "__main__":
    main()
