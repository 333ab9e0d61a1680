"""The human side of the benchmark: the bundled sample (made by a generator, not human), ingested and profiled once into a store."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import polars as pl

from understudy import plugins, rehearsal
from understudy.doors.store import Store
from understudy.measure.reference import Reference
from understudy.parameters import PanelSize
from understudy.play.panels import Panel, draw_panel
from understudy.profile.anchors import SIZES
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome, setting_names
from understudy.prompt.template import Exemplar
from understudy.recommenders import NO_SERVICES, Recommender
from understudy.records import Context, Item, Scenario
from understudy.rows import humans, played
from understudy.rows.handle import Humans
from understudy.search.genes import Screen, log_grams
from understudy.search.operators import Pool
from understudy.tasks.profile.anchors import ANCHOR_SEED, anchors_of

ROOT = Path(__file__).resolve().parents[3]
DATASET, SETTING = "sample", "zero_shot"


def prepared(store: Path) -> Path:
    """The store with the sample in it, made where it is not there yet."""
    if not store.exists():
        store.parent.mkdir(parents=True, exist_ok=True)
        making = store.with_name(f"making-{store.name}")
        making.unlink(missing_ok=True)
        program = "from understudy.flows.cli.app import app; app()"
        for command in (["ingest", "redial", str(ROOT / "examples/sample")], ["profile"]):
            told = [*command, "--dataset", DATASET, "--store", str(making), "--json"]
            subprocess.run([sys.executable, "-c", program, *told], check=True, cwd=ROOT, stdout=sys.stderr)
        making.rename(store)
    return store


@dataclass(frozen=True)
class World:
    """What all runs share: humans, recommender, fitted rehearsal, seed prompt, material and screen."""

    store: str

    @cached_property
    def profile_key(self) -> str:
        """The key of the profile."""
        with Store.open(self.store) as opened:
            return humans.current_profile(opened, DATASET)

    @cached_property
    def items(self) -> dict[str, Item]:
        """The catalogue."""
        with Store.open(self.store) as opened:
            return humans.load_items(opened, DATASET)

    @cached_property
    def exemplars(self) -> dict[str, Exemplar]:
        """What prompts may show."""
        with Store.open(self.store) as opened:
            return humans.load_exemplars(opened, self.profile_key)

    @cached_property
    def fitted(self) -> rehearsal.Fitted:
        """Rehearsal as the profile fitted it on `exemplar` and `search`."""
        with Store.open(self.store) as opened:
            found = opened.rows("profile/instrument", dataset=DATASET, name="rehearsal")
        return rehearsal.Fitted.from_json(json.loads(found[0]["parameters"]))

    @cached_property
    def floors(self) -> dict[str, float | None]:
        """Objective → upper bound of humans against humans, on the whole of `select`, which the benchmark does not divide."""
        with Store.open(self.store) as opened:
            found = anchors_of(opened, Humans(opened, DATASET, self.profile_key), "select", PanelSize(**SIZES), seed=ANCHOR_SEED)
            return {row["name"]: row["floor_hi"] for row in found}

    @cached_property
    def recommender(self) -> Recommender:
        """The embedded recommender over the catalogue."""
        with Store.open(self.store) as opened:
            popularity = {row["item_id"]: row["n"] for row in opened.rows("profile/popularity", profile_key=self.profile_key)}
        built: Recommender = plugins.load("recommenders", "retrieval").build(self.items, popularity, NO_SERVICES)
        return built

    def seed_prompt(self, seed: int) -> Genome:
        """The prompt that every optimizer starts from."""
        return seed_genome(load_setting(SETTING), sorted(self.exemplars), seed=seed)

    def shipped_prompts(self, seed: int) -> list[Genome]:
        """The shipped prompts, that of SETTING first.

        `planned` is left out: its policy is fitted on humans, and the truth of a surface reads a prompt alone.
        """
        found = [seed_genome(load_setting(name), sorted(self.exemplars), seed=seed) for name in setting_names()]
        own = self.seed_prompt(seed)
        return [own, *(one for one in found if one.policy is None and one.digest != own.digest)]

    @cached_property
    def pool(self) -> Pool:
        """Material for everybody: the shipped settings' sections, the exemplars."""
        return Pool(tuple(load_setting(name).genome for name in setting_names()), tuple(sorted(self.exemplars)))

    def screen(self, seed: int) -> Screen:
        """What every candidate is held against before it is played, whoever proposed it."""
        return Screen.of([self.seed_prompt(seed)], log_grams=self._grams, exemplar_ids=sorted(self.exemplars))

    @cached_property
    def _grams(self) -> frozenset[int]:
        with Store.open(self.store) as opened:
            return log_grams(humans.load_human_turns(opened, self.profile_key)["text"])

    @cache  # noqa: B019 - one world lives as long as its process
    def contexts(self, split: str) -> dict[str, Context]:
        """Replay contexts of a split."""
        with Store.open(self.store) as opened:
            return {one.context_id: one for one in humans.load_contexts(opened, self.profile_key, split)}

    @cache  # noqa: B019
    def scenarios(self, split: str) -> dict[str, Scenario]:
        """Free-run scenarios of a split."""
        with Store.open(self.store) as opened:
            return {one.scenario_id: one for one in humans.load_scenarios(opened, self.profile_key, split)}

    @cache  # noqa: B019
    def context_turns(self, split: str) -> pl.DataFrame:
        """Who spoke where, and what the seeker had said before."""
        with Store.open(self.store) as opened:
            return humans.load_context_turns(opened, self.profile_key, split)

    @cache  # noqa: B019
    def reference(self, split: str) -> Reference:
        """The humans of a split as the objectives read them; every stratum counts, however few were replayed."""
        with Store.open(self.store) as opened:
            human = played.load_human(opened, self.profile_key, split, DATASET)
        return Reference.build(human, seed=0, min_contexts=1)

    @cache  # noqa: B019
    def panel(self, split: str, size: PanelSize, *, seed: int, rotation: int = 0, replicate: int = 0) -> Panel:
        """The panel of one rotation."""
        return draw_panel(
            self.contexts(split).values(), self.scenarios(split).values(), per_stratum=size.per_stratum,
            n_behaviour=size.behaviour, n_free=size.free, seed=seed, rotation=rotation, replicate=replicate,
        )  # fmt: skip
