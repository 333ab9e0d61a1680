"""Names: those that a user gives to data sets, batches and releases, by one rule at every entrance, and those of models for people."""

from __future__ import annotations

import re

from understudy.errors import BadInput

LONGEST = 100
_LOCAL_DIGEST = re.compile(r"(\blocal/[\w.-]+@[0-9a-f]{12})[0-9a-f]{52}\b")
# a night calls its release after its data set, with words behind it
_LONGEST_OF = {"data set": 80}


def checked_name(text: str, *, of: str) -> str:
    """`text`, where it can name a data set, a batch or a release (`of`). Raises BadInput.

    Such a name becomes that of a folder or of a file, and stands in tables and pages: letters, digits and `-`, `_`, `.` are allowed.
    """
    longest = _LONGEST_OF.get(of, LONGEST)
    is_plain = all(letter.isalnum() or letter in "-_." for letter in text)
    if not text or not is_plain or text.startswith((".", "-")) or len(text.encode()) > longest:
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        raise BadInput(
            f"{shown!r} cannot be the name of a {of}",
            hint=f"use only letters, digits, `-`, `_` and `.`, with a letter, a digit or `_` first, and at most {longest} bytes",
        )
    return text


def shown_model(model: str) -> str:
    """A model's name, or a text with such names, for people: of the digest of local weights the first 12 digits are left."""
    return _LOCAL_DIGEST.sub(r"\1", model)
