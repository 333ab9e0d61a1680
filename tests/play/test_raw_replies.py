"""What two small models really answered to our prompts, each of them read: each reply is told by its kind."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

from understudy.prompt import template
from understudy.prompt.faults import fault_in, is_whole
from understudy.prompt.setting import load_setting
from understudy.prompt.speech import cleaned

# free runs of zero_shot on the bundled sample, exported by tests/benchmarks/bench_models.py and then read
REPLIES = [json.loads(line) for line in gzip.decompress(Path(__file__).with_name("raw_replies.jsonl.gz").read_bytes()).splitlines()]


def reason_of(text: str, *, is_cut: bool) -> str:
    reply = cleaned(text)
    found = reply.fault or fault_in(reply.text, instructions=template.instructions(load_setting("zero_shot").genome, ()))
    return found or ("cut" if is_cut and not is_whole(reply.text) else "")


def test_the_replies_of_small_models_are_told_by_their_kind() -> None:
    models = Counter(one["model"] for one in REPLIES)
    assert len(models) == 2
    assert min(models.values()) >= 100
    wrong = [one for one in REPLIES if reason_of(one["text"], is_cut=one["is_cut"]) != one["reason"]]
    assert [(one["reason"], one["text"]) for one in wrong] == []


def test_no_usable_reply_loses_a_word() -> None:
    usable = [one["text"] for one in REPLIES if not one["reason"]]
    assert len(usable) >= 150
    assert [text for text in usable if not cleaned(text).n_stripped and cleaned(text).text != " ".join(text.split())] == []
