"""The screen: what a candidate must satisfy before it is evaluated. Invalid candidates are rejected and never repaired."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import blake2b

from rapidfuzz.distance import Indel

from understudy.prompt.genome import Genome

N_GRAM = 8
LENGTH_FACTOR = 2.0
NEAR_DUPLICATE = 0.97
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class ScreenVerdict:
    """Whether a candidate may be played, and why not."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """What candidates are held against: the length of the longest seed, the logs' 8-grams, the exemplar split."""

    max_length: int
    log_grams: Collection[int] = frozenset()
    exemplar_ids: Collection[str] = frozenset()

    @classmethod
    def of(cls, seeds: Iterable[Genome], *, log_grams: Collection[int] = frozenset(), exemplar_ids: Iterable[str] = ()) -> Screen:
        """The screen of a search that starts from `seeds`; sections may grow to LENGTH_FACTOR times the longest seed."""
        longest = max(length(seed) for seed in seeds)
        return cls(int(LENGTH_FACTOR * longest), log_grams, frozenset(exemplar_ids))

    def check(self, genome: Genome, known: Iterable[Genome] = ()) -> ScreenVerdict:
        """Whether `genome` may be played beside the `known` ones; the first thing that speaks against it is the reason."""
        if length(genome) > self.max_length:
            return ScreenVerdict(False, f"it is too long: {length(genome)} characters, and at most {self.max_length} are allowed")
        if any(not text.strip() for text in genome.sections.values()):
            return ScreenVerdict(False, "a section is empty")
        if any("<" in text or ">" in text for text in genome.sections.values()):
            return ScreenVerdict(False, "a section holds an angle bracket, which could imitate a tag of the template")
        if not set(genome.exemplars) <= set(self.exemplar_ids):
            return ScreenVerdict(False, "an exemplar is not from the exemplar split")
        if any(gram in self.log_grams for text in genome.sections.values() for gram in grams(text)):
            return ScreenVerdict(False, f"it holds {N_GRAM} consecutive words of the logs outside the exemplars")
        if any(near_duplicate(genome, other) for other in known):
            return ScreenVerdict(False, "it is a near-duplicate of a candidate of this search")
        return ScreenVerdict(True)


def length(genome: Genome) -> int:
    """Characters of all sections; the template, the need and the exemplars are not the genome's text."""
    return sum(len(text) for text in genome.sections.values())


def grams(text: str) -> list[int]:
    """64-bit hashes of every run of N_GRAM words in `text`, in lower case and without punctuation; empty for shorter texts."""
    words = _WORD.findall(text.casefold())
    runs = (" ".join(words[i : i + N_GRAM]) for i in range(len(words) - N_GRAM + 1))
    return [int.from_bytes(blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest()) for run in runs]


def log_grams(texts: Iterable[str]) -> frozenset[int]:
    """The hashes of every run of N_GRAM words in the turns of the human logs."""
    return frozenset(gram for text in texts for gram in grams(text))


def near_duplicate(one: Genome, other: Genome) -> bool:
    """Whether two genomes differ in less than 3 % of their text and in nothing else."""
    if (one.controls, one.policy) != (other.controls, other.policy) or set(one.exemplars) != set(other.exemplars):
        return False
    return Indel.normalized_similarity(_normal(one), _normal(other), score_cutoff=NEAR_DUPLICATE) >= NEAR_DUPLICATE


def _normal(genome: Genome) -> str:
    return "\n".join(" ".join(_WORD.findall(text.casefold())) for text in genome.sections.values())
