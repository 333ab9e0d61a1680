"""Pools for coverage: many dialogues of rehearsal, with faults and without any, from which small batches are drawn and the truth is had."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from declared import declared
from numpy.typing import NDArray
from scratch import DATASET, FOLDER, World

from understudy import plugins, rehearsal
from understudy.completion import Completion, Request
from understudy.doors.store import Store
from understudy.keys import digest, rng_of
from understudy.measure.reference import INSTRUMENTS_DIGEST, Observed, Reference, Simulated, observe
from understudy.play.dialogue import Played, play_all
from understudy.play.frames import simulated
from understudy.play.scene import Scene, free_scene, replay_scene
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome
from understudy.recommenders import NO_SERVICES
from understudy.records import STRATA
from understudy.rows.handle import Humans

RECOMMENDER = "popularity"  # the quickest: what matters of free runs here is the seeker's part
CLEAN = 'name = "clean"\n[base]\n' + "".join(f"{fault} = -40.0\n" for fault in rehearsal.FAULTS)
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """Dialogues as the instruments read them."""

    reactions: pl.DataFrame
    corpus: Any
    turns: pl.DataFrame
    disclosures: pl.DataFrame

    def batch(self, sizes: dict[str, int], *, seed: int, skip: dict[str, int] | None = None) -> Observed:
        """A batch of the pool, drawn without replacement; with `skip` what comes after as much as that in the same order."""
        skip = skip or dict.fromkeys(sizes, 0)
        draw = rng_of("batch of the pool", seed)
        reactions = [
            frame[_slice(draw, len(frame), sizes["per_stratum"], skip["per_stratum"])]
            for frame in (self.reactions.filter(pl.col("stratum") == name) for name in STRATA)
        ]
        rows = _slice(draw, self.corpus.n, sizes["behaviour"], skip["behaviour"])
        names = [self.corpus.ids[row] for row in rows]
        told = self.disclosures[_slice(draw, len(self.disclosures), sizes["free"], skip["free"])]
        nothing = pl.DataFrame(schema={"status": pl.String, "reason": pl.String})
        free = pl.DataFrame(schema={"title_in_prompt": pl.Boolean, "status": pl.String, "dialogue_id": pl.String, "target": pl.String})
        lengths = pl.DataFrame(schema={"play_key": pl.String, "n_turns": pl.Int64, "n_tokens": pl.Int64})
        turns = self.turns.filter(pl.col("dialogue_id").is_in(names))
        return Observed(pl.concat(reactions), self.corpus.rows(rows), turns, told, nothing, free, lengths, same_setting=False)

    def whole(self) -> Observed:
        """All of it at once. The outcomes of playing play no part in what is looked at here, so they are empty."""
        nothing = self.disclosures.clear()
        return Observed(self.reactions, self.corpus, self.turns, self.disclosures, nothing, nothing, nothing, same_setting=False)

    def reference(self, humans: Observed, like: Reference) -> Reference:
        """A batch in the humans' place."""
        return replace(
            like, reactions=humans.reactions, corpus=humans.corpus, turns=humans.turns, disclosures=humans.disclosures, min_contexts=1
        )


def pools(world: World) -> dict[str, Pool]:
    """`faulty` and `clean`; played once and kept."""
    spec = declared()["coverage"]
    on = [spec[name] for name in ("pool", "surface", "setting", "seed")]
    # played and read once: the objectives' own versions do not matter to either
    key = digest([*on, INSTRUMENTS_DIGEST, Path(__file__).read_text(encoding="utf-8")])[:16]
    file = FOLDER / f"pools-{key}.pickle"
    if not file.is_file():
        made = {"faulty": _pool(world, rehearsal.surface(spec["surface"])), "clean": _pool(world, rehearsal.Surface.from_toml(CLEAN))}
        half = file.with_suffix(".half")
        half.write_bytes(pickle.dumps(made))
        half.rename(file)
    found: dict[str, Pool] = pickle.loads(file.read_bytes())
    return found


def _pool(world: World, surface: rehearsal.Surface) -> Pool:
    with Store.open(world.store) as store:
        return _played(world, surface, Humans(store, DATASET, world.profile_key))


