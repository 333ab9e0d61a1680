"""Confusion matrices per register: how the instruments read text whose act is known from rehearsal's side channel or from human labels.

Rehearsal and the instruments do not know each other; what one intended and the other read meets here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from understudy.completion import Message
from understudy.instruments import acts, reaction
from understudy.instruments.chosen import Instruments
from understudy.instruments.text import Titles
from understudy.keys import seed_of, share_of
from understudy.prompt import template
from understudy.prompt.genome import Genome
from understudy.prompt.speech import cleaned
from understudy.records import DECOY, Context
from understudy.statistics.confusion import Confusion, confusion

VERSION = 2
N_CONTEXTS = 400
UNCORRECTED: Mapping[str, str] = {"status": "uncorrected", "reason": "the instrument was not validated on this engine"}
# what rehearsal says that it intended, as an act of the instruments; faults are no acts
_ACT_OF = {
    "accept": "accept", "reject": "reject", "request": "request", "unseen": "unseen", "seen": "seen", "ask": "ask", "taste": "prefer",
    "end": "close", "thank": "close", "greet": "greet", "yes": "other", "no": "other", "praise": "other", "chat": "other",
}  # fmt: skip
_REACTIONS = ("accept", "reject")
# its side channel names one act of a turn and a goodbye goes before all others, so such a turn may hold a reaction as well
_HIDES_A_REACTION = "end"
# (messages, seed) → (text, act intended)
Speaks = Callable[[Sequence[Message], int], tuple[str, str]]


def drawn(contexts: Sequence[Context], *, n: int = N_CONTEXTS) -> list[Context]:
    """At most `n` contexts of a recommendation and `n` of other turns, by hash of their ids; decoys are left out."""
    usable = sorted((one for one in contexts if one.stratum != DECOY), key=lambda one: share_of("register", one.context_id))
    answers = [one for one in usable if one.stratum is not None]
    others = [one for one in usable if one.stratum is None]
    return [*answers[:n], *others[:n]]


def by_side_channel(
    contexts: Sequence[Context], *, genome: Genome, speak: Speaks, titles: Titles, instruments: Instruments
) -> dict[str, dict[str, Any]]:
    """reaction and act → the confusion of a register that says what it intends, told on these contexts."""
    rows = []
    for context in contexts:
        messages = template.render(genome, context.need, context.history, exemplars=(), target=None)
        text, intended = speak(messages, seed_of("register", VERSION, context.context_id))
        said = cleaned(text)
        if not said.fault and intended in _ACT_OF:
            rows.append((_answered(context), said.text, intended, context.stratum is not None))
    schema = {"answered": pl.String, "text": pl.String, "intended": pl.String, "answers": pl.Boolean}
    turns = pl.DataFrame(rows, schema=schema, orient="row")
    turns = turns.with_columns(act=pl.col("intended").replace_strict(_ACT_OF, return_dtype=pl.String))
    answers = turns.filter(pl.col("answers") & (pl.col("intended") != _HIDES_A_REACTION))
    answers = answers.with_columns(reaction=pl.when(pl.col("act").is_in(_REACTIONS)).then("act").otherwise(pl.lit("neither")))
    return {
        "reaction": measured(_table(answers, "reaction", titles, instruments), source="side channel"),
        "act": measured(_table(turns, "act", titles, instruments), source="side channel"),
    }


def by_labels(turns: pl.DataFrame, *, titles: Titles, instruments: Instruments) -> dict[str, dict[str, Any]]:
    """reaction and act → confusion of the turns (answered, text, reaction, act) that people labelled; null labels do not count."""
    found = {}
    for name in ("reaction", "act"):
        told = turns.filter(pl.col(name).is_not_null())
        found[name] = measured(_table(told, name, titles, instruments), source="labels") if len(told) else dict(UNCORRECTED)
    return found


def joined(kept: Mapping[str, Any], by_label: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The registers of instrument `name` with those that people labelled; what is measured already stays."""
    fresh = {engine: found[name] for engine, found in by_label.items() if kept.get(engine, UNCORRECTED)["status"] != "measured"}
    return {**kept, **fresh}


def measured(table: Confusion, *, source: str) -> dict[str, Any]:
    """The form in which a register's confusion is told; without a turn it is not measured."""
    if not table.n:
        return {"status": "uncorrected", "reason": f"there is no turn to measure it on ({source})"}
    return {"status": "measured", "source": source, **table.as_json()}


def _answered(context: Context) -> str:
    """The recommender's turn that a reply in this context answers; empty where the conversation begins with the seeker."""
    return context.history[-1].text if context.history and context.history[-1].role == "recommender" else ""


def _table(turns: pl.DataFrame, name: str, titles: Titles, instruments: Instruments) -> Confusion:
    masked = turns.select(titles.masked("text")).to_series()
    read = instruments.reactions(turns, titles) if name == "reaction" else instruments.acts(masked)
    classes: Sequence[str] = reaction.CLASSES if name == "reaction" else acts.ACTS
    return confusion(turns[name].to_list(), read.to_list(), classes=classes)
