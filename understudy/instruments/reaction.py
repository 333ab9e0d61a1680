"""What a seeker's turn does with a recommendation: accept, reject or neither. A lexicon, standing in for a fitted reaction model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from understudy.instruments import text
from understudy.instruments.language import ENGLISH
from understudy.keys import digest

VERSION = 1
KIND = "lexicon"
READS = ENGLISH
CLASSES = ("accept", "reject", "neither")

_WATCH = r"(?:watch|see|check|try|look|give|rent|stream|add|put|get|buy|read|start|go with|go for|download|pick)"
_THING = r"(?:it|that|this|them|those|these|one|xtitlex)"

# Willing to take it up: will do it, wants to, finds that it sounds right, praises the suggestion.
ACCEPT = (
    rf"\b(?:ill|i will|we will|well|i shall|im going to|i am going to|im gonna|gonna|going to) (?:\w+ ){{0,2}}{_WATCH}\b",
    rf"^(?:no |yes |ok |okay |great |and )*(?:but )?(?:will|gonna) (?:\w+ ){{0,2}}{_WATCH}\b",
    rf"\b(?:and|but|so|,|\.) ?will (?:\w+ )?{_WATCH}\b",
    rf"\b(?:id|i would|i) (?:\w+ )?(?:love|like|want|need|wanna|have|got|plan|hope) to (?:\w+ ){{0,2}}{_WATCH}\b",
    rf"\b(?:have to|need to|should|must|wanna|want to|gotta|wanting to|meaning to|planning to|can) (?:\w+ )?{_WATCH}\b (?:\w+ ){{0,2}}?"
    rf"(?:{_THING}|out)\b",
    r"\b(?:have to|need to|want to|wanting to|wanted to|meaning to) (?:\w+ )?(?:watch|see|check|try)\b",
    r"\b(?:sounds?|seems?|looks?|sounding) (?:like )?(?:\w+ )?(?:a |an )?(?:\w+ )?"
    r"(?:good|great|interesting|awesome|perfect|cool|amazing|fun|funny|"
    r"nice|fantastic|wonderful|intriguing|promising|excellent|right|exciting|lovely|delightful|fascinating|hilarious)\b",
    r"\bsounds? (?:exactly )?like (?:something|my|a movie|a film|what)\b",
    r"\b(?:good|great|excellent|nice|awesome|perfect|wonderful|fantastic|helpful|lovely|amazing) (?:\w+ )?"
    r"(?:suggestion|recommendation|choice|idea|pick|option|call)s?\b",
    r"\b(?:on|to) (?:my|the) (?:\w+ )?(?:list|watchlist|queue)\b",
    r"\bgive (?:it|that|this|them|those|xtitlex) (?:\w+ )?(?:a )?(?:try|shot|go|watch|chance|look)\b",
    r"\b(?:im|i am|id be|would be|definitely|very|really) (?:\w+ )?interested\b",
    r"\b(?:just|exactly) what i (?:was|am|m|had) (?:\w+ )?(?:looking|after|want|in mind)",
    r"\b(?:my|the) (?:best bet|choice|pick)\b",
    r"\b(?:count me in|im in|im sold|sold|lets go with|works for me|that works|that will do|thatll do|take it|up my alley|more my speed)\b",
    r"\bi(?:ve| have)? (?:heard|hear) (?:\w+ ){0,4}(?:good|great|awesome|amazing|wonderful) ?(?:things|reviews|about)?",
    r"\b(?:may|might) (?:\w+ )?(?:be good|check|watch|try|give|enjoy|like|have to)\b",
    r"\b(?:cant|can not|cannot) wait to\b",
    r"\b(?:looking|look) forward to\b",
    r"\bi (?:think|bet|am sure|m sure) (?:\w+ ){0,2}(?:id|ill|i would|i will|we|we will|well) (?:\w+ )?(?:like|love|enjoy)\b",
)

# Turned down or run down.
REJECT = (
    r"\b(?:dont|do not|didnt|did not|doesnt|never|not|wouldnt|would not|cant|wasnt|couldnt) (?:\w+ ){0,3}"
    r"(?:like|liked|enjoy|enjoyed|care|love|stand|dig|"
    r"into|get into|do horror|appeal|watch)\b",
    r"\bnot (?:\w+ ){0,2}(?:a |an )?(?:\w+ )?"
    r"(?:fan|interested|interesting|my (?:\w+ )?(?:thing|type|taste|style|cup|favorite|favourite|genre)|my cup|into|"
    r"in the mood|looking for|what i|for me|something i|good|great|keen|sure about|one of my)\b",
    r"\b(?:isnt|wasnt|arent|werent|aint) (?:\w+ ){0,3}"
    r"(?:my|for me|a fan|interested|good|great|what|that good|too good|something|into|funny|looking|thing)\b",
    r"\b(?:no|zero|little) (?:interest|desire|thanks|thank you|way)\b",
    r"\b(?:hate|hated|hates|dislike|disliked|despise|detest|cant stand|loathe|"
    r"awful|terrible|horrible|boring|bored|sucks|sucked|stupid|overrated|dumb|lame|"
    r"disappointing|disappointed|disappointment|worst|garbage|crap|trash|rubbish|dreadful|meh|ugh|eh|nah|yuck|bleh)\b",
    r"\b(?:ill|i will|gonna|going to|think i|have to|id|hard|rather) pass\b",
    r"^pass\b",
    r"\bpass on\b",
    r"\b(?:no interest|uninterested|unimpressed|turned off|put me off|puts me off|so so|fell asleep)\b",
    r"\b(?:too|to) (?:much |many )?"
    r"(?:scary|gory|gore|violent|violence|slow|long|silly|cheesy|sad|childish|dark|old|serious|intense|creepy|romantic|talking|"
    r"predictable|graphic|heavy|weird|depressing|corny|new|recent|modern)\b",
    r"\bsomething (?:else|different|other|newer|older|lighter|funnier|more (?:recent|modern|serious))\b",
    r"\b(?:rather|prefer) (?:\w+ )?(?:not|something|to avoid)\b",
    r"\b(?:skip|avoid) (?:it|that|this|one|them|those|xtitlex)\b",
    r"\b(?:never|couldnt|could not|cant) (?:\w+ )?(?:get|got|been|be) (?:\w+ )?into\b",
    r"\b(?:just )?wasnt (?:\w+ )?(?:into|for me|my)\b",
)

# Neither, though words of ACCEPT or REJECT stand in it: questions for more, a look back, "not only seen but liked".
_NOT_ACCEPT = (r"\b(?:dont|do not|not|never|didnt|no) (?:\w+ )?(?:want|need|plan|going|wanna|wanted|think|sound|look|interested)\b",)
_NOT_REJECT = (
    r"\b(?:havent|have not|didnt|did not|dont|not|never)(?: \w+){0,2} (?:seen|saw|see|watched|heard|think|know|remember|realize)\b",
    r"\bwho (?:doesnt|didnt|wouldnt)\b",
    r"\bnot (?:bad|only|too bad)\b",
)
N_SIGNS = len(ACCEPT) + len(REJECT)
_COLUMNS = [f"sign_{place}_{at}" for place, patterns in enumerate((ACCEPT, REJECT)) for at in range(len(patterns))]
# for more turns than these the patterns take longer to search than to compile
_MOST_AT_ONCE = 2_000
_N_KEPT = 100_000
DIGEST = digest({"version": VERSION, "text": text.VERSION, "lists": [ACCEPT, REJECT, _NOT_ACCEPT, _NOT_REJECT]})


def reaction(masked: pl.Series) -> pl.Series:
    """`accept`, `reject` or `neither` for each masked turn, in their order.

    A turn with signs of both is what more signs say; on a tie it is an acceptance, as in gold acts a turn that criticises one title
    and takes another is marked accepted.
    """
    accepted, rejected = (pl.sum_horizontal(pl.col(f"^sign_{place}_.*$").cast(pl.Int32)) for place in (0, 1))
    label = (
        pl.when(accepted + rejected == 0)
        .then(pl.lit("neither"))
        .when(accepted >= rejected)
        .then(pl.lit("accept"))
        .otherwise(pl.lit("reject"))
    )
    return signs(masked).select(label=label).to_series()


def signs(masked: pl.Series) -> pl.DataFrame:
    """Per sign of acceptance and rejection whether each masked turn holds it: the lexicon's votes, one column each.

    Polars keeps 32 compiled patterns and there are more, so that each call compiles them all, which takes as long as searching
    a thousand turns. The votes of turns that come in small numbers are therefore kept: the same turns are read again and again.
    """
    if len(masked) > _MOST_AT_ONCE or masked.null_count():
        return _voted(masked)
    said = masked.to_list()
    votes = _kept().of(said)
    table = np.frombuffer(b"".join(votes[one] for one in said), dtype=np.bool_)
    return pl.DataFrame(table.reshape(len(said), N_SIGNS), schema=_COLUMNS, orient="row")


class _Votes:
    """The votes on turns that were read: a byte for each sign, 0 or 1."""

    def __init__(self) -> None:
        self._votes = dict[str, bytes]()

    def of(self, said: Sequence[str]) -> dict[str, bytes]:
        """Turn → its votes, read where they are not kept yet."""
        found = {one: self._votes.get(one) for one in said}
        new = [one for one, votes in found.items() if votes is None]
        known = {one: votes for one, votes in found.items() if votes is not None}
        if new:
            table = np.ascontiguousarray(_voted(pl.Series(new, dtype=pl.String)).to_numpy())
            known |= {one: row.tobytes() for one, row in zip(new, table, strict=True)}
            if len(self._votes) > _N_KEPT:
                self._votes = dict[str, bytes]()
            self._votes.update({one: known[one] for one in new})
        return known


@cache
def _kept() -> _Votes:
    return _Votes()


def _voted(masked: pl.Series) -> pl.DataFrame:
    words = masked.alias("masked").to_frame().select(plain=text.plain("masked"))
    # read once each; inside one expression per sign the texts would be cleaned thirty times over
    cleaned = words.select(_without(pl.col("plain"), but).alias(f"but_{place}") for place, but in enumerate((_NOT_ACCEPT, _NOT_REJECT)))
    patterns = ((place, pattern) for place, patterns in enumerate((ACCEPT, REJECT)) for pattern in patterns)
    return cleaned.select(
        pl.col(f"but_{place}").str.contains(pattern).alias(name) for name, (place, pattern) in zip(_COLUMNS, patterns, strict=True)
    )


def _without(words: pl.Expr, patterns: tuple[str, ...]) -> pl.Expr:
    return words.str.replace_all("|".join(patterns), " ")
