"""Personal data in what people wrote: e-mail addresses and telephone numbers are masked before anything is stored.

Whether a stretch of text is one is decided by `email-validator` and `phonenumbers` (libphonenumber's rules and tables), which
look nothing up; here only the stretches are found that are worth asking about.
"""

from __future__ import annotations

import re

import polars as pl

VERSION = 1
EMAIL, PHONE = "[email]", "[phone]"
REGION = "US"  # how a number without a country code is read

_FEWEST_DIGITS = 7
_ADDRESS = re.compile(r"[\w.+%'-]+(?:@|\s?(?:\(at\)|\[at\])\s?)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_AT = re.compile(r"\s?(?:\(at\)|\[at\])\s?", re.IGNORECASE)
# what is worth a closer look; most turns hold neither
_SUSPECT = rf"(?i)@[\w-]+\.|\(at\)|\[at\]|(?:\d[^\p{{L}}\d@]{{0,3}}){{{_FEWEST_DIGITS},}}"


def masked(texts: pl.Series) -> pl.Series:
    """`texts` with every e-mail address and valid telephone number masked; all other texts as they are."""
    suspects = texts.str.contains(_SUSPECT).fill_null(False)
    if not suspects.any():
        return texts
    rows = suspects.arg_true()
    return texts.clone().scatter(rows, [masked_text(text) for text in texts.gather(rows)])


def masked_text(text: str) -> str:
    """One text, masked."""
    return _without_phones(_ADDRESS.sub(_address, text))


def _address(match: re.Match[str]) -> str:
    from email_validator import EmailNotValidError, validate_email

    found = _AT.sub("@", match.group())
    start = len(found) - len(found.lstrip(".'-%+"))
    end = len(found.rstrip(".-'"))
    try:
        validate_email(found[start:end], check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        return match.group()
    return found[:start] + EMAIL + found[end:]


def _without_phones(text: str) -> str:
    if sum(character.isdigit() for character in text) < _FEWEST_DIGITS:
        return text
    from phonenumbers import Leniency, PhoneNumberMatcher

    for found in sorted(PhoneNumberMatcher(text, REGION, leniency=Leniency.VALID), key=lambda one: -one.start):
        # a stretch of a longer run of digits is no telephone number
        if not text[: found.start][-1:].isdigit() and not text[found.end :][:1].isdigit():
            text = text[: found.start] + PHONE + text[found.end :]
    return text
