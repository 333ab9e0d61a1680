"""The options of every command that calls models: who plays which role, how models are reached, what may be spent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any

import typer

from understudy.completion import ROLES
from understudy.errors import BadInput
from understudy.flows.cli.console import answer
from understudy.parameters import ANY_MODEL, Caps, Models, checked

_EMBEDDED = "rehearsal"

Command = Callable[..., None]
_LIMITS = ("usd", "tokens", "calls")

Model = Annotated[str, typer.Option(help="Model of all roles, as litellm names it, or `rehearsal`.")]
RoleModel = Annotated[str | None, typer.Option(help="Model of this role alone.")]
Fallback = Annotated[
    list[str] | None, typer.Option(help="`[ROLE=]MODEL`, asked when the role's model fails; several are tried in their order.")
]
Limit = Annotated[list[str] | None, typer.Option(help="`ROLE.KIND=N`: cap on usd, tokens or calls of one role.")]
Price = Annotated[list[str] | None, typer.Option(help="`[MODEL=]IN,OUT`: USD per million tokens, where litellm knows no price.")]
ApiBase = Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")]
Concurrency = Annotated[int, typer.Option(min=1, max=512, help="Model calls in flight at most.")]
Rpm = Annotated[int | None, typer.Option(min=1, help="Requests a minute at most, per provider.")]
Tpm = Annotated[int | None, typer.Option(min=1, help="Tokens a minute at most, per provider.")]
Timeout = Annotated[float, typer.Option("--timeout-s", help="Seconds that one attempt may take.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Ask hosted models again for what is in the ledger; old replies stay beside.")]
MaxAge = Annotated[float | None, typer.Option("--max-age-days", help="Ask again where a model's replies began longer ago than this.")]
Usd = Annotated[float | None, typer.Option(help="Cap on money.")]
Tokens = Annotated[int | None, typer.Option(help="Cap on tokens.")]
Calls = Annotated[int | None, typer.Option(help="Cap on model calls.")]
Dialogues = Annotated[int | None, typer.Option(help="Cap on free runs; replayed turns are not counted.")]
Minutes = Annotated[float | None, typer.Option(help="Cap on time.")]

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "model": (Model, _EMBEDDED),
    **{f"{role}_model": (RoleModel, None) for role in ROLES},
    "fallback": (Fallback, None),
    "api_base": (ApiBase, None),
    "concurrency": (Concurrency, 32),
    "rpm": (Rpm, None),
    "tpm": (Tpm, None),
    "timeout_s": (Timeout, 60.0),
    "refresh": (Refresh, False),
    "max_age_days": (MaxAge, None),
    "price": (Price, None),
    "limit": (Limit, None),
    "usd": (Usd, None),
    "tokens": (Tokens, None),
    "calls": (Calls, None),
    "dialogues": (Dialogues, None),
    "minutes": (Minutes, None),
}
_PASSED = ("api_base", "concurrency", "rpm", "tpm", "timeout_s", "refresh", "max_age_days")
_CAPS = ("usd", "tokens", "calls", "dialogues", "minutes")


def model_options(command: Command) -> Command:
    """`command` as the command line calls it: these options stand in the place of its parameters `models` and `caps`."""
    own = inspect.signature(command, eval_str=True)
    kept = [one for name, one in own.parameters.items() if name not in ("models", "caps")]
    # all go by name; Python wants those without a default first
    kept = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]
    place = next((i for i, one in enumerate(kept) if one.name in ("store", "events", "as_json")), len(kept))

    @wraps(command)
    def called(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in _OPTIONS}
        try:
            models, caps = models_of(chosen), checked(Caps, {name: chosen[name] for name in _CAPS})
        except BadInput as error:
            _refused(error, as_json=bool(given.get("as_json")))
        command(**given, models=models, caps=caps)

    called.__signature__ = own.replace(parameters=[*kept[:place], *added, *kept[place:]])  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in [*kept, *added]} | {"return": None}
    return called


def models_of(chosen: dict[str, Any]) -> Models:
    """The models that the options name. Raises BadInput."""
    # a seeker's model alone, beside the default, is the model of all that plays or reads for it
    others = None if chosen["seeker_model"] and chosen["model"] == _EMBEDDED else chosen["model"]
    values: dict[str, Any] = {role: chosen[f"{role}_model"] or others for role in ROLES}
    values |= {name: chosen[name] for name in _PASSED}
    values["fallbacks"] = _fallbacks(chosen["fallback"] or ())
    values["prices"] = _prices(chosen["price"] or ())
    values["limits"] = _limits(chosen["limit"] or ())
    return checked(Models, values)


def _fallbacks(told: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in told:
        role, equals, name = text.partition("=")
        for each in (role,) if equals and role in ROLES else ROLES:
            found.setdefault(each, []).append(name if each == role and equals else text)
    return found


def _prices(told: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in told:
        name, equals, figures = text.rpartition("=")
        both = figures.split(",")
        if len(both) != 2:
            raise BadInput(f"--price {text!r} is not two figures", hint="USD per million tokens of prompt and reply: --price 0.15,0.60")
        found[name if equals else ANY_MODEL] = both
    return found


def _limits(told: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in told:
        name, _, value = text.partition("=")
        role, _, kind = name.partition(".")
        if role not in ROLES or kind not in _LIMITS or not value:
            raise BadInput(f"--limit {text!r} is not ROLE.KIND=N", hint=f"roles: {', '.join(ROLES)}; kinds: {', '.join(_LIMITS)}")
        found.setdefault(role, {})[kind] = value
    return found


def _refused(error: BadInput, *, as_json: bool) -> None:
    def work() -> dict[str, Any]:
        raise error

    answer(work, lambda _console, _fields: None, as_json=as_json, events=None)
