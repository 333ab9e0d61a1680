"""Playing: the simulated seeker's turns, on human contexts (replay) or against a recommender (free run). Pure but for `complete`.

Every draw on our side comes from scenario, replicate and turn, never from the genome, so candidates share random numbers.
A call that fails makes the dialogue *missing*; no sentence of ours is ever put into the seeker's mouth.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from understudy.completion import Complete, MissingReply
from understudy.keys import seed_of
from understudy.play.endings import ENDINGS, Ending, over_by_recommender, over_by_seeker
from understudy.play.order import in_playing_order
from understudy.play.scene import DRAWS, Scene
from understudy.play.second_models import ReplyRecord, checked_turn
from understudy.play.together import gathered_all
from understudy.play.turn import Tally, brief_of
from understudy.prompt import template
from understudy.recommenders import Greeter, Recommendation, Recommender, Session
from understudy.records import Role, Turn
from understudy.text import clean

Status = Literal["complete", "capped", "missing", "invalid"]
End = tuple[Status, str]
_MENDED = ("n_stripped", "n_redone", "n_unchecked", "n_cut", "n_normalised", "n_recounted", "n_prompts_cut")
# what people write to each other in one turn has some hundreds; a whole page of a website has more
MAX_TURN_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class PlayedTurn:
    """One turn as it was said. `item_ids` are the items named, `ranked_ids` the recommender's ranking behind it.

    `n_ungrounded`: titles of that ranking that are none of the catalogue's; None where it was played before they were counted.
    `plan`: what a policy planned for a seeker's turn (policy.plans); None where nothing was planned.
    """

    role: Role
    text: str
    item_ids: tuple[str, ...] = ()
    ranked_ids: tuple[str, ...] = ()
    n_ungrounded: int | None = 0
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """A played dialogue: the columns of play.dialogues without the profile, and its turns.

    `n_stripped`: labels, stage directions, echo and stop tokens taken out of the seeker's replies; `n_redone`: drafts that a second
    model turned down; `n_unchecked`: drafts said without its answer, which could not be read or was not asked for any more. `n_cut`:
    turns that a limit on length has cut, `n_normalised`: characters replaced or removed, `n_recounted`: replies whose tokens are not
    the provider's report, `n_prompts_cut`: prompts that a server is known to have cut, which are not all that were cut.
    `asked_again`: reason → replies that could not be used and were asked for once more. None where it was played before they were counted.
    """

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
    n_stripped: int | None = None
    n_redone: int | None = None
    n_unchecked: int | None = None
    n_cut: int | None = None
    n_normalised: int | None = None
    n_recounted: int | None = None
    n_prompts_cut: int | None = None
    work_tokens: int | None = None
    asked_again: Mapping[str, int] | None = None


async def play(
    scene: Scene, *, complete: Complete, recommender: Recommender | None = None, checks: ReplyRecord | None = None
) -> Played:
    """The scene, played to its end. Raises what ends the whole run: BudgetExhausted, an open breaker.

    `checks`: what the run has seen of its verifier; without it the dialogue has a record of its own.
    """
    run = _Run(scene, Tally(complete), [], checks or ReplyRecord())
    if scene.mode == "replay":
        return await _replay(run)
    if recommender is None:
        raise ValueError("a free run needs a recommender")
    return await _free_run(run, recommender)


async def play_all(
    scenes: Iterable[Scene],
    *,
    complete: Complete,
    recommenders: Mapping[str, Recommender],
    on_dialogue: Callable[[], None],
    on_played: Callable[[], None] = lambda: None,
    at_once: int | None = None,
    checks: ReplyRecord | None = None,
) -> list[Played]:
    """All scenes in their order; the gateway paces the calls. The first error that ends the run cancels the rest.

    `on_dialogue` is called before a free run, `on_played` after any scene. At most `at_once` are in play together, None for no limit.
    `checks`: what the run has seen of its verifier before.
    """
    checks = checks or ReplyRecord()
    places = asyncio.Semaphore(at_once) if at_once is not None else nullcontext()

    async def one(scene: Scene) -> Played:
        async with places:
            if scene.mode == "free":
                on_dialogue()
            played = await play(scene, complete=complete, recommender=recommenders.get(scene.recommender), checks=checks)
            on_played()
            return played

    scenes = list(scenes)
    order = list(in_playing_order(scenes))
    played = dict(zip(order, await gathered_all(one(scenes[place]) for place in order), strict=True))
    return [played[place] for place in range(len(scenes))]


async def _replay(run: _Run) -> Played:
    try:
        fault = await run.speak(run.scene.history, 0)
    except MissingReply as error:
        return run.end("missing", error.message)
    return run.end("invalid", fault) if fault else run.end("complete", "")


async def _free_run(run: _Run, recommender: Recommender) -> Played:
    scene = run.scene
    session = recommender.start(seed_of("session", DRAWS, scene.scenario_id, scene.replicate))
    if scene.opener == "recommender" and isinstance(session, Greeter):
        run.hear(session.greet())
    while len(run.turns) < scene.max_turns:
        is_heard = bool(run.turns) and run.turns[-1].role == "seeker"
        try:
            end = await (_recommended(run, session) if is_heard else _spoken(run))
        except MissingReply as error:
            return run.end("missing", error.message)
        if end is not None:
            return run.end(*end)
    return run.end("capped", f"cap of {scene.max_turns} turns")


async def _spoken(run: _Run) -> End | None:
    """How the seeker's next turn ends the dialogue; None where it goes on. Raises MissingReply."""
    fault = await run.speak(_history(run.turns), len(run.turns))
    if fault:
        return "invalid", fault
    reason = run.over()
    return ("complete", reason) if reason else None


