"""The humans of a profiled data set over an open store: what is played, shown to prompts and measured against.

Everything is loaded when it is first asked for, and once. `split` is one of the splits, or one of the two parts of `select`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from threading import RLock
from typing import Any, TypeVar

import polars as pl

from understudy.errors import BadInput
from understudy.instruments.chosen import Instruments
from understudy.instruments.text import Titles
from understudy.measure.reference import MIN_CONTEXTS, Reference
from understudy.parameters import PanelSize
from understudy.play.panels import Panel, draw_panel
from understudy.policy.fitted import FittedPolicy
from understudy.policy.planner import Planner
from understudy.policy.suits import Suits
from understudy.prompt.template import Exemplar
from understudy.records import Context, Dialogue, Item, Scenario
from understudy.rows import humans, played

Value = TypeVar("Value")
POLICY = "policy"
"""The name under which a profile keeps the policy that was fitted on its humans."""


class Humans:
    """The humans of a profile. A profile never changes, so each thing is loaded once, by whichever thread asks first.

    A plain class, since Prefect walks through the fields of a dataclass that is a task's parameter.
    """

    __slots__ = ("_loaded", "_lock", "_store", "dataset", "profile_key")

    def __init__(self, store: humans.Rows, dataset: str, profile_key: str) -> None:
        self._store, self.dataset, self.profile_key = store, dataset, profile_key
        self._loaded: dict[Hashable, Any] = {}
        self._lock = RLock()

    @classmethod
    def of(cls, store: humans.Rows, dataset: str) -> Humans:
        """The humans of the data set's newest profile. Raises BadInput where it has none."""
        return cls(store, dataset, humans.current_profile(store, dataset))

    @property
    def items(self) -> dict[str, Item]:
        """The catalogue, by item id."""
        return self.once("items", lambda: humans.load_items(self._store, self.dataset))

    @property
    def exemplars(self) -> dict[str, Exemplar]:
        """What prompts may show, by dialogue."""
        return self.once("exemplars", lambda: humans.load_exemplars(self._store, self.profile_key))

    @property
    def popularity(self) -> dict[str, int]:
        """Item id → how many dialogues mention it, of the splits that fitting may see."""
        return self.once("popularity", lambda: {row["item_id"]: row["n"] for row in self.rows("profile/popularity")})

    @property
    def instruments(self) -> Instruments:
        """The instruments that read both humans and simulators."""
        return self.once("instruments", lambda: played.load_instruments(self._store, self.profile_key))

    @property
    def planner(self) -> Planner:
        """What plans the turns of a prompt with a policy. Raises BadInput where none was fitted on these humans."""
        return self.once("planner", self._planner)

    def _planner(self) -> Planner:
        row = next((one for one in self.rows("profile/instruments") if one["name"] == POLICY), None)
        parameters = json.loads(row["parameters"]) if row else {}
        if not parameters:
            why = json.loads(row["quality"])["reason"] if row else "an older version made the profile"
            raise BadInput(
                f"the data set {self.dataset!r} has no policy, which the prompt needs: {why}",
                hint=f"run `understudy profile --dataset {self.dataset}` with the logs that it needs, or choose another prompt setting",
            )
        titles, instruments = Titles.of(self.items), self.instruments

        def acts(said: Sequence[str]) -> list[str]:
            masked = pl.DataFrame({"text": list(said)}, schema={"text": pl.String}).select(titles.masked("text")).to_series()
            return instruments.acts(masked).to_list()

        return Planner(FittedPolicy.from_json(parameters), Suits.of(self.items), self.items, acts, instruments.digests["act"])

    def contexts(self, split: str) -> dict[str, Context]:
        """The replay contexts of a split, by id."""
        return self.once(
            ("contexts", split), lambda: {one.context_id: one for one in humans.load_contexts(self._store, self.profile_key, split)}
        )

    def members(self, split: str) -> dict[str, str]:
        """Dialogue id → seeker id, of a split."""
        return self.once(("members", split), lambda: humans.members_of(self._store, self.profile_key, split))

    def targets(self, split: str) -> dict[str, str]:
        """Dialogue id → the item that its seeker is taken to look for, of a split."""
        return dict(humans.load_targets(self._store, self.profile_key, split).select("dialogue_id", "target").iter_rows())

    def dialogues(self) -> list[Dialogue]:
        """Every human dialogue of the data set, in order of id."""
        return humans.load_dialogues(self._store, self.dataset)

    def scenarios(self, split: str) -> dict[str, Scenario]:
        """The scenarios of a split, by id."""
        return self.once(
            ("scenarios", split), lambda: {one.scenario_id: one for one in humans.load_scenarios(self._store, self.profile_key, split)}
        )

    def reference(self, split: str, *, seed: int, min_contexts: int = MIN_CONTEXTS) -> Reference:
        """The humans of a split as the objectives read them."""

        def build() -> Reference:
            human = played.load_human(self._store, self.profile_key, split, self.dataset)
            return Reference.build(human, seed=seed, min_contexts=min_contexts)

        return self.once(("reference", split, seed, min_contexts), build)

    def context_turns(self, split: str) -> pl.DataFrame:
        """Per context of a split: context_id, dialogue_id, seeker_id, recommender_id, turn_index, previous, answered."""
        return self.once(("context turns", split), lambda: humans.load_context_turns(self._store, self.profile_key, split))

    def anchors(self, split: str) -> dict[str, dict[str, Any]]:
        """Name → row of profile.anchors: what the humans of a split score, and what they score against each other."""
        return self.once(("anchors", split), lambda: {row["name"]: row for row in self.rows("profile/anchors", split=split)})

    def floors(self, split: str) -> dict[str, float | None]:
        """Name of an anchor → the upper bound of what worker-disjoint halves of the humans score against each other.

        Raises BadInput where the profile holds none: an older version made it, which did not divide `select`.
        """
        anchors = self.anchors(split)
        if not anchors:
            raise BadInput(
                f"the profile of {self.dataset!r} holds no human reference values of {split!r}, because an older version made it",
                hint=f"run `understudy profile --dataset {self.dataset}` again",
            )
        return {name: row["floor_hi"] for name, row in anchors.items()}

    def behaviour(self, split: str) -> pl.DataFrame:
        """Every seeker turn of a split that has words (rows.humans.load_human_behaviour)."""
        return humans.load_human_behaviour(self._store, self.profile_key, split)

    def reactions(self, split: str) -> pl.DataFrame:
        """The humans' own turns at the reaction contexts of a split (rows.humans.load_human_reactions)."""
        return humans.load_human_reactions(self._store, self.profile_key, split)

    def turns(self, split: str | None = None) -> pl.DataFrame:
        """Every turn of a split, or of all splits (rows.humans.load_human_turns)."""
        return humans.load_human_turns(self._store, self.profile_key, split)

    def panel(self, split: str, size: PanelSize, *, seed: int, rotation: int = 0, replicate: int = 0) -> Panel:
        """The panel of one rotation, replays and free runs from the same split."""
        return draw_panel(
            self.contexts(split).values(), self.scenarios(split).values(), per_stratum=size.per_stratum,
            n_behaviour=size.behaviour, n_free=size.free, seed=seed, rotation=rotation, replicate=replicate,
        )  # fmt: skip

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query that takes the key of a profile."""
        return self._store.rows(query, profile_key=self.profile_key, **parameters)

    def once(self, name: Hashable, load: Callable[[], Value]) -> Value:
        """What `load` makes of these humans, kept under a name for the next who asks."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = load()
            value: Value = self._loaded[name]
            return value
