"""The paper's own way: TextGrad tunes the prompt anew for every single reply. Every call goes through the gateway and the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from understudy.completion import Completion, Message, MissingReply, Request, engine_of
from understudy.doors import textual_gradients
from understudy.keys import seed_of
from understudy.probes.replication.evaluating import evaluator_of
from understudy.probes.replication.people import AskedPlace
from understudy.probes.replication.playing import CallMeter, PlayedBy, ToldPlace, told_places, with_scores
from understudy.probes.replication.prompting import CONTROLS, seed_prompt, system_text, user_text
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import PaperReplies, PaperTask
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.studies.call_sizes import way_of

VERSION = 3
# what an evaluation, a gradient or a new prompt may take; the task's own replies keep their limit. A prompt to be rewritten has about 200
# tokens, and a small model that rambles fills whatever it is given, which the next call then reads (decision 0258)
TUNING_TOKENS = 400


@dataclass(frozen=True, slots=True)
class InstanceReplies:
    """The replies after tuning, how many steps brought no new prompt, and how many of these for a missing call."""

    replies: PaperReplies
    n_failed_steps: int
    n_missing_calls: int


def replies_by_instance(
    opened: OpenRun, meter: CallMeter, task: PaperTask, places: Sequence[AskedPlace], setting: PaperSetting, *, by: PlayedBy
) -> InstanceReplies:
    """One tuned prompt and one reply a place, as many at once as the run allows: the calls of one follow each other.

    A missing call of the tuning costs its step, a missing reply its place. Raises what ends a run.
    """
    asked = opened.gateway.run(told_places(meter.complete, task, places, setting, by=by))

    def tuned_at(one: ToldPlace) -> textual_gradients.TunedReply | str:
        try:
            return one.reason or _tuned(opened, meter, task, one, by=by)
        except MissingReply as error:
            return error.message

    with ThreadPoolExecutor(way_of(opened.options.models).concurrency) as pool:
        found = list(pool.map(tuned_at, asked))
    reasons = Counter(one for one in found if isinstance(one, str))
    texts = [None if isinstance(one, str) else task.read(one.reply) for one in found]
    tuned = [one for one in found if not isinstance(one, str)]
    n_missing = sum(reasons.values())
    replies = PaperReplies(
        tuple(texts), tuple(one.person for one in asked), n_missing=n_missing,
        n_invalid=sum(text is None for text in texts) - n_missing, engine=engine_of(meter.engines), reasons=dict(reasons),
    )  # fmt: skip
    scored = opened.gateway.run(with_scores(meter.complete, task, replies, places, by=by))
    return InstanceReplies(scored, sum(one.n_failed_steps for one in tuned), sum(one.n_missing_calls for one in tuned))


def _tuned(
    opened: OpenRun, meter: CallMeter, task: PaperTask, one: ToldPlace, *, by: PlayedBy
) -> textual_gradients.TunedReply:
    prompt = f"{system_text(seed_prompt(task.NAME))}\n\n{user_text(task, one.place, one.told_of)}"
    n = 0

    def generate(text: str, system: str, purpose: textual_gradients.Purpose) -> str:
        nonlocal n
        n += 1
        is_reply = purpose == "forward"
        messages = (*((Message("system", system),) if system else ()), Message("user", text))
        request = Request(
            role="seeker" if is_reply else "critic", model=by.model if is_reply else opened.cast.critic, messages=messages,
            temperature=CONTROLS.temperature, top_p=CONTROLS.top_p, max_tokens=task.MAX_TOKENS if is_reply else TUNING_TOKENS,
            seed=seed_of("replicate textgrad", VERSION, by.seed, one.place.place_id, n),
        )  # fmt: skip
        reply: Completion = opened.gateway.run(meter.complete(request))
        return reply.text

    return textual_gradients.tuned(prompt, evaluator_of(task.NAME, one.place), generate)
