"""The JSON schema of a reply in the two ways in which a model is told of it: as a schema for its server, and as fields in plain words.

The schema that is sent closes every object and requires every field, as strict servers want it; a field with a default is then answered
like any other. A server makes a grammar of it, so its bounds on lengths are what ends a reply; they are at most what is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, JsonValue

Bounds = Mapping[str, Mapping[str, Any]]
"""Field → what the schema says of it in this question alone, such as `{"section": {"enum": ["role"]}}`."""
NO_BOUNDS: Bounds = {}
LENGTHS = frozenset({"minLength", "maxLength"})
# what tells people about a schema, and a default, which strict servers refuse
_LEFT_OUT = frozenset({"title", "description", "default"})
_NAMED = "properties"


def asked_at_most(n_characters: int) -> dict[str, JsonValue]:
    """For the schema of a text: how long it is asked to be, where longer ones are accepted. It ends a reply that would go on."""
    return {"maxLength": n_characters}


def sent(schema: type[BaseModel], bounds: Bounds = NO_BOUNDS) -> str:
    """The schema for a server, as JSON; its fields stand in the order in which they are to be written."""
    whole = _closed(schema.model_json_schema())
    for name, told in bounds.items():
        whole[_NAMED][name] |= told
    return json.dumps(whole, separators=(",", ":"))


def without_lengths(schema: Any) -> Any:
    """A sent schema without bounds on the lengths of texts, which some strict servers refuse."""
    if isinstance(schema, dict):
        return {name: _each(name, value, without_lengths) for name, value in schema.items() if name not in LENGTHS}
    return [without_lengths(one) for one in schema] if isinstance(schema, list) else schema


def described(schema: type[BaseModel], bounds: Bounds = NO_BOUNDS) -> str:
    """The fields of a reply in plain words, a line each: what a field means, as its description says, and what it may hold."""
    whole = schema.model_json_schema()
    lines = []
    for name, field in whole[_NAMED].items():
        meaning = field.get("description", "")
        kind = _kind({**field, **bounds.get(name, {})}, whole.get("$defs", {}))
        lines.append(f"- {name}: {meaning}{' (' if meaning else ''}{kind}{')' if meaning else ''}")
    return "\n".join(lines)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _each(name, value, _closed) for name, value in schema.items() if name not in _LEFT_OUT}
    if _NAMED in closed:
        closed |= {"required": list(closed[_NAMED]), "additionalProperties": False}
    return closed


def _each(name: str, value: Any, inner: Any) -> Any:
    # the names of fields are no keywords of the schema: a field may be called `title`
    return {field: inner(one) for field, one in value.items()} if name in (_NAMED, "$defs") else inner(value)


def _kind(field: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    """What a field may hold, in words."""
    if "$ref" in field:
        return _kind(defined[field["$ref"].rpartition("/")[2]], defined)
    if "anyOf" in field:
        return " or ".join(_kind(one, defined) for one in field["anyOf"])
    if "enum" in field or "const" in field:
        return "one of " + ", ".join(json.dumps(one, ensure_ascii=False) for one in field.get("enum", [field.get("const")]))
    kind, most = field.get("type"), field.get("maxLength")
    if kind == "string":
        return "a text" + (f" of at most {most} characters" if most else "")
    if kind == "array":
        n = field.get("maxItems")
        return "a list" + (f" of at most {n}" if n else "") + f", each {_kind(field['items'], defined)}"
    if kind in ("integer", "number"):
        name = "a whole number" if kind == "integer" else "a number"
        lo, hi = field.get("minimum"), field.get("maximum")
        return name + (f" from {lo} to {hi}" if lo is not None and hi is not None else "")
    return {"boolean": "true or false", "null": "null"}.get(str(kind), "an object")
