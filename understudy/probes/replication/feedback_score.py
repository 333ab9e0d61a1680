"""The paper's 0–10 score of a negative feedback by a judge model, with its three criteria apart; the same for models and humans."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from understudy.completion import Complete, Message, MissingReply, Request
from understudy.keys import seed_of
from understudy.probes import Refusal
from understudy.probes.asking.calls import DATA, persona_in_words
from understudy.prompt import template
from understudy.prompt.structured import Invalid, structured

VERSION = 1
MAX_TOKENS = 60
CRITERIA = ("rejection", "reason", "request")
Digit = Annotated[int, Field(ge=0, le=10)]


class FeedbackScore(BaseModel):
    """A judge's three scores, 0 to 10 each."""

    model_config = ConfigDict(frozen=True)

    rejection: Annotated[Digit, Field(description="how clearly the reply turns the suggestion down")]
    reason: Annotated[Digit, Field(description="how well the reason it gives follows from what this person likes and avoids")]
    request: Annotated[Digit, Field(description="how well it asks for something else without naming a title")]

    @property
    def overall(self) -> float:
        """The mean of the three criteria, in [0, 10]."""
        return (self.rejection + self.reason + self.request) / len(CRITERIA)


async def scored(complete: Complete, text: str, place: Refusal, *, model: str, seed: int) -> FeedbackScore | Invalid | None:
    """The judge's score of one text as the answer to a place's suggestion, or what it said instead; None where the call failed."""
    try:
        return await structured(complete, request_of(text, place, model=model, seed=seed), FeedbackScore)
    except MissingReply:
        return None


def request_of(text: str, place: Refusal, *, model: str, seed: int) -> Request:
    """The question to the judge; it is told neither who wrote the text nor that some are a model's."""
    system = (
        "Somebody was recommended a title and answered. You rate the answer on three criteria, each from 0 (not at all) to 10 "
        f"(completely). {DATA}"
    )
    told = (
        f"<need>\n{persona_in_words(place.need)}\n</need>\n<suggestion>\n{template.inline(place.previous)}\n</suggestion>\n"
        f"<answer>\n{template.inline(text)}\n</answer>"
    )
    return Request(
        role="judge", model=model, messages=(Message("system", system), Message("user", told)), temperature=0.0, top_p=1.0,
        max_tokens=MAX_TOKENS, seed=seed_of("replicate judge", VERSION, seed),
    )  # fmt: skip
