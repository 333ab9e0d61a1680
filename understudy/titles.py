"""Titles in one form: without year, double spaces, HTML entities and the article that catalogues put at the end."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import NamedTuple

VERSION = 1

_YEAR = re.compile(r"^(?P<title>.*\S)\s*[(\[](?P<year>(?:18|19|20)\d\d)[)\]]$")
_ARTICLE = re.compile(r"^(?P<title>.+), (?P<article>The|A|An|Le|La|Les|L'|Der|Die|Das|El|Los|Las|Il)$")


class Titled(NamedTuple):
    """A title without its year, and the year where the name holds one."""

    title: str
    year: int | None


@lru_cache(maxsize=200_000)
def titled(name: str) -> Titled:
    """The canonical title and the year of a name as logs and catalogues write it; the title is empty for a blank name."""
    plain = tidy(name)
    dated = _YEAR.match(plain)
    title, year = (dated["title"], int(dated["year"])) if dated else (plain, None)
    moved = _ARTICLE.match(title)
    if moved:
        space = "" if moved["article"].endswith("'") else " "
        title = f"{moved['article']}{space}{moved['title']}"
    return Titled(title, year)


def tidy(text: str) -> str:
    """`text` with HTML entities read and white space as single spaces."""
    return " ".join((html.unescape(text) if "&" in text else text).split())