async def _recommended(run: _Run, session: Session) -> End | None:
    """How the recommender's answer ends the dialogue; None where it goes on. Raises MissingReply."""
    answer = run.hear(await session.reply(run.turns[-1].text))
    if answer.act == "goodbye":
        return "complete", "recommender_goodbye"
    reason = over_by_recommender(run.said("recommender"))
    return ("complete", reason) if reason else None


@dataclass(slots=True)
class _Run:
    """A dialogue while it is being played."""

    scene: Scene
    tally: Tally
    turns: list[PlayedTurn]
    checks: ReplyRecord
    n_stripped: int = 0
    n_cut: int = 0
    n_odd: int = 0
    ended: bool = False

    async def speak(self, history: Sequence[Turn], turn_index: int) -> str:
        """The fault of the seeker's next turn; without one the turn is said. Raises MissingReply."""
        reply = await checked_turn(self.scene, history, turn_index, self.tally, checks=self.checks)
        self.n_stripped += reply.n_stripped
        self.ended = reply.ends
        if not reply.fault:
            self.n_cut += reply.is_cut
            if reply.text:  # a reply that is nothing but the token of the end adds no turn
                plan = self.scene.plan(history, turn_index)
                self.turns.append(PlayedTurn("seeker", reply.text, plan=None if plan is None else plan.text))
        return reply.fault

    def hear(self, answer: Recommendation) -> Recommendation:
        """The recommender's answer as it is said: text that can be stored and shown. Raises MissingReply where none is left."""
        text = clean(answer.text, max_bytes=MAX_TURN_BYTES)
        if answer.text.strip() and not text.text.strip():
            raise MissingReply("the recommender's answer holds no character that can be shown")
        self.n_odd += text.n_normalised
        self.n_cut += text.n_cut_bytes > 0
        self.turns.append(PlayedTurn("recommender", text.text, answer.named_ids, answer.ranked_ids, answer.n_ungrounded))
        return replace(answer, text=text.text)

    def said(self, role: Role) -> list[str]:
        """All that one of the two has said."""
        return [turn.text for turn in self.turns if turn.role == role]

    def over(self) -> str:
        """Why the seeker's last turn ends the dialogue; empty where it does not."""
        return "goodbye" if self.ended else over_by_seeker(self.said("seeker")) or ""

    def end(self, status: Status, reason: str) -> Played:
        """The dialogue as it was played."""
        scene, completions = self.scene, self.tally.completions
        return Played(
            play_key=scene.play_key,
            mode=scene.mode,
            scenario_id=scene.scenario_id,
            dialogue_id=scene.dialogue_id,
            genome_digest=scene.genome.digest,
            replicate=scene.replicate,
            recommender=scene.recommender,
            model=scene.model,
            engine="+".join(sorted({one.engine for one in completions})) or scene.engine_without_calls,
            status=status,
            reason=reason,
            stratum=scene.stratum,
            item_id=scene.item_id,
            target=scene.target.item_id if scene.target else None,
            title_in_prompt=_tells_title(scene),
            n_turns=len(self.turns),
            n_tokens=sum(completion.completion_tokens for completion in completions),
            work_tokens=sum(completion.work for completion in completions),
            turns=tuple(self.turns),
            n_stripped=self.n_stripped,
            n_redone=self.tally.n_redone,
            n_unchecked=self.tally.n_unchecked,
            n_cut=self.n_cut,
            n_normalised=None if self.tally.n_normalised is None else self.tally.n_normalised + self.n_odd,
            n_recounted=self.tally.n_recounted,
            n_prompts_cut=self.tally.n_prompts_cut,
            asked_again=dict(self.tally.asked_again),
        )


def _tells_title(scene: Scene) -> bool:
    # a replay has no target to give away, so only free runs are asked
    if scene.mode == "replay" or scene.target is None:
        return False
    return template.title_in_prompt(brief_of(scene, ()), scene.target)


def _history(turns: Sequence[PlayedTurn]) -> list[Turn]:
    return [Turn(turn.role, turn.text, 1, turn.item_ids) for turn in turns]


def ends_of(played: Iterable[Played]) -> dict[str, Any]:
    """How dialogues ended, as status → reason → how many, and what had to be mended in the seeker's replies.

    The counts of mended replies are None where a dialogue was played before they were counted.
    """
    ends: dict[str, dict[str, int]] = {status: {} for status in get_args(Status)}
    mended: dict[str, int | None] = dict.fromkeys(_MENDED, 0)
    again: Counter[str] | None = Counter()
    for one in sorted(played, key=lambda one: (one.status, one.reason)):
        ends[one.status][one.reason] = ends[one.status].get(one.reason, 0) + 1
        again = None if again is None or one.asked_again is None else again + Counter(one.asked_again)
        for name, total in mended.items():
            n = getattr(one, name)
            mended[name] = None if total is None or n is None else total + n
    known = None if again is None else dict(sorted(again.items()))
    asked = {"n_asked_again": None if again is None else again.total(), "asked_again": known}
    return {**{f"n_{status}": sum(reasons.values()) for status, reasons in ends.items()}, **mended, **asked, "ends": ends}


def endings_of(played: Iterable[Played]) -> dict[Ending, int]:
    """Ending → dialogues that ended so, of those that came to an end."""
    found = Counter("cap" if one.status == "capped" else one.reason for one in played if one.status in ("complete", "capped"))
    return {name: found[name] for name in ENDINGS}
