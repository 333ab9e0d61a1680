"""Which dialogue act a seeker's turn is: one of ten, by a lexicon. Coarse on purpose: bigrams of acts must be countable."""

from __future__ import annotations

import polars as pl

from understudy.instruments import reaction, text
from understudy.instruments.language import ENGLISH
from understudy.keys import digest

VERSION = 1
START = "start"
READS = ENGLISH
ACTS = ("greet", "request", "accept", "reject", "seen", "unseen", "ask", "prefer", "close", "other")
PREVIOUS = (START, *ACTS)

_SEEN = (
    r"\b(?:i|ive|we|weve|i have|we have)(?: \w+){0,2} (?:seen|watched|saw)\b",
    r"^(?:yes|yeah|yep|yup|oh|ok|i have|seen|saw|watched)\b.*\b(?:seen|saw|watched|loved|liked|enjoyed|was|were)\b",
    r"^(?:oh |yes |yeah |yep |i )*(?:loved|liked|enjoyed|love) (?:it|that|this|them|those|xtitlex|all)\b",
    r"\b(?:it|that|they|those|xtitlex) (?:was|were) (?:\w+ ){0,3}"
    r"(?:good|great|funny|awesome|amazing|hilarious|excellent|ok|okay|fun|scary)\b",
)
_UNSEEN = (
    r"\b(?:havent|have not|hasnt|didnt|did not|have never|never|not)(?: \w+){0,2} (?:seen|see|saw|watched|watch|heard|hear)\b",
    r"^(?:oh |um |hmm )*(?:no|nope|nah) i (?:havent|have not|didnt)\b",
)
_REQUEST = (
    r"\b(?:looking|searching|look) for\b",
    r"\b(?:recommend|suggest|recommendations?|suggestions?)\b.*\b(?:some|any|me|a|for|please|movies?|films?|like)\b",
    r"\b(?:can|could|would|do) you (?:\w+ )?(?:help|recommend|suggest|have|know|find|think of|tell)\b",
    r"\b(?:anything|something|any|what) (?:else|other|others|more|like|similar|along)\b",
    r"\bi (?:want|need|would like|am in the mood|feel like|was hoping)\b.*\b(?:movies?|films?|something|watch)\b",
    r"\b(?:im|am) in the mood\b",
)
_PREFER = (
    r"\bi (?:\w+ )?(?:like|love|enjoy|prefer|liked|loved|enjoyed)\b",
    r"\b(?:my )?(?:favorites?|favourites?|favs?)\b",
    r"\b(?:fan of|kind of movies?|type of movies?|genres?)\b",
    r"\b(?:comed(?:y|ies)|horror|action|dramas?|romance|romantic|thrillers?|sci fi|scifi|animated)\b",
    r"\b(?:documentar(?:y|ies)|westerns?|musicals?|fantasy)\b",
)
_CLOSE = (
    r"\b(?:bye|goodbye|good bye|take care|good night|goodnight|see you|see ya|talk to you)\b",
    r"\bhave a (?:\w+ )?(?:day|night|evening|one|weekend|time)\b",
    r"\b(?:thanks|thank you|thx|appreciate)\b.*\b(?:help|suggestions?|recommendations?|all|much|everything|time|chat|chatting)\b",
    r"^(?:ok |okay |great |yes |cool |awesome |perfect )*(?:thanks|thank you|thx|ty|youre welcome|you too)\b",
)
_GREET = (r"^(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings|yo)\b", r"\bhow are (?:you|u)\b")
_QUESTION = (
    r"\b(?:who|what|whats|when|where|which|why|how|is|are|does|did|have|do|was) (?:\w+ ){0,2}"
    r"(?:it|that|this|you|they|in|one|the|about|xtitlex)\b.*\?",
)
DIGEST = digest(
    {"version": VERSION, "reaction": reaction.DIGEST, "lists": [ACTS, _SEEN, _UNSEEN, _REQUEST, _PREFER, _CLOSE, _GREET, _QUESTION]}
)


def act(masked: pl.Series, label: pl.Series) -> pl.Series:
    """The act of each masked turn, in their order; `label`: their reactions. The empty turn is `other`.

    The first rule that holds names the act. A greeting with a request is a request, a taken suggestion with thanks an acceptance:
    what a turn does for the search of a title goes before its manners.
    """
    # cleaned once: in one expression every rule would clean the texts anew
    cleaned = pl.DataFrame({"masked": masked, "label": label}).with_columns(words=text.plain("masked"))
    words, raw, taken = pl.col("words"), pl.col("masked").str.to_lowercase(), pl.col("label")
    rules = (
        (taken == "accept", "accept"),
        (taken == "reject", "reject"),
        (_any(words, _REQUEST), "request"),
        (_any(words, _UNSEEN), "unseen"),
        (_any(words, _SEEN), "seen"),
        (_any(words, _PREFER), "prefer"),
        (_any(words, _CLOSE), "close"),
        (_any(raw, _QUESTION) | raw.str.contains(r"\?\s*$"), "ask"),
        (_any(words, _GREET), "greet"),
        (words.str.contains(text.MASK), "prefer"),
    )
    named = pl.coalesce(*(pl.when(holds).then(pl.lit(name)) for holds, name in rules), pl.lit("other"))
    return cleaned.select(act=named).to_series()


def _any(words: pl.Expr, patterns: tuple[str, ...]) -> pl.Expr:
    return words.str.contains("|".join(f"(?:{pattern})" for pattern in patterns))
