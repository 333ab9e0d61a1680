"""A plan in words: the one short instruction that a seeker is given for its next turn.

It gives what is to be said in the seeker's own voice, and asks for other words. Told as facts about the seeker ("You will take it."), a
plan was repeated to the recommender or answered as an assistant answers by small models, and read back from fewer than half of the turns.
"""

from __future__ import annotations

from understudy.policy import stock
from understudy.policy.plans import TurnPlan

VERSION = 2
_NUMBERS = ("no word", "one word", "two words", "three words", "four words", "five words", "six words", "seven words", "eight words")


def in_words(plan: TurnPlan, *draws: str | int) -> str:
    """The instruction for a plan, its stock phrases chosen by `draws`."""
    length = _NUMBERS[plan.n_words] if plan.n_words < len(_NUMBERS) else f"{plan.n_words} words"
    return f"Say this in your own way, in about {length}: {stock.said(plan, *draws)}"


def again(instruction: str) -> str:
    """The instruction once more, where a reply to it could not be used."""
    return f"{instruction}\nUse words of your own."


def frame_of(instruction: str) -> str:
    """An instruction without what is to be said, which a seeker may say as it stands."""
    frame, _, _ = instruction.partition(": ")
    return frame
