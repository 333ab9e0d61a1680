"""The two parts of a release, `train` and `validation`, divided by human seeker, and how a release leans on single people and texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from understudy.keys import share_of

VERSION = 1
SPLITS = ("train", "validation")
# of the seekers; each is in the same part in every release, so that no version trains on what another validates on
VALIDATION_SHARE = 0.1
TURN_KINDS = ("seeker", "recommender")


def split_of(seeker_id: str) -> str:
    """The part that a seeker is in, which depends on nothing but the id."""
    return "validation" if share_of("release split", VERSION, seeker_id) < VALIDATION_SHARE else "train"


def divided(dialogues: pl.DataFrame) -> pl.DataFrame:
    """`dialogues` with the part of each and the number of its seeker, in the place of `seeker_id`.

    Numbers follow a hash of the ids, so that neither order nor number tells an id.
    """
    known = dialogues["seeker_id"].unique().sort().to_list()
    ordered = sorted(known, key=lambda one: (share_of("release seeker", VERSION, one), one))
    people = pl.DataFrame(
        [(name, split_of(name), at) for at, name in enumerate(ordered, 1)],
        schema={"seeker_id": pl.String, "split": pl.String, "seeker": pl.Int32},
        orient="row",
    )
    return dialogues.join(people, on="seeker_id", how="left", maintain_order="left").drop("seeker_id")


@dataclass(frozen=True, slots=True)
class Make:
    """How many people, scenarios and texts a release rests on. Shares are of dialogues, for repeated turns of a speaker's turns."""

    n_seekers: int
    n_scenarios: int
    n_source_dialogues: int
    largest_seeker_share: float | None
    repeated_turns: dict[str, dict[str, float | int | None]]

    def as_json(self) -> dict[str, Any]:
        """As the manifest has it."""
        return asdict(self)


def make_of(dialogues: pl.DataFrame, turns: pl.DataFrame) -> Make:
    """The numbers of a release. A turn is repeated if another turn of its speaker has the same words, whatever their case."""
    largest = dialogues["seeker"].value_counts()["count"].max() if dialogues.height else None
    return Make(
        n_seekers=dialogues["seeker"].n_unique(),
        n_scenarios=dialogues["scenario_id"].n_unique(),
        n_source_dialogues=dialogues["source_dialogue_id"].n_unique(),
        largest_seeker_share=None if largest is None else int(str(largest)) / dialogues.height,
        repeated_turns={role: _repeated(turns.filter(pl.col("role") == role)["text"]) for role in TURN_KINDS},
    )


def _repeated(texts: pl.Series) -> dict[str, float | int | None]:
    words = texts.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    n_repeated = int(words.is_duplicated().sum())
    return {"n": texts.len(), "n_distinct": words.n_unique(), "share": n_repeated / texts.len() if texts.len() else None}


def sizes(dialogues: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Part → its numbers of dialogues, seekers and turns; a part that no seeker is in has none."""
    found = {}
    for split in SPLITS:
        part = dialogues.filter(pl.col("split") == split)
        found[split] = {"n_dialogues": part.height, "n_seekers": part["seeker"].n_unique(), "n_turns": int(part["n_turns"].sum())}
    return found
