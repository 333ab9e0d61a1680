"""The texts that doses insert as seekers' turns: our own wordings, from no log and no domain, combined at random.

No objective and no instrument reads this module; whether an instrument takes an acceptance of ours for one is what a dose measures.
"""

from __future__ import annotations

from itertools import product

VERSION = 1

_YES = (
        "", "Oh nice,", "Great,", "Alright,", "Okay,", "Perfect,", "Thanks,", "Good thinking,", "Lovely,", "Right then,",
        "Wonderful,", "Oh yes,", "Well,", "Ah,", "Cool,",
)  # fmt: skip
_TAKEN = (
    "I will give it a try tonight",
    "that sounds good to me",
    "I will add it to my list",
    "I would love to try that one",
    "let's go with that one",
    "that sounds great",
    "I will check it out",
    "that sounds like a good choice",
    "I am definitely interested in that",
    "that works for me",
    "it is going on my list",
    "I want to check that one out",
    "that sounds interesting, I will give it a go",
    "I can't wait to try it",
    "this is exactly what I was looking for",
    "sold, that will do",
    "I am going to try it",
    "count me in for that one",
    "that one seems perfect",
    "I will take it",
    "that is right up my alley",
    "it seems like fun, I want to try it",
    "I look forward to it",
    "I have to see that one",
)
_ENDS = (
    ".", "!", ", thank you.", " this evening.", " this weekend, thanks.", ", good pick.", " soon.", ", thanks a lot!", ", I think.",
    " for sure.", ", why not.", " as soon as I can.", ", you have a good eye.", " once the day is over.",
)  # fmt: skip
ACCEPTANCES: tuple[str, ...] = tuple(f"{yes} {taken}{end}".strip() for yes, taken, end in product(_YES, _TAKEN, _ENDS))

# the seeker names what the recommender should find; {} is the title as labels have it
TITLES: tuple[str, ...] = (
    "In fact the one on my mind is {}.",
    "Something tells me it should be {}.",
    "The name that comes up is {}.",
    "Would that be {} by any chance.",
    "It may as well be {}.",
    "My mind is on {}.",
    "To be exact, {}.",
    "I mean {} of course.",
)

# a few whole turns that a seeker without variety says again and again, whatever was asked; each is read before it is said
REPEATED: tuple[str, ...] = (
    "Hello there, it is a pleasure to be here on this fine day.",
    "I am looking for a good one, can you recommend some for me please?",
    "I really like the ones with a good story and with real people in them.",
    "That sounds great, I will definitely give that one a try tonight.",
    "I am not a fan of that one, it is not for me at all.",
    "Yes I have seen that one a long time ago with the family.",
    "No I have not seen that one, and I never heard of it.",
    "Who is in it and what is that one about in a few words?",
    "Thank you so much for all of your help today, have a nice day, goodbye.",
    "Well there is that to be said about it, as far as that goes.",
)

# what makes a turn longer and says nothing
FILLERS: tuple[str, ...] = (
    "as I was telling somebody only the other day",
    "if you follow what is meant by that",
    "all in all and on the whole",
    "to put it in so many words",
    "for what that may be worth to anybody",
    "at the end of a rather ordinary day",
    "or so it would appear from over here",
    "with everything that goes along with it",
    "as one does from time to time",
    "when all is said and done",
    "in one way or in another way",
    "just to be clear on that point",
    "speaking only for this household",
    "as far as anybody around here can tell",
    "which is how it usually goes",
    "given the hour and the weather",
    "more or less along those lines",
    "to make a short remark into a longer one",
    "as was said a little earlier on",
    "and that is about the size of it",
)


def padded(text: str, clauses: tuple[str, ...], *, n_tokens: int) -> str:
    """`text` with `n_tokens` more words, from `clauses` in their order; a question stays one."""
    stripped = text.rstrip()
    end = stripped[-1] if stripped and stripped[-1] in ".!?" else "."
    words = [word for clause in clauses for word in f"{clause},".split()]
    return f"{stripped.rstrip('.!?')}, {' '.join(words[:n_tokens]).rstrip(',')}{end}"
