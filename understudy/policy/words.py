"""A plan in plain words: the one short instruction that a seeker is given for its next turn.

Facts and one question, no order to write: asked to write or to say something, small models answer that they will help to write.
"""

from __future__ import annotations

from understudy.policy.plans import TurnPlan
from understudy.prompt.template import plain

VERSION = 1
_ACTS = {
    "greet": "You only say hello for now.",
    "request": "You want to have something recommended.",
    "accept": "You want to take what was suggested.",
    "reject": "You do not want what was suggested.",
    "seen": "You know already what was suggested.",
    "unseen": "You do not know what was suggested.",
    "ask": "You want to ask something back.",
    "prefer": "You want to mention what you like.",
    "close": "You want to thank the other person.",
    "other": "You have nothing in particular to add.",
}
# the same acts where nothing was suggested: people say yes and no to other things as well
_WITHOUT_OFFER = {
    "accept": "You agree.",
    "reject": "You say no to that.",
    "seen": "You want to name something that you have seen.",
    "unseen": "You cannot say anything about that.",
}
# where the act does not say already what becomes of the suggestion
_REACTIONS = {
    "accept": "You will take it.",
    "reject": "You will not take it.",
    "neither": "You have not made up your mind about it yet.",
}
_NUMBERS = ("no word", "one word", "two words", "three words", "four words", "five words", "six words", "seven words", "eight words")


def in_words(plan: TurnPlan, *, is_first: bool) -> str:
    """The instruction for a plan. `is_first`: the seeker opens the conversation."""
    told = [_ACTS[plan.act] if plan.has_offer else _WITHOUT_OFFER.get(plan.act, _ACTS[plan.act])]
    if plan.beside_act in _REACTIONS:
        told.append(_REACTIONS[plan.beside_act])
    if plan.wishes:
        told.append(f"You bring up: {plain('; '.join(plan.wishes))}.")
    if plan.ends:
        told.append("Then you leave and say bye.")
    length = _NUMBERS[plan.n_words] if plan.n_words < len(_NUMBERS) else f"{plan.n_words} words"
    question = "What is your first message" if is_first else "What do you answer"
    return f"{' '.join(told)} {question}, in about {length}?"


def again(instruction: str) -> str:
    """The instruction once more, where a reply to it could not be used."""
    return f"{instruction} Use words of your own."
