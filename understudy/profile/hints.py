"""Names that a log's own annotations tag in a seeker's turn, as hints of what is wished for: genres, people, and names without a kind."""

from __future__ import annotations

from collections.abc import Iterable

from understudy.instruments.wishes import Kind

LABELS = ("entity", "genre", "person", "annotation", "slot", "preference")
"""The names of the labels under which readers keep what a log tags; `sql/queries/profile/annotated_names.sql` asks for the same."""

# NAME=value of the annotations and slots of DialogueKit
_SLOTS: dict[str, Kind] = {
    "genre": "genre", "genres": "genre", "actor": "person", "actors": "person", "author": "person", "director": "person",
    "person": "person", "people": "person",
}  # fmt: skip
# ENTITY_NAME/type/text of CCPE-M's segments
_ENTITIES: dict[str, Kind] = {"MOVIE_GENRE_OR_CATEGORY": "genre", "PERSON": "person"}
_KINDS: dict[str, Kind | None] = {"entity": None, "genre": "genre", "person": "person"}


def hints_of(labels: Iterable[tuple[str, int, str, str]]) -> dict[tuple[str, int], list[tuple[Kind | None, str]]]:
    """Dialogue and turn → the names that are tagged there, each with its kind where the log tells it.

    `labels`: dialogue, turn, name of the label (one of LABELS) and its value.
    """
    found: dict[tuple[str, int], list[tuple[Kind | None, str]]] = {}
    for dialogue_id, turn_index, name, value in labels:
        hint = _hint(name, value)
        if hint is not None and hint[1].strip():
            found.setdefault((dialogue_id, turn_index), []).append(hint)
    return found


def _hint(name: str, value: str) -> tuple[Kind | None, str] | None:
    if name in _KINDS:
        return _KINDS[name], value
    if name in ("annotation", "slot"):
        slot, _, told = value.partition("=")
        kind = _SLOTS.get(slot.strip().casefold())
        return None if kind is None else (kind, told)
    parts = value.split("/", 2)
    if name == "preference" and len(parts) == 3 and parts[0] == "ENTITY_NAME" and parts[1] in _ENTITIES:
        return _ENTITIES[parts[1]], parts[2]
    return None
