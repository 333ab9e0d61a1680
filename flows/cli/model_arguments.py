"""The options of every command that calls models: who plays which role, how models are reached, what may be spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, get_args

import typer

from understudy.completion import ROLES, ModelRole
from understudy.errors import BadInput
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.options import RUN
from understudy.parameters import ANY_MODEL, Caps, KvType, LocalServing, Models, SeekerSide, checked

_LIMITS = ("usd", "tokens", "calls")
_LONGEST_TEMPLATE = 1 << 20
_EMBEDDED = RUN.models.seeker
ApiBase = Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server.")]
RoleModel = Annotated[str | None, typer.Option(help="Model for this role alone."), Means.MODEL]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalArguments:
    """How local models are served."""

    threads: Annotated[int | None, typer.Option(min=1, help="Threads of a local model. Default: the physical cores.")] = None
    n_slots: Annotated[
        int, typer.Option("--slots", min=1, max=64, help="Calls that a local model computes at once. Each takes memory for a context.")
    ] = RUN.models.local.n_slots
    kv_type: Annotated[
        str, typer.Option(help=f"Type of the values in a local model's cache: {', '.join(get_args(KvType))}. Part of its name in keys.")
    ] = RUN.models.local.kv_type
    no_prefix_cache: Annotated[
        bool,
        typer.Option(
            "--no-prefix-cache", help="Compute every prompt of a local model whole: slower, and with one slot reproducible to the bit."
        ),
    ] = False
    chat_template: Annotated[
        Path | None, typer.Option(help="Jinja file with the chat template of a local model, in the place of its own."), Means.INPUT
    ] = None
    seeker_side: Annotated[
        str,
        typer.Option(
            help=f"Whose turns in a local model's chat the seeker writes: {' or '.join(get_args(SeekerSide))}. Part of its name in keys."
        ),
    ] = RUN.models.local.seeker_side

    def serving(self) -> LocalServing:
        """The way of serving that the options say. Raises BadInput."""
        return checked(LocalServing, {
            "threads": self.threads, "n_slots": self.n_slots, "kv_type": self.kv_type, "prefix_cache": not self.no_prefix_cache,
            "chat_template": None if self.chat_template is None else _template(self.chat_template),
            "seeker_side": self.seeker_side,
        })  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArguments:
    """Which models play the roles, and how they are reached."""

    model: Annotated[
        str,
        typer.Option(
            help="Model for all roles: `rehearsal`, a litellm model name, or a local one: `local/NAME`, `local/PATH.gguf` or "
            "`local/hf:OWNER/REPO/FILE.gguf`."
        ),
        Means.MODEL,
    ] = _EMBEDDED
    seeker_model: RoleModel = None
    verifier_model: RoleModel = None
    recommender_model: RoleModel = None
    critic_model: RoleModel = None
    judge_model: RoleModel = None
    fallback: Annotated[
        list[str] | None,
        typer.Option(help="`[ROLE=]MODEL` to use when the role's model fails. Repeat the option for more; they are tried in this order."),
        Means.MODEL,
    ] = None
    api_base: ApiBase = None
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="Maximum number of model calls in flight.")] = RUN.models.concurrency
    rpm: Annotated[int | None, typer.Option(min=1, help="Maximum number of requests per minute and provider.")] = None
    tpm: Annotated[int | None, typer.Option(min=1, help="Maximum number of tokens per minute and provider.")] = None
    timeout_s: Annotated[
        float | None, typer.Option(help="Time limit of one attempt, in seconds. Default: 60, and 600 for local models.")
    ] = None
    reply_tokens: Annotated[
        list[str] | None,
        typer.Option(
            help="`[ROLE=]N`: limit on the tokens of a reply, thoughts included; without it each request has its own. "
            "Dialogues under another limit are played anew."
        ),
    ] = None
    reply_bytes: Annotated[
        int, typer.Option(min=1024, help="Maximum size of the body of one answer, in bytes; a longer one is no reply.")
    ] = RUN.models.reply_bytes
    num_ctx: Annotated[
        int | None,
        typer.Option(
            min=256,
            help="Context of local models (default 4096) and of those of Ollama, in tokens. Without it Ollama cuts long prompts to its "
            "own, shorter context.",
        ),
    ] = None
    local: LocalArguments = field(default_factory=LocalArguments)
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask hosted models again although the ledger holds their replies. The old replies are kept.")
    ] = False
    max_age_days: Annotated[
        float | None, typer.Option(help="Ask a hosted model again if its first stored reply is older than this, in days.")
    ] = None
    recording: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a recording whose replies answer every call: no model is asked, and a call that it does not hold is an error."
        ),
        Means.INPUT,
    ] = None
    price: Annotated[
        list[str] | None,
        typer.Option(
            help="`[MODEL=]IN,OUT[,CACHED]`: USD per million tokens of prompt, reply and cached prompt, if litellm does not know the price."
        ),
    ] = None
    limit: Annotated[list[str] | None, typer.Option(help="`ROLE.KIND=N`: limit of one role; KIND is usd, tokens or calls.")] = None

    def models(self) -> Models:
        """The models that the options name. Raises BadInput."""
        # a seeker's model alone, beside the default, is the model of all that plays or reads for it
        others = None if self.seeker_model and self.model == _EMBEDDED else self.model
        return checked(Models, {
            **{role: named or others for role, named in self.named().items()},
            "api_base": self.api_base, "concurrency": self.concurrency, "rpm": self.rpm, "tpm": self.tpm, "timeout_s": self.timeout_s,
            "reply_tokens": _reply_tokens(self.reply_tokens or ()), "reply_bytes": self.reply_bytes,
            "num_ctx": self.num_ctx, "local": self.local.serving(),
            "refresh": self.refresh, "max_age_days": self.max_age_days, "recording": self.recording,
            "fallbacks": _fallbacks(self.fallback or ()), "prices": _prices(self.price or ()), "limits": _limits(self.limit or ()),
        })  # fmt: skip

    def named(self) -> dict[ModelRole, str | None]:
        """The model that each role was given of its own."""
        return {
            "seeker": self.seeker_model, "verifier": self.verifier_model, "recommender": self.recommender_model,
            "critic": self.critic_model, "judge": self.judge_model,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CapArguments:
    """The caps of a command."""

    usd: Annotated[float | None, typer.Option(help="Cap on the cost of model calls, in USD.")] = None
    tokens: Annotated[int | None, typer.Option(help="Cap on the tokens of prompts and replies together.")] = None
    calls: Annotated[int | None, typer.Option(help="Cap on the number of model calls.")] = None
    dialogues: Annotated[int | None, typer.Option(help="Cap on the number of free runs; replayed turns are not counted.")] = None
    minutes: Annotated[float | None, typer.Option(help="Cap on the running time, in minutes.")] = None

    def caps(self) -> Caps:
        """The caps that the options set. Raises BadInput."""
        return checked(Caps, asdict(self))


def _template(path: Path) -> str:
    # it is read with the options, which comes before the paths among them are looked at
    if not path.is_file() or path.stat().st_size > _LONGEST_TEMPLATE:
        raise BadInput(
            f"--chat-template: {path} is no plain file of at most {_LONGEST_TEMPLATE:,} bytes; it is not there, longer, a folder, a device "
            "or a pipe",
            hint="name a text file with a Jinja template",
        )
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--chat-template: {path} cannot be read: {error}", hint="name a text file in UTF-8 with a template") from error


def _fallbacks(named: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in named:
        role, equals, name = text.partition("=")
        for each in (role,) if equals and role in ROLES else ROLES:
            found.setdefault(each, []).append(name if each == role and equals else text)
    return found


def _reply_tokens(named: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in named:
        role, equals, value = text.rpartition("=")
        if equals and role not in ROLES:
            raise BadInput(f"--reply-tokens {text!r} names no role", hint=f"write [ROLE=]N with one of the roles {', '.join(ROLES)}")
        found |= dict.fromkeys((role,) if equals else ROLES, value)
    return found


def _prices(named: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in named:
        name, equals, figures = text.rpartition("=")
        told = figures.split(",")
        if len(told) not in (2, 3):
            raise BadInput(
                f"--price {text!r} is not [MODEL=]IN,OUT[,CACHED]",
                hint="give USD per million tokens of prompt, reply and, where it is cheaper, cached prompt: --price 0.15,0.60,0.075",
            )
        found[name if equals else ANY_MODEL] = told
    return found


def _limits(named: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in named:
        name, _, value = text.partition("=")
        role, _, kind = name.partition(".")
        if role not in ROLES or kind not in _LIMITS or not value:
            raise BadInput(
                f"--limit {text!r} is not ROLE.KIND=N", hint=f"the roles are {', '.join(ROLES)}; the kinds are {', '.join(_LIMITS)}"
            )
        found.setdefault(role, {})[kind] = value
    return found
