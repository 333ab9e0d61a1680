"""Links and anchors of a Markdown page, as a reader on a code host follows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ID = re.compile(r"""<\w+[^>]*?\s(?:id|name)\s*=\s*["']([^"']+)["']""")
_NO_SLUG = re.compile(r"[^\w\- ]")


def targets(text: str) -> list[str]:
    """Where the links and pictures of a page lead, in their order, as they are written."""
    found: list[str] = []
    for token in _inline(text):
        for child in token.children or ():
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src") if child.type == "image" else None
            if target:
                found.append(str(target))
    return found


@cache
def anchors(text: str) -> frozenset[str]:
    """The names that a link into a page may have after `#`: slugs of headings, and ids of HTML elements."""
    found: set[str] = set()
    tokens = _parsed(text)
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            slug = slug_of(_plain(token))
            n = next(n for n in range(len(tokens)) if f"{slug}-{n}" not in found and (n or slug not in found))
            found.add(f"{slug}-{n}" if n else slug)
    return frozenset(found) | frozenset(_ID.findall(text))


def title(text: str) -> str:
    """The text of the first heading; empty where there is none."""
    tokens = _parsed(text)
    return next((_plain(token) for before, token in pairwise(tokens) if before.type == "heading_open"), "")


def slug_of(heading: str) -> str:
    """The anchor of a heading: lower case, without punctuation, hyphens for spaces."""
    return _NO_SLUG.sub("", heading.strip().lower()).replace(" ", "-")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


@cache
def _parsed(text: str) -> tuple[Token, ...]:
    # a page is asked for its links once, and for its headings by every page that leads to it
    return tuple(_parser().parse(text))


def _inline(text: str) -> Iterator[Token]:
    return (token for token in _parsed(text) if token.type == "inline")


def _plain(token: Token) -> str:
    return "".join(child.content for child in token.children or () if child.type in ("text", "code_inline"))
