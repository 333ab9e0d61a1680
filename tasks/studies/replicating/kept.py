"""What a cell keeps of its replies in its row, and the replies read back: two cells are then compared without asking anybody again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from understudy.probes.replication.feedback_score import FeedbackScore
from understudy.probes.replication.people import AskedPlace
from understudy.probes.replication.persons import person_of
from understudy.probes.replication.playing import PlayedBy
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import PaperReplies
from understudy.tasks.studies.results.replicated import KeptReplyFields, ScoreFields


def kept(places: Sequence[AskedPlace], replies: PaperReplies | None) -> list[KeptReplyFields]:
    """One row a place: the reply as it was read, and the judge's scores of both sides; nothing where nobody was asked."""
    if replies is None:
        return []
    nobody = (None,) * len(places)
    scores = zip(replies.scores or nobody, replies.human_scores or nobody, strict=True)
    return [
        {"place": place.place_id, "text": text, "score": _score_fields(ours), "human_score": _score_fields(theirs)}
        for place, text, (ours, theirs) in zip(places, replies.texts, scores, strict=True)
    ]


def read_back(
    rows: Sequence[KeptReplyFields], places: Sequence[AskedPlace], setting: PaperSetting, *, by: PlayedBy
) -> PaperReplies | None:
    """The replies at the places; None where a place was not asked."""
    known: Mapping[str, KeptReplyFields] = {row["place"]: row for row in rows}
    if not places or any(place.place_id not in known for place in places):
        return None
    own = [known[place.place_id] for place in places]
    persons = tuple(
        person_of(place.user.user_id, seed=by.seed, with_ethnicity=by.with_ethnicity) if setting.has_persona else None for place in places
    )
    scores, human_scores = tuple(_score_of(row["score"]) for row in own), tuple(_score_of(row["human_score"]) for row in own)
    are_scored = any(scores)
    return PaperReplies(
        tuple(row["text"] for row in own), persons, scores=scores if are_scored else (), human_scores=human_scores if are_scored else (),
    )  # fmt: skip


def _score_fields(score: FeedbackScore | None) -> ScoreFields | None:
    return None if score is None else {"rejection": score.rejection, "reason": score.reason, "request": score.request}


def _score_of(fields: ScoreFields | None) -> FeedbackScore | None:
    return None if fields is None else FeedbackScore(**fields)