def _played(world: World, surface: rehearsal.Surface, side: Humans) -> Pool:
    spec = declared()["coverage"]
    seed = seed_genome(load_setting(spec["setting"]), sorted(side.exemplars), seed=spec["seed"])
    genome = replace(seed, controls=replace(seed.controls, visibility=spec["visibility"]))
    complete = _complete(world, surface)
    crs = {RECOMMENDER: plugins.load("recommenders", RECOMMENDER).build(side.items, side.popularity, NO_SERVICES)}
    frames, replicate, left = [], 0, dict(spec["pool"])
    left |= dict.fromkeys(STRATA, spec["pool"]["per_stratum"])
    while max(left[name] for name in (*STRATA, "behaviour", "free")) > 0:
        scenes = _scenes(side, genome, replicate, left)
        played = asyncio.run(play_all(scenes, complete=complete, recommenders=crs, on_dialogue=lambda: None))
        frames.append(_renamed(simulated(_usable(played), side.context_turns(declared()["split"])), replicate))
        replicate += 1
    names = ("reactions", "behaviour", "free_dialogues", "free_turns")
    return _read(Simulated(*(pl.concat([getattr(one, name) for one in frames]) for name in names)), world.reference, replicate)


def _usable(played: Sequence[Played]) -> list[Played]:
    return [one for one in played if one.turns]


def _scenes(side: Humans, genome: Genome, replicate: int, left: dict[str, int]) -> list[Scene]:
    """The next replicate of everything that is still wanted; `left` is counted down."""
    split, seed = declared()["split"], declared()["coverage"]["seed"]
    shown = [side.exemplars[name] for name in genome.exemplars]
    contexts = list(side.contexts(split).values())
    wanted = []
    for stratum in STRATA:
        wanted += _taken([one for one in contexts if one.stratum == stratum], stratum, left)
    turns: dict[str, list[Any]] = {}
    for one in contexts:
        if one.stratum is None:
            turns.setdefault(one.dialogue_id, []).append(one)
    wanted += [one for group in _taken([group for group in turns.values() if len(group) >= 2], "behaviour", left) for one in group]
    runs = _taken(list(side.scenarios(split).values()), "free", left)
    at = {"genome": genome, "exemplars": shown, "model": f"rehearsal-{seed}", "replicate": replicate}
    replays = [replay_scene(one, target=side.items[one.need.targets[0]] if one.need.targets else None, **at) for one in wanted]
    return [*replays, *(free_scene(one, target=side.items[one.target], recommender=RECOMMENDER, **at) for one in runs)]


def _taken(there: list[Any], name: str, left: dict[str, int]) -> list[Any]:
    taken = there[: max(0, left[name])]
    left[name] -= len(taken)
    return taken


def _complete(world: World, surface: rehearsal.Surface) -> Callable[[Request], Any]:
    with Store.open(world.store) as store:
        row = store.rows("profile/instrument", dataset=DATASET, name="rehearsal")[0]
    fitted = rehearsal.Fitted.from_json(json.loads(row["parameters"]))

    async def complete(request: Request) -> Completion:
        reply = rehearsal.respond(
            request.messages, surface=surface, fitted=fitted, temperature=request.temperature, top_p=request.top_p, seed=request.seed
        )
        return Completion(reply.text, "rehearsal", "rehearsal", "stop", "", reply.prompt_tokens, reply.completion_tokens)

    return complete


def _renamed(frames: Simulated, replicate: int) -> Simulated:
    """The frames of one replicate under dialogue ids of their own."""
    mark = pl.lit(f"#{replicate}")

    def named(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
        return frame.with_columns(pl.col(name) + mark for name in columns)

    return Simulated(
        named(frames.reactions, "context_id", "dialogue_id"), named(frames.behaviour, "dialogue_id"),
        named(frames.free_dialogues, "dialogue_id"), frames.free_turns,
    )  # fmt: skip


def _read(whole: Simulated, reference: Reference, n_replicates: int) -> Pool:
    own = reference.speakers
    named = [own.with_columns(pl.col("dialogue_id") + pl.lit(f"#{at}")) for at in range(n_replicates)]
    seen = observe(whole, replace(reference, speakers=pl.concat([own, *named])))
    return Pool(seen.reactions, seen.corpus, seen.turns.filter(pl.col("source") == "behaviour"), seen.disclosures)


def _slice(draw: np.random.Generator, n: int, size: int, skip: int) -> Rows:
    if skip + size > n:
        raise ValueError(f"the pool holds {n}, {skip + size} are needed")
    return np.sort(draw.permutation(n)[skip : skip + size]).astype(np.int64)
