"""What the paper reads in a text: polarity by TextBlob's lexicon, and aspects as noun phrases by a tagger that TextBlob's wheel holds.

TextBlob's own noun phrases need corpora that it downloads. They are read only where these are installed; the packaged tagger (the
lexicon and rules of `pattern`, which are in the wheel) is another instrument and bears another name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Literal

from understudy.doors.word_vectors import INSTALL
from understudy.errors import BadInput

VERSION = 1
TAGGER = "noun phrases by TextBlob's PatternTagger (lexicon in its wheel)"
NOT_INSTALLED = f"TextBlob, whose lexicon reads polarity and aspects, is not installed; {INSTALL}"
NO_CORPORA = "TextBlob's noun phrases need corpora that are downloaded, and none is installed"
# the paper's bounds on polarity in [-1, 1]
POSITIVE_ABOVE, NEGATIVE_BELOW = 0.1, -0.1
Sentiment = Literal["positive", "neutral", "negative"]
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def is_installed() -> bool:
    """Whether TextBlob is there."""
    return find_spec("textblob") is not None


def sentences(text: str) -> list[str]:
    """The sentences of a text that hold a letter or digit."""
    return [one for one in _SENTENCE_END.split(text.strip()) if any(sign.isalnum() for sign in one)]


def polarity(text: str) -> float:
    """The polarity of a text in [-1, 1]. Raises BadInput where TextBlob is not installed."""
    return float(_textblob().TextBlob(text).sentiment.polarity)


def sentiment(text: str) -> Sentiment:
    """The class of a text's polarity by the paper's bounds. Raises BadInput where TextBlob is not installed."""
    value = polarity(text)
    return "positive" if value > POSITIVE_ABOVE else "negative" if value < NEGATIVE_BELOW else "neutral"


def sentiments(text: str) -> list[str]:
    """The class of each sentence of a text, in order."""
    return [sentiment(one) for one in sentences(text)]


def noun_phrases(text: str) -> list[str]:
    """The aspects of a text in order: adjectives and nouns in a row that end with a noun, in lower case, by the packaged tagger.

    Raises BadInput where TextBlob is not installed.
    """
    _textblob()
    from textblob.en import tag

    phrases: list[str] = []
    for sentence in sentences(text):
        phrases += _phrases([(str(word), str(name)) for word, name in tag(sentence)])
    return phrases


def corpus_noun_phrases(text: str) -> list[str] | None:
    """The paper's aspects, TextBlob's own noun phrases; None where the corpora that they need are not installed."""
    blob = _textblob()
    from textblob.exceptions import MissingCorpusError

    try:
        return [str(one) for one in blob.TextBlob(text).noun_phrases]
    except (MissingCorpusError, LookupError):
        return None


def _phrases(tagged: Sequence[tuple[str, str]]) -> list[str]:
    phrases, run, before = [], list[tuple[str, str]](), ""
    for word, tagged_as in [*tagged, ("", "")]:
        # the lexicon knows `acting` and `pacing` as verbs; after an article or an adjective they are nouns
        name = "NN" if tagged_as == "VBG" and before.startswith(("DT", "JJ", "PRP$")) else tagged_as
        before = name
        if name.startswith(("JJ", "NN")):
            run.append((word, name))
            continue
        while run and not run[-1][1].startswith("NN"):
            run.pop()
        if run:
            phrases.append(" ".join(one for one, _ in run).lower())
        run = []
    return phrases


def _textblob() -> Any:
    if not is_installed():
        raise BadInput("TextBlob is not installed", hint=INSTALL)
    import textblob

    return textblob
