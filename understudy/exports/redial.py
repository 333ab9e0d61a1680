"""ReDial's form (Li et al., NeurIPS 2018): a dialogue a line, items as `@ID` in its texts and by name in `movieMentions`.

The initiator is the seeker, by the number that the seeker has in the release, and the respondent, 0, is the recommender. Nobody filled
in a form: `seen` and `liked` are 2, which says so. Ids of items that are no numbers are numbered. An at sign before a digit that
names no item gets a space behind it, since a reader of this form would take it for an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import Row, conversations, labels

VERSION = 1
SUFFIX: Suffix = "jsonl"
NEEDS = ("items", "seeker")
VIEWS = False
SCHEMA: dict[str, pl.DataType] | None = None
_RECOMMENDER, _NOT_SAID = 0, 2
_MENTION = re.compile(r"@(?=\d)")


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """One dialogue a line, in order of dialogue_id."""
    titles = labels(released)
    ids = {item: item if item.isdecimal() and item.isascii() else None for item in titles}
    numbers = {item: own or str(at) for at, (item, own) in enumerate(ids.items(), _first_free(ids))}
    for dialogue, turns in conversations(released):
        seeker = dialogue["seeker"]
        yield {
            "conversationId": dialogue["dialogue_id"],
            "initiatorWorkerId": seeker,
            "respondentWorkerId": _RECOMMENDER,
            "messages": [_message(turn, seeker, titles, numbers) for turn in turns],
            "movieMentions": {numbers[one]: titles[one] for turn in turns for one in turn["item_ids"] if one in titles},
            "initiatorQuestions": {numbers[one]: form for one, form in _forms(turns).items() if one in titles},
            "respondentQuestions": {},
        }


def _first_free(ids: Mapping[str, str | None]) -> int:
    """The first number above those that are ids already."""
    return max((int(own) for own in ids.values() if own), default=0) + 1


def _message(turn: Row, seeker: int, titles: Mapping[str, str], numbers: Mapping[str, str]) -> dict[str, Any]:
    text = _MENTION.sub("@ ", turn["text"])
    for item in sorted((one for one in turn["item_ids"] if one in titles), key=lambda one: -len(titles[one])):
        # a title that holds an at sign before a digit stands in the text as the text has it by now
        text = text.replace(_MENTION.sub("@ ", titles[item]), f"@{numbers[item]}")
    sender = seeker if turn["role"] == "seeker" else _RECOMMENDER
    return {"messageId": turn["turn_index"], "senderWorkerId": sender, "text": text, "timeOffset": turn["turn_index"]}


def _forms(turns: list[Row]) -> dict[str, dict[str, int]]:
    """Item id → the form of one who says only who named it first."""
    first: dict[str, str] = {}
    for turn in turns:
        for item in turn["item_ids"]:
            first.setdefault(item, turn["role"])
    return {item: {"suggested": int(role == "recommender"), "seen": _NOT_SAID, "liked": _NOT_SAID} for item, role in first.items()}
