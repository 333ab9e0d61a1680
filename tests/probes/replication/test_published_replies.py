"""Published replies: what is there is read, what is missing counts by its length alone, and anything else is refused."""

from __future__ import annotations

import json

import pytest

from understudy.errors import BadInput
from understudy.probes.replication import authors


def test_a_reply_without_its_text_counts_by_its_length() -> None:
    records = [{"response": "Too slow!", "target_len": 12, "actual_len": 9}, {"response": None, "target_len": 12, "actual_len": 4265}]
    found = authors.read(authors.replies_in(json.dumps(one) for one in records))
    assert (found.too_long.value, found.n_texts, found.mean_length, found.median_length) == (0.5, 1, 2137, 2137)


NO_TEXT, NO_LENGTH = ('{"response": 3, "target_len": 1, "actual_len": 1}', '{"response": "a", "target_len": "1", "actual_len": 1}')


@pytest.mark.parametrize("line", ["no", "{}", NO_TEXT, NO_LENGTH])
def test_what_is_no_reply_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(BadInput, match="line 1"):
        authors.replies_in([line])
