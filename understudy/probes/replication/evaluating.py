"""What the paper's way asks an evaluator of one reply, by task. In our own words, with the paper's criteria and target ranges."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from understudy.probes.replication.people import AskedPlace

VERSION = 1
_FILE = Path(__file__).with_name("evaluators.toml")


def evaluator_of(task: str, place: AskedPlace) -> str:
    """The evaluator's instruction for a reply at a place; that of BinPref tells the rating, as the paper's does."""
    text = _written()[task]
    return text.format(rating=place.rated.mean) if place.rated is not None else text


@cache
def _written() -> dict[str, str]:
    return {name: " ".join(text.split()) for name, text in tomllib.loads(_FILE.read_text("utf-8")).items()}
