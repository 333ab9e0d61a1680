"""The measurement: models trained on each of the sets, seed by seed, asked about the same human dialogues, beside their baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from understudy.instruments.disclosure import ItemIndex
from understudy.profile.splits import people_fields
from understudy.studies.usefulness import models
from understudy.studies.usefulness.conversations import HeardDialogue
from understudy.studies.usefulness.examples import Lesson, lesson, questions
from understudy.studies.usefulness.fields import Figures, TrainedFields, TstrFields
from understudy.studies.usefulness.figures import (
    ACT_FIGURES,
    ITEM_FIGURES,
    MIN_DIALOGUES,
    MIN_N,
    NAMES,
    AskedPlaces,
    Seeded,
    SeededFigureFields,
    act_figures,
    item_figures,
    unmeasured,
)
from understudy.studies.usefulness.models import ItemColumns
from understudy.studies.usefulness.pools import ARMS, SEEDS, Arm, Pools

VERSION = 1
POPULARITY, MAJORITY = "popularity", "majority"
BASELINES: dict[str, tuple[str, ...]] = {POPULARITY: ITEM_FIGURES, MAJORITY: ACT_FIGURES}
_NO_SUGGESTION, _NO_ACT = "its dialogues hold no suggestion of an item of the catalogue", "its dialogues hold no turn of a seeker"


@dataclass(frozen=True, slots=True)
class Exam:
    """What models are asked: the places of the human dialogues, and the items that can be recommended."""

    places: Lesson
    catalogue: ItemColumns

    @property
    def asked(self) -> dict[str, AskedPlaces]:
        """Figure → the dialogue behind each answer that it counts."""
        items = AskedPlaces([one.dialogue_id for one in self.places.items for _ in one.items])
        acts = AskedPlaces([one.dialogue_id for one in self.places.acts])
        return {**dict.fromkeys(ITEM_FIGURES, items), **dict.fromkeys(ACT_FIGURES, acts)}

    def results(self, lessons: Sequence[Lesson], *, spread_factor: float, is_baseline: bool = False) -> dict[str, Seeded]:
        """Figure → its values with every seed, of models that learned from `lessons`; none where there is nothing to learn or to ask."""
        rank, predict = (models.popularity_ranks, models.majority_acts) if is_baseline else (models.neighbour_ranks, models.predicted_acts)
        asked, results = self.asked, dict[str, Seeded]()
        if self.places.items and all(one.items for one in lessons):
            ranks = [rank(one.items, self.places.items, self.catalogue) for one in lessons]
            results |= item_figures(asked[ITEM_FIGURES[0]], ranks, spread_factor=spread_factor)
        if self.places.acts and all(one.acts for one in lessons):
            truth = [one.act for one in self.places.acts]
            predicted = [predict(one.acts, self.places.acts) for one in lessons]
            results |= act_figures(asked[ACT_FIGURES[0]], truth, predicted, spread_factor=spread_factor)
        return results


@dataclass(frozen=True, slots=True)
class ArmResults:
    """The results by training set, with what to say where there are none. `n_of`: figure → dialogues on the smaller side."""

    n_of: Mapping[str, int]
    reasons: Mapping[Arm, str]
    by_arm: Mapping[Arm, Mapping[str, Seeded]]
    by_baseline: Mapping[str, Seeded] = field(default_factory=dict)

    def figures(self, arm: Arm) -> Figures:
        """The figures of a training set."""
        return {name: self._fields(name, self.by_arm.get(arm, {}).get(name), self._why(arm, name)) for name in NAMES}

    def less_real(self, arm: Arm) -> Figures:
        """The figures of a training set less those of real dialogues; none for these themselves."""
        real = self.by_arm.get("real", {})
        return {} if arm == "real" else {name: self._less(arm, name, real, self._why("real", name)) for name in NAMES}

    def less_baseline(self, arm: Arm) -> Figures:
        """The figures of a training set less those of the baseline, which learned from real dialogues."""
        return {name: self._less(arm, name, self.by_baseline, self._why("real", name)) for name in NAMES}

    def baselines(self) -> dict[str, Figures]:
        """Popularity and majority."""
        return {
            baseline: {name: self._fields(name, self.by_baseline.get(name), self._why("real", name)) for name in names}
            for baseline, names in BASELINES.items()
        }

    def _less(self, arm: Arm, name: str, others: Mapping[str, Seeded], why: str) -> SeededFigureFields:
        own, other = self.by_arm.get(arm, {}).get(name), others.get(name)
        if own is None:
            return self._fields(name, None, self._why(arm, name))
        return self._fields(name, None if other is None else own.less(other), why, low=-1.0)

    def _fields(self, name: str, seeded: Seeded | None, why: str, *, low: float = 0.0) -> SeededFigureFields:
        n = self.n_of[name]
        if seeded is not None and n >= MIN_DIALOGUES:
            return seeded.fields(n, low=low)
        return unmeasured(why if seeded is None else f"{n} dialogues on the smaller side, and at least {MIN_DIALOGUES} are needed", n=n)

    def _why(self, arm: Arm, name: str) -> str:
        return self.reasons.get(arm) or (_NO_SUGGESTION if name in ITEM_FIGURES else _NO_ACT)


def usefulness(pools: Pools, tested: Sequence[HeardDialogue], catalogue: ItemIndex, *, people: str) -> TstrFields:
    """What models that learn from each of `pools` score on the human dialogues `tested`, which are of the split or part `people`.

    The caller has seen to it that nobody stands on both sides (`pools.require_apart`).
    """
    exam = Exam(_joined([questions(one, catalogue) for one in tested]), ItemColumns(tuple(sorted(catalogue.items))))
    lessons = _lessons(pools, catalogue)
    n_of = {name: min(pools.size, asked.n) for name, asked in exam.asked.items()}
    answers = ArmResults(
        n_of, pools.reasons, {arm: exam.results(one, spread_factor=pools.spread_factor(arm)) for arm, one in lessons.items()},
        exam.results(lessons["real"], spread_factor=pools.spread_factor("real"), is_baseline=True) if "real" in lessons else {},
    )  # fmt: skip
    whose = people_fields(people)
    return {
        "split": whose["split"],
        "part": whose["part"],
        "n_seeds": len(SEEDS),
        "n_train": pools.size,
        "n_test": {name: asked.n for name, asked in exam.asked.items()},
        "min_n": MIN_N,
        "underpowered": min(n_of.values()) < MIN_N,
        "trained_on": {arm: _trained(arm, lessons.get(arm, ()), answers, n=pools.size) for arm in ARMS},
        "baselines": answers.baselines(),
    }


def _trained(arm: Arm, lessons: Sequence[Lesson], answers: ArmResults, *, n: int) -> TrainedFields:
    counts = [(sum(len(place.items) for place in one.items), len(one.acts)) for one in lessons]
    n_suggestions, n_acts = (round(sum(one[at] for one in counts) / max(1, len(counts))) for at in (0, 1))
    return {
        "n_dialogues": n if lessons else 0, "n_suggestions": n_suggestions, "n_acts": n_acts, "figures": answers.figures(arm),
        "versus_real": answers.less_real(arm), "versus_baseline": answers.less_baseline(arm),
    }  # fmt: skip


def _lessons(pools: Pools, catalogue: ItemIndex) -> dict[Arm, list[Lesson]]:
    """Training set → what its dialogues teach, with each seed."""
    # by the dialogue itself and not by its id: two sets may hold different dialogues of one id
    taught = {one: lesson(one, catalogue) for one in {*pools.real, *pools.seed_prompt, *pools.release}}
    draws = [pools.drawn(seed) for seed in SEEDS]
    return {arm: [_joined([taught[one] for one in draw[arm]]) for draw in draws] for arm in ARMS if arm in draws[0]}


def _joined(lessons: Sequence[Lesson]) -> Lesson:
    return Lesson(tuple(chain.from_iterable(one.items for one in lessons)), tuple(chain.from_iterable(one.acts for one in lessons)))
