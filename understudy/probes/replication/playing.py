"""The calls of one cell of the table: summaries of tastes, one reply a place, and the judge's scores where a task has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from understudy.completion import Complete, Completion, MissingReply, Request, engine_of
from understudy.errors import BudgetExhausted
from understudy.play.second_models import FAILURES, ReplyRecord, asked_while_it_answers
from understudy.play.together import gathered_all
from understudy.probes import Refusal
from understudy.probes.replication.feedback_score import FeedbackScore, scored
from understudy.probes.replication.people import AskedPlace, HistoryUser
from understudy.probes.replication.persons import PlayedPerson, person_of
from understudy.probes.replication.prompting import ToldOfUser, request_of
from understudy.probes.replication.settings import PaperSetting, shown_rows
from understudy.probes.replication.tasks import PaperReplies, PaperTask, neg_feedback
from understudy.probes.replication.tastes import TasteSummary, summed_up
from understudy.prompt.genome import Genome
from understudy.prompt.structured import Invalid

GIVEN_UP = f"{FAILURES} replies of the judge in a row could not be read, so it was not asked any more"


@dataclass(frozen=True, slots=True)
class PlayedBy:
    """Who plays: the models by name, the seed, whether persons have an ethnicity."""

    model: str
    judge: str
    seed: int
    with_ethnicity: bool = False


class CallMeter:
    """Counts calls and tokens of what it passes on, served from the ledger or not, and ends at a number of calls.

    What is asked again, as the summary of a user's taste for the next candidate, costs nothing and counts once. A plain class: it is
    counted up by every call of one piece of work.
    """

    def __init__(self, complete: Complete, *, most: int | None = None) -> None:
        self._complete, self.most = complete, most
        self.n_calls = self.n_prompt_tokens = self.n_reply_tokens = 0
        self.engines: set[str] = set()
        self.is_used_up = False
        self._asked: set[str] = set()

    @property
    def tokens(self) -> int:
        """Tokens of both directions."""
        return self.n_prompt_tokens + self.n_reply_tokens

    async def complete(self, request: Request) -> Completion:
        """The reply. Raises BudgetExhausted where the number of calls is reached."""
        if request.key in self._asked:
            return await self._complete(request)
        if self.most is not None and self.n_calls >= self.most:
            self.is_used_up = True
            raise BudgetExhausted(f"the {self.most} calls of this search are used up")
        self.n_calls += 1
        self._asked.add(request.key)
        reply = await self._complete(request)
        self.n_prompt_tokens += reply.prompt_tokens
        self.n_reply_tokens += reply.completion_tokens
        self.engines.add(reply.engine)
        return reply


@dataclass(frozen=True, slots=True)
class ToldPlace:
    """A place with what its prompt tells of the user, or the reason why it cannot be asked."""

    place: AskedPlace
    told_of: ToldOfUser
    person: PlayedPerson | None
    reason: str = ""
    is_missing: bool = False


async def told_places(
    complete: Complete, task: PaperTask, places: Sequence[AskedPlace], setting: PaperSetting, *, by: PlayedBy
) -> list[ToldPlace]:
    """The places with what the setting tells of each; summaries are asked for once a user."""
    users = {place.user.user_id: place.user for place in places}
    summaries = await _summaries(complete, list(users.values()), setting, by=by)
    found = []
    for place in places:
        summary = summaries.get(place.user.user_id, TasteSummary(""))
        person = person_of(place.user.user_id, seed=by.seed, with_ethnicity=by.with_ethnicity) if setting.has_persona else None
        rows = tuple(shown_rows(setting, place, task.query(place), seed=by.seed))
        told_of = ToldOfUser("" if person is None else person.in_words(), summary.text, rows)
        found.append(ToldPlace(place, told_of, person, summary.reason, summary.is_missing))
    return found


async def replies_of(
    complete: Complete, task: PaperTask, places: Sequence[AskedPlace], setting: PaperSetting, genome: Genome, *, by: PlayedBy
) -> PaperReplies:
    """The replies to one prompt at the places. Raises what ends the run: BudgetExhausted, an open breaker."""
    asked = await told_places(complete, task, places, setting, by=by)

    async def reply_at(one: ToldPlace) -> Completion | str:
        if one.reason:
            return one.reason
        request = request_of(genome, task, one.place, one.told_of, model=by.model, seed=by.seed)
        return await _reply(complete, request)

    answered = await gathered_all(reply_at(one) for one in asked)
    return await with_scores(complete, task, read_replies(task, asked, answered), places, by=by)


def read_replies(task: PaperTask, asked: Sequence[ToldPlace], answered: Sequence[Completion | str]) -> PaperReplies:
    """What the completions amount to; a text stands for the reason why there is none."""
    texts = [None if isinstance(one, str) else task.read(one.text) for one in answered]
    missing = [one for one in answered if isinstance(one, str)]
    return PaperReplies(
        tuple(texts), tuple(one.person for one in asked), raw=tuple(None if isinstance(one, str) else one.text for one in answered),
        n_missing=len(missing),
        n_invalid=sum(text is None for text in texts) - len(missing),
        engine=engine_of(one.engine for one in answered if not isinstance(one, str)), reasons=dict(Counter(missing)),
    )  # fmt: skip


async def with_scores(
    complete: Complete, task: PaperTask, replies: PaperReplies, places: Sequence[AskedPlace], *, by: PlayedBy
) -> PaperReplies:
    """The replies with the judge's scores of them and of the humans' texts; only negative feedback is scored, and only by a judge.

    A judge whose replies cannot be read is not asked on, and then nothing is scored: what it did score is no sample of all.
    """
    if task.NAME != neg_feedback.NAME or not by.judge:
        return replies
    asked = {(at, is_human): text for at in range(len(places)) for is_human, text in _judged_texts(replies, places, at).items()}

    async def score(question: tuple[int, bool]) -> FeedbackScore | Invalid | None:
        text, refusal = asked[question]
        return await scored(complete, text, refusal, model=by.judge, seed=by.seed)

    record = ReplyRecord()
    found = await asked_while_it_answers(list(asked), score, is_usable=_is_usable, record=record, at_once=max(1, len(asked)))
    if record.is_given_up:
        return replace(replies, no_scores=GIVEN_UP)
    ours, theirs = (tuple(_score(found.get((at, is_human))) for at in range(len(places))) for is_human in (False, True))
    return replace(replies, scores=ours, human_scores=theirs)


def _judged_texts(replies: PaperReplies, places: Sequence[AskedPlace], at: int) -> dict[bool, tuple[str, Refusal]]:
    """What the judge reads at a place, and as an answer to what: the reply (False), where there is one, and the human text (True)."""
    refusal, text = places[at].refusal, replies.texts[at]
    if refusal is None:
        return {}
    human = {True: (refusal.text, refusal)}
    return human if text is None else {False: (text, neg_feedback.as_refusal(places[at], text)), **human}


def _is_usable(found: FeedbackScore | Invalid | None) -> bool | None:
    return None if found is None else isinstance(found, FeedbackScore)


def _score(found: FeedbackScore | Invalid | None) -> FeedbackScore | None:
    return found if isinstance(found, FeedbackScore) else None


async def _reply(complete: Callable[[Request], Awaitable[Completion]], request: Request) -> Completion | str:
    try:
        return await complete(request)
    except MissingReply as error:
        return error.message


async def _summaries(
    complete: Complete, users: Sequence[HistoryUser], setting: PaperSetting, *, by: PlayedBy
) -> dict[str, TasteSummary]:
    n = setting.n_summed_up
    if not n:
        return {}
    found = await gathered_all(summed_up(complete, user, n=n, model=by.model, seed=by.seed) for user in users)
    return {user.user_id: one for user, one in zip(users, found, strict=True)}
