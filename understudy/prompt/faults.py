"""What keeps a reply from being the seeker's turn though it holds words: a refusal, talk about the task, an echo, a cut sentence.

Each is a reason of its own, for which the model is asked once more. What people themselves write is hardly ever marked: the shares on
the turns of ReDial's seekers are measured by a test (docs/models.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

VERSION = 2
ASKED_AGAIN = ("echo", "refusal", "task_talk", "role_flip", "cut", "empty", "unfinished_thought", "repetition")
"""The reasons for which a reply is asked for once more, in the order of the documents."""

# an assistant refuses a request; a seeker refuses an item, with other verbs ("sorry, I can't watch that")
_CANNOT = r"\bi(?: cannot| can not| can(?:'|’)?t| won(?:'|’)?t|(?:'m| am) (?:unable|not able) to|(?:'m| am) not going to)"
_REFUSAL = re.compile(
    rf"{_CANNOT} (?:assist|comply|fulfil+ (?:this|that|your)|engage in|generate|participate in"
    r"|help (?:you )?with (?:that|this)|provide (?:that|this|you with|personal|any)|continue (?:with )?(?:this|the|that))\b"
    rf"|\b(?:sorry|apologi[sz]e|afraid)\b[^.!?]{{0,40}}{_CANNOT}"
    r" (?:help (?:you|with)|assist|comply|answer|respond|provide|continue|discuss|access)\b"
    r"|\bi(?:'m| am) (?:just )?(?:not )?(?:designed|programmed|trained) to\b"
    r"|\bi (?:do not|don(?:'|’)?t) have (?:personal (?:preferences|feelings|opinions|experiences?)|the ability to|access to"
    r"|(?:any|enough|sufficient) information)\b",
    re.IGNORECASE,
)
# words of somebody who talks about playing the person, not to the other person
_TASK_TALK = re.compile(
    r"\bthe (?:recommender|seeker|user)(?:'s|’s)?\b|\bas (?:a|the) (?:seeker|user)\b(?!s)"
    r"|\byou(?:'re|’re| are) (?:a|an|my|the) (?:(?:movie|film|book|music|game|restaurant)s? )?(?:recommender|language model|ai)\b"
    r"|\b(?:my|the|your|their|this) (?:own )?next message\b|\bnext message to (?:that|the other) person\b"
    r"|\b(?:based on|according to|given) (?:the|your|my|these|those) (?:\w+ )?(?:information|instructions?|preferences|prompt|context)"
    r"(?: (?:you(?:'ve| have)? )?(?:provided|given|above))\b"
    r"|\bhere(?:'s| is| are) (?:a|an|my|the|some|your) (?:\w+ ){0,2}(?:response|reply|message|messages|conversation|dialogue|example)\b"
    r"|\bin this (?:scenario|role-?play|simulated?)\b|\bthe (?:above|following) (?:conversation|dialogue|text|prompt)\b"
    r"|\bi(?:'ll| will) respond to your (?:question|request|message)\b|\bthis (?:chat|conversation) is about\b"
    r"|\bthat other person (?:wrote|says|said)\b|\b(?:my|your) (?:last|previous) message\b",
    re.IGNORECASE,
)
# the names of the lines in which a need is told: nobody speaks in them
_NEED_LINE = re.compile(
    r"\b(?:(?:genres|people whose work|eras) you (?:like|avoid)|titles you (?:enjoyed|did not enjoy|already know)"
    r"|(?:what|the title that) would suit you today)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_N_GRAM = 8
_MOST_ECHOED = 0.5
# two people may well greet each other in the same words
_FEWEST_REPEATED = 6
_WHOLE = re.compile(r"[.!?…][\"'”’)\]*]*$")


def fault_in(said: str, *, instructions: str, heard: str = "") -> str:
    """`refusal`, `task_talk` or `echo` where the words of a cleaned reply are one, else empty.

    `instructions`: those of the prompt in our words and those of its genome, without the values of the need and without
    examples. `heard`: what the recommender said last.
    """
    if _REFUSAL.search(said):
        return "refusal"
    if _NEED_LINE.search(said) or _repeats_instructions(said, instructions):
        return "echo"
    if _TASK_TALK.search(said):
        return "task_talk"
    words = _words(said)
    return "echo" if len(words) >= _FEWEST_REPEATED and words == _words(heard) else ""


def is_whole(said: str) -> bool:
    """Whether a text ends where a sentence ends."""
    return bool(_WHOLE.search(said.rstrip()))


def _repeats_instructions(said: str, instructions: str) -> bool:
    """Whether half of the words or more stand in runs of eight that the instructions hold as well."""
    words, known = _words(said), _grams(instructions)
    echoed = {at + step for at in range(len(words) - _N_GRAM + 1) if tuple(words[at : at + _N_GRAM]) in known for step in range(_N_GRAM)}
    return len(words) >= _N_GRAM and len(echoed) >= _MOST_ECHOED * len(words)


@lru_cache(maxsize=512)
def _grams(text: str) -> frozenset[tuple[str, ...]]:
    words = _words(text)
    return frozenset(tuple(words[at : at + _N_GRAM]) for at in range(len(words) - _N_GRAM + 1))


def _words(text: str) -> Sequence[str]:
    return _WORD.findall(text.casefold())
