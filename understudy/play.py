"""Playing: the simulated seeker's turns, on human contexts (replay) or against a recommender (free run). Pure but for `complete`.

Every draw on our side comes from scenario, replicate and turn, never from the genome, so candidates share random numbers.
A call that fails makes the dialogue *missing*; no sentence of ours is ever put into the seeker's mouth.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from understudy import prompts
from understudy.completion import Complete, Completion, MissingReply, Request
from understudy.genome import Genome
from understudy.keys import key, seed_of
from understudy.prompts import Exemplar
from understudy.recommenders import Recommender
from understudy.records import Context, Item, Need, Role, Scenario, Turn

VERSION = 1
MAX_TURNS = 20
MAX_TOKENS = 160
NO_RECOMMENDER = "none"
Mode = Literal["replay", "free"]
Status = Literal["complete", "capped", "missing", "invalid"]

_LABEL = re.compile(r"^\s*(?:\*\*)?(?:seeker|user|customer|me)(?:\*\*)?\s*:\s*", re.IGNORECASE)
_FLIPPED = re.compile(r"(?:^|\n)\s*(?:\*\*)?(?:recommender|assistant|system)(?:\*\*)?\s*:", re.IGNORECASE)
# a recommender's own phrases; 0.04 % of the seeker turns in the ReDial logs hold one
_SPOKEN_AS_RECOMMENDER = re.compile(
    r"\bas (?:an? (?:ai|artificial intelligence|(?:ai |language |large language )+model|assistant)|(?:a|your) recommender)\b"
    r"|\bhow (?:can|may) i (?:help|assist) you\b|\b(?:help|assist) you (?:to )?(?:find|choose|pick)\b"
    r"|^\W*(?:i(?:'d| would)? (?:highly |also )?(?:recommend|suggest)|(?:may|can|might) i (?:recommend|suggest))\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?(?:recommender|seeker|need|example)>", re.IGNORECASE)
_GOODBYE = re.compile(
    r"\b(?:good ?bye|bye(?:[- ]bye)?|take care|see (?:you|ya)|have a (?:good|great|nice|lovely) (?:one|day|night|evening|time))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlayedTurn:
    """One turn as it was said. `item_ids` are the items named, `ranked_ids` the recommender's ranking behind it."""

    role: Role
    text: str
    item_ids: tuple[str, ...] = ()
    ranked_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing to be played: a genome on a context (replay) or on a scenario (free run)."""

    mode: Mode
    scenario_id: str
    dialogue_id: str
    need: Need
    history: tuple[Turn, ...]
    stratum: str | None
    item_id: str | None
    target: Item | None
    genome: Genome
    exemplars: tuple[Exemplar, ...]
    recommender: str
    model: str
    replicate: int

    @property
    def play_key(self) -> str:
        """The key of the played dialogue."""
        return key(
            "play",
            VERSION,
            prompt=prompts.VERSION,
            mode=self.mode,
            scenario=self.scenario_id,
            genome=self.genome.digest,
            recommender=self.recommender,
            model=self.model,
            replicate=self.replicate,
            max_turns=MAX_TURNS,
        )


@dataclass(frozen=True, slots=True)
class Played:
    """A played dialogue: the columns of play.dialogues without the profile, and its turns."""

    play_key: str
    mode: str
    scenario_id: str
    dialogue_id: str
    genome_digest: str
    replicate: int
    recommender: str
    model: str
    engine: str
    status: str
    reason: str
    stratum: str | None
    item_id: str | None
    target: str | None
    title_in_prompt: bool
    n_turns: int
    n_tokens: int
    turns: tuple[PlayedTurn, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A seeker's reply after cleaning: its text, or why it cannot be used."""

    text: str
    fault: str = ""


def replay_scene(
    context: Context, *, genome: Genome, exemplars: Sequence[Exemplar], target: Item | None, model: str, replicate: int
) -> Scene:
    """The scene of a replay: the seeker's next turn at a point of a human dialogue."""
    return Scene(
        "replay", context.context_id, context.dialogue_id, context.need, context.history, context.stratum, context.item_id,
        target, genome, tuple(exemplars), NO_RECOMMENDER, model, replicate,
    )  # fmt: skip


def free_scene(
    scenario: Scenario, *, genome: Genome, exemplars: Sequence[Exemplar], target: Item, recommender: str, model: str, replicate: int
) -> Scene:
    """The scene of a free run: a whole dialogue with a recommender; the seeker speaks first."""
    return Scene(
        "free", scenario.scenario_id, scenario.dialogue_id, scenario.need, (), None, None,
        target, genome, tuple(exemplars), recommender, model, replicate,
    )  # fmt: skip


async def play(scene: Scene, *, complete: Complete, recommender: Recommender | None = None) -> Played:
    """The scene, played to its end. Raises what ends the whole run: BudgetExhausted, an open breaker."""
    if scene.mode == "replay":
        return await _replay(scene, complete)
    if recommender is None:
        raise ValueError("a free run needs a recommender")
    return await _free_run(scene, complete, recommender)


async def play_all(
    scenes: Iterable[Scene], *, complete: Complete, recommenders: Mapping[str, Recommender], on_dialogue: Callable[[], None]
) -> list[Played]:
    """All scenes in their order, played at once; the gateway paces the calls. The first error that ends the run cancels the rest."""

    async def one(scene: Scene) -> Played:
        if scene.mode == "free":
            on_dialogue()
        return await play(scene, complete=complete, recommender=recommenders.get(scene.recommender))

    try:
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(one(scene)) for scene in scenes]
    except* Exception as errors:
        raise first_of(errors) from None
    return [job.result() for job in jobs]


