"""What has to be said of a running CRS: where it is, what it is sent, and where in its answer the text and the ranking stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from understudy.doors import files
from understudy.doors.http import Limits, checked_address, without_credentials
from understudy.errors import BadInput

# what a message may hold in place of a value
PLACEHOLDERS = ("$message", "$context", "$messages", "$session", "$seed", "$model")

# the forms of message of servers that are around; keys of a file go before them
PRESETS: dict[str, dict[str, Any]] = {
    # `context` is what was said before `message`; the option state is in the session cookie
    "ievalm": {
        "path": "/receive_message",
        "request": {"context": "$context", "message": "$message"},
        "text": "response",
    },
    "openai": {
        "path": "/chat/completions",
        "request": {"model": "$model", "messages": "$messages", "seed": "$seed"},
        "text": "choices.0.message.content",
        "model": "default",
    },
    # Flask-SocketIO over its HTTP transport (long polling); the agent's greeting comes before the seeker has said anything
    "dialoguekit": {
        "protocol": "socketio",
        "path": "/socket.io/",
        "request": {"message": "$message"},
        "text": "message.text",
        "acts": "message.dialogue_acts.*.intent",
    },
}

JsonPath = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]
_OWN_PLACEHOLDER = re.compile(r"\$\w+")


class Crs(BaseModel):
    """A running CRS. `text`, `ranked` and `acts` are paths into its answer: keys and positions joined by dots, `*` for every one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    preset: Literal["ievalm", "openai", "dialoguekit"] | None = None
    name: str | None = Field(None, min_length=1, description="as logs with human scores name it; for rank agreement")
    release: str | None = Field(None, min_length=1, description="of the system behind the address; a new one is asked anew")
    protocol: Literal["json", "socketio"] = "json"
    path: str = Field("", pattern=r"^(/[^\s?#]*)?$")
    request: dict[str, Any]
    text: JsonPath
    ranked: JsonPath | None = Field(None, description="ids or titles, best first")
    acts: JsonPath | None = Field(None, description="intents; one that means goodbye ends the dialogue")
    model: str | None = None
    system: str | None = Field(None, description="an instruction that goes before `$messages`")
    opening: str | None = Field(None, description="sent before the first turn; its answer is left out")
    key_env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="environment variable of its key")
    timeout_s: float = Field(30.0, gt=0, le=600)
    concurrency: int = Field(8, ge=1, le=512)
    max_kib: int = Field(1024, ge=1, le=65_536)
    attempts: int = Field(3, ge=1, le=10)

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**PRESETS.get(str(values.get("preset")), {}), **values}

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        try:
            return checked_address(url)
        except BadInput as error:
            raise ValueError(error.message) from error

    @field_validator("request")
    @classmethod
    def _known_placeholders(cls, request: dict[str, Any]) -> dict[str, Any]:
        used = {text for text in _texts(request) if _OWN_PLACEHOLDER.fullmatch(text)}
        if unknown := sorted(used - set(PLACEHOLDERS)):
            raise ValueError(f"unknown placeholder {', '.join(unknown)}; the known ones are {', '.join(PLACEHOLDERS)}")
        if not used & {"$message", "$messages"}:
            raise ValueError("the request must contain the seeker's text as $message or $messages")
        return request

    @model_validator(mode="after")
    def _with_model(self) -> Self:
        if "$model" in set(_texts(self.request)) and self.model is None:
            raise ValueError("the request contains $model, but the file sets no `model`")
        return self

    @property
    def address(self) -> str:
        """The address without the path, whether or not `url` was given with it."""
        return self.url.removesuffix(self.path.rstrip("/")) if self.path.rstrip("/") else self.url

    @property
    def limits(self) -> Limits:
        """What it is given."""
        return Limits(self.timeout_s, self.concurrency, self.max_kib << 10, self.attempts)

    def given(self) -> dict[str, Any]:
        """The keys that were given, without those of the preset: what has to be kept to make it again."""
        preset = PRESETS.get(str(self.preset), {})
        return {key: value for key, value in self.model_dump(exclude_unset=True).items() if preset.get(key) != value}


def crs_of(argument: str) -> Crs:
    """The CRS that stands behind `http:`: FILE.toml, or PRESET:URL. Raises BadInput."""
    preset, colon, url = argument.partition(":")
    if colon and preset in PRESETS:
        return checked_crs({"preset": preset, "url": url}, origin=f"http:{without_credentials(argument)}")
    if not argument.endswith(".toml"):
        raise BadInput(
            f"http:{without_credentials(argument)} is neither the path of a .toml file nor PRESET:URL",
            hint=f"the presets are {', '.join(PRESETS)}; write for example http:ievalm:http://127.0.0.1:5005",
        )
    try:
        values = tomllib.loads(files.bytes_of(Path(argument)).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{argument} is not TOML: {error}") from error
    return checked_crs(values, origin=argument)


def checked_crs(values: Mapping[str, Any], *, origin: str) -> Crs:
    """The CRS of these keys. Raises BadInput that names the key."""
    try:
        return Crs.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{origin}: {key}: {first['msg']}", hint="see docs/recommenders.md for every key") from error


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with every text that is a placeholder replaced by its value."""
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    return values[template] if isinstance(template, str) and template in PLACEHOLDERS else template


def at(value: Any, path: str) -> list[Any]:
    """Every value at a path, in order; none where the answer has no such place. A list at its end counts as its elements."""
    found = [value]
    for step in path.split("."):
        found = [inner for one in found for inner in _below(one, step)]
    return [inner for one in found for inner in (one if isinstance(one, list) else [one])]


def _below(value: Any, step: str) -> list[Any]:
    if step == "*":
        return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, list) and step.isdecimal():
        return value[int(step) : int(step) + 1]
    return [value[step]] if isinstance(value, dict) and step in value else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
