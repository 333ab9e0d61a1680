"""Rehearsal reads from a prompt what it read from the layout before: the same pulls, wishes, patience, examples and conversation."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal import reading_cases
from tests.settings import scenery
from understudy.prompt import template
from understudy.rehearsal.reading import Brief, Conversation, bare_of, pulls_of, understand

# what was read from the prompts of version 3, whose need, examples and turns stood between tags
BEFORE = Path(__file__).with_name("reading_before.json.gz")
MOST_WORDS_APART = 45


def readings() -> Iterator[tuple[Brief, Conversation, dict[str, Any]]]:
    for genome in reading_cases.genomes():
        shown = scenery.EXEMPLARS[: len(genome.exemplars)]
        for moment, history in scenery.MOMENTS.items():
            messages = template.render(genome, scenery.NEED, history, exemplars=shown, target=scenery.TARGET)
            brief, talk = understand(messages)
            pulled = pulls_of(bare_of(messages[0].content))
            pulls = {lever: [round(way, 9) for way in both] for lever, both in pulled.items() if any(both)}
            yield brief, talk, {"genome": genome.digest[:12], "moment": moment, "pulls": pulls}


def test_the_same_is_read_as_from_the_layout_before() -> None:
    before = json.loads(gzip.decompress(BEFORE.read_bytes()))
    n = 0
    for (brief, talk, now), then in zip(readings(), before, strict=True):
        place = (now["genome"], now["moment"])
        assert place == (then["genome"], then["moment"])
        assert _close(now["pulls"], then["pulls"]), (place, now["pulls"], then["pulls"])
        assert brief.instructions.patience == then["patience"], place
        assert json.loads(json.dumps({name: value for name, value in asdict(brief.wishes).items() if value})) == then["wishes"], place
        assert len(brief.examples) == then["n_examples"]
        assert json.loads(json.dumps(brief.examples[:1])) == then["examples"], place
        assert json.loads(json.dumps(talk.turns)) == then["turns"], place
        # the words that every prompt holds are others now; only their number counts, and little of it
        assert abs(brief.instructions.n_words - then["n_words"]) <= MOST_WORDS_APART
        n += 1
    assert n == 220


def _close(one: dict[str, list[float]], other: dict[str, list[float]]) -> bool:
    return one.keys() == other.keys() and all(one[name] == pytest.approx(other[name], abs=1e-6) for name in one)