def first_of(errors: BaseExceptionGroup[Exception]) -> Exception:
    """The first error in a group, however deep: callers know errors, not groups."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def cleaned(text: str) -> Reply:
    """The speech in a reply: role label, echoed fences and quotes around it are gone. `role_flip` and `empty` are faults."""
    said = _LABEL.sub("", _TAG.sub("", text).strip()).strip()
    if len(said) > 1 and said[0] == said[-1] and said[0] in "\"“”":
        said = said[1:-1].strip()
    if _FLIPPED.search(said) or _SPOKEN_AS_RECOMMENDER.search(said):
        return Reply("", "role_flip")
    if not any(character.isalnum() for character in said):
        return Reply("", "empty")
    return Reply(" ".join(said.split()))


def says_goodbye(text: str) -> bool:
    """Whether a turn closes the conversation."""
    return bool(_GOODBYE.search(text))


async def _replay(scene: Scene, complete: Complete) -> Played:
    try:
        completion = await complete(_request(scene, scene.history, 0))
    except MissingReply as error:
        return _played(scene, [], status="missing", reason=error.message, completions=[])
    reply = cleaned(completion.text)
    if reply.fault:
        return _played(scene, [], status="invalid", reason=reply.fault, completions=[completion])
    return _played(scene, [PlayedTurn("seeker", reply.text)], status="complete", reason="", completions=[completion])


async def _free_run(scene: Scene, complete: Complete, recommender: Recommender) -> Played:
    session = recommender.start(seed_of("session", VERSION, scene.scenario_id, scene.replicate))
    turns: list[PlayedTurn] = []
    completions: list[Completion] = []

    def end(status: Status, reason: str) -> Played:
        return _played(scene, turns, status=status, reason=reason, completions=completions)

    while len(turns) < MAX_TURNS:
        try:
            completion = await complete(_request(scene, _history(turns), len(turns)))
            completions.append(completion)
            reply = cleaned(completion.text)
            if reply.fault:
                return end("invalid", reply.fault)
            repeated = len(turns) >= 2 and turns[-2].text == reply.text
            turns.append(PlayedTurn("seeker", reply.text))
            if says_goodbye(reply.text):
                return end("complete", "goodbye")
            if repeated:
                return end("complete", "loop")
            answer = await session.reply(reply.text)
        except MissingReply as error:
            return end("missing", error.message)
        turns.append(PlayedTurn("recommender", answer.text, answer.named_ids, answer.ranked_ids))
        if answer.act == "goodbye":
            return end("complete", "goodbye")
    return end("capped", f"cap of {MAX_TURNS} turns")


def _request(scene: Scene, history: Sequence[Turn], turn_index: int) -> Request:
    controls = scene.genome.controls
    return Request(
        role="seeker",
        model=scene.model,
        messages=prompts.render(scene.genome, scene.need, history, exemplars=scene.exemplars, target=scene.target),
        temperature=controls.temperature,
        top_p=controls.top_p,
        max_tokens=MAX_TOKENS,
        seed=seed_of("turn", VERSION, scene.scenario_id, scene.replicate, turn_index),
    )


def _tells_title(scene: Scene) -> bool:
    # a replay has no target to give away, so only free runs are asked
    if scene.mode == "replay" or scene.target is None:
        return False
    return prompts.title_in_prompt(_request(scene, (), 0).messages, scene.target)


def _history(turns: Sequence[PlayedTurn]) -> list[Turn]:
    return [Turn(turn.role, turn.text, 1, turn.item_ids) for turn in turns]


def _played(scene: Scene, turns: Sequence[PlayedTurn], *, status: Status, reason: str, completions: Sequence[Completion]) -> Played:
    return Played(
        play_key=scene.play_key,
        mode=scene.mode,
        scenario_id=scene.scenario_id,
        dialogue_id=scene.dialogue_id,
        genome_digest=scene.genome.digest,
        replicate=scene.replicate,
        recommender=scene.recommender,
        model=scene.model,
        engine=completions[0].engine if completions else "",
        status=status,
        reason=reason,
        stratum=scene.stratum,
        item_id=scene.item_id,
        target=scene.target.item_id if scene.target else None,
        title_in_prompt=_tells_title(scene),
        n_turns=len(turns),
        n_tokens=sum(completion.completion_tokens for completion in completions),
        turns=tuple(turns),
    )


def free_frames(played: Iterable[Played]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FREE_DIALOGUES and FREE_TURNS of the free runs among `played`."""
    runs = [one for one in played if one.mode == "free"]
    columns = ("play_key", "scenario_id", "dialogue_id", "target", "status", "reason", "title_in_prompt", "n_turns")
    types: dict[str, Any] = {"title_in_prompt": pl.Boolean, "n_turns": pl.Int64}
    dialogues = pl.DataFrame(
        [tuple(getattr(one, name) for name in columns) for one in runs],
        schema={name: types.get(name, pl.String) for name in columns},
        orient="row",
    )
    rows = [(one.play_key, i, turn.role, turn.text, list(turn.item_ids)) for one in runs for i, turn in enumerate(one.turns)]
    schema: dict[str, Any] = {
        "play_key": pl.String, "turn_index": pl.Int64, "role": pl.String, "text": pl.String, "item_ids": pl.List(pl.String),
    }  # fmt: skip
    return dialogues, pl.DataFrame(rows, schema=schema, orient="row")


def replies(played: Iterable[Played]) -> pl.DataFrame:
    """context_id, stratum, item_id, text: the usable replays among `played`, to be joined to the humans' rows."""
    rows = [(one.scenario_id, one.stratum, one.item_id, one.turns[0].text) for one in played if one.mode == "replay" and one.turns]
    schema = {"context_id": pl.String, "stratum": pl.String, "item_id": pl.String, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
