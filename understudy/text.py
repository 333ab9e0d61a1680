"""Text from outside the program, made well-formed: what no store, line or terminal can hold is replaced or removed, and counted."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

VERSION = 1
# half of a surrogate pair has no UTF-8 form, and noncharacters are no text; both become the sign for an unreadable character
_UNREADABLE = r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
# every other sign that ends a line: `str.splitlines` and readers of lines would see more lines than were written
_BREAKS = r"\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
# control characters; marks that override the direction of text, so that what is read is not what is shown; tags, which nobody sees
_HIDDEN = r"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u206f\U000e0000-\U000e007f"
# what is shown as nothing, beside the characters of Unicode's categories Z (white space) and C (controls, formats, not assigned):
# joiners, fillers of Hangul, selectors of a variant, the empty pattern of Braille
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {chr(at) for at in range(0xFE00, 0xFE10)}
_SHOWN_AT_ONCE = re.compile(r"[!-~]")
_ODD = re.compile(rf"(?P<unreadable>[{_UNREADABLE}])|(?P<ends_line>[{_BREAKS}]|\r(?!\n))|[{_HIDDEN}]")


@dataclass(frozen=True, slots=True)
class Clean:
    """A text that can be stored and shown. `n_normalised`: characters replaced or removed; `n_cut_bytes`: bytes of UTF-8 cut off."""

    text: str
    n_normalised: int = 0
    n_cut_bytes: int = 0


def clean(text: str, *, max_bytes: int | None = None) -> Clean:
    """`text` without what cannot be stored or shown as it is read, cut at the last whole character within `max_bytes` of UTF-8."""
    told, n = _ODD.subn(_instead, text)
    raw = told.encode("utf-8")
    if max_bytes is None or len(raw) <= max_bytes:
        return Clean(told, n)
    kept = raw[:max_bytes].decode("utf-8", "ignore")
    return Clean(kept, n, len(raw) - len(kept.encode("utf-8")))


def is_blank(text: str) -> bool:
    """Whether nothing of `text` can be seen: it is empty, or white space and characters of no width alone."""
    if _SHOWN_AT_ONCE.search(text):
        return False
    return all(unicodedata.category(one)[0] in "ZC" or one in _UNSEEN for one in text)


def _instead(odd: re.Match[str]) -> str:
    return "\ufffd" if odd["unreadable"] else "\n" if odd["ends_line"] else ""
