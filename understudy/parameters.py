"""What varies between runs, as flow parameters: checked at the edge, plain values inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from understudy.addresses import lake_of
from understudy.completion import ROLES, ModelRole
from understudy.errors import BadInput

Parameters = TypeVar("Parameters", bound=BaseModel)


PerMillion = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ANY_MODEL = "*"
OLLAMA = ("ollama/", "ollama_chat/")
"""What the names of Ollama's models begin with, which alone take a context from the request."""
LOCAL = "local/"
"""What the names of models begin with that this process serves itself."""
SeekerSide = Literal["assistant", "user"]
KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]

RUNNERS = ("threads", "dask", "ray")
"""What runs mapped tasks: threads of the process of the run, or the workers of a cluster."""

Mechanism = Literal[
    "critic", "chains", "merge", "rewording", "crossover", "sentences", "exemplars", "controls", "adaptation", "influence",
    "rotation", "remeasuring", "stopping", "constraints", "probabilistic_front", "worst_case",
]  # fmt: skip
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
"""What can be left out of a search, one by one, to see what it is worth; docs/search.md says what takes its place."""


class RoleLimits(BaseModel):
    """What the calls of one role may spend at most, within the caps of the run; None is no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    usd: float | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)
    calls: int | None = Field(None, gt=0)


class LocalServing(BaseModel):
    """How local models are served. The cache's type, the template and the seeker's side decide their answers, and are
    part of their name in keys.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    threads: int | None = Field(None, ge=1, le=512, description="threads that compute; None takes the physical cores")
    n_slots: int = Field(1, ge=1, le=64, description="calls that are computed at once, each with a context of its own")
    kv_type: KvType = Field("f16", description="type of the values in the cache of keys and values")
    prefix_cache: bool = Field(True, description="whether the beginning that a prompt shares with the one before it is computed once")
    chat_template: str | None = Field(None, description="template that takes the place of the model's own, as Jinja")
    seeker_side: SeekerSide = Field("assistant", description="whose turns in the chat a seeker writes")

    @property
    def is_reproducible(self) -> bool:
        """Whether the same calls give the same replies to the bit: one after another, each computed from its beginning."""
        return self.n_slots == 1 and not self.prefix_cache


class Models(BaseModel):
    """Which models play the roles, and how they are reached. `rehearsal` is the embedded default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seeker: str = Field("rehearsal", description="litellm model name, or `rehearsal`")
    verifier: str | None = Field(
        None, description="model that checks drafts of replies; None takes the seeker's model, as for the roles below"
    )
    recommender: str | None = Field(None, description="model of the recommender `llm`")
    critic: str | None = Field(None, description="model that names faults and rewrites sections in the search")
    judge: str | None = Field(None, description="model that gives satisfaction scores")
    fallbacks: dict[ModelRole, tuple[str, ...]] = Field(
        default_factory=dict, description="models to use, in this order, when a role's model fails"
    )
    limits: dict[ModelRole, RoleLimits] = Field(default_factory=dict, description="limits of one role")
    prices: dict[str, tuple[PerMillion, PerMillion] | tuple[PerMillion, PerMillion, PerMillion]] = Field(
        default_factory=dict,
        description=f"model → USD per million tokens of prompt, reply and cached prompt; {ANY_MODEL!r} for every unknown price",
    )
    api_base: str | None = Field(None, description="base URL of an OpenAI-compatible server")
    concurrency: int = Field(32, ge=1, le=512, description="maximum number of calls in flight")
    rpm: int | None = Field(None, ge=1, description="maximum number of requests per minute and provider")
    tpm: int | None = Field(None, ge=1, description="maximum number of tokens per minute and provider")
    timeout_s: float | None = Field(
        None, gt=0, description="time limit of one attempt, in seconds; None takes 60, and 600 for local models"
    )
    reply_tokens: dict[ModelRole, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, description="limit on the tokens of a reply of one role, thoughts included; part of the model's name in keys"
    )
    reply_bytes: int = Field(1 << 20, ge=1024, description="maximum size of the body of one answer, in bytes")
    num_ctx: int | None = Field(
        None, ge=256, description="context of local models and of those of Ollama, in tokens; of the latter part of the name in keys"
    )
    local: LocalServing = LocalServing()
    max_attempts: int = Field(4, ge=1, le=20, description="attempts per call, including the first")
    breaker_after: int = Field(10, ge=1, description="number of consecutive failed calls after which the run stops")
    refresh: bool = Field(False, description="ask hosted models again although the ledger holds their replies")
    max_age_days: float | None = Field(
        None, gt=0, description="ask a hosted model again if its first stored reply is older than this, in days"
    )
    recording: Path | None = Field(None, description="folder of a recording whose replies answer every call; no model is asked")

    @field_validator("api_base")
    @classmethod
    def _without_credentials(cls, address: str | None) -> str | None:
        # parameters of a flow are kept and shown by Prefect
        if address is not None and (urlsplit(address).scheme not in ("http", "https") or "@" in address or "?" in address):
            raise ValueError("an http(s) address without credentials and query is expected; API keys are read from the environment")
        return address

    @model_validator(mode="after")
    def _context_has_a_model(self) -> Self:
        if self.num_ctx is not None and not any(name.startswith((*OLLAMA, LOCAL)) for name in self.asked()):
            raise ValueError(f"num_ctx is the context of local models and of Ollama's, and none of {', '.join(self.asked())} is one")
        return self

    def of(self, role: ModelRole) -> str:
        """The name of the model that plays a role."""
        named: str | None = getattr(self, role)
        return named or self.seeker

    def named(self) -> list[str]:
        """The model of each role, the seeker's first."""
        return [self.of(role) for role in ROLES]

    def asked(self) -> list[str]:
        """Every model that may be asked, those that stand in for others included, each once."""
        return list(dict.fromkeys([*self.named(), *(name for names in self.fallbacks.values() for name in names)]))

    def renamed(self, names: Mapping[str, str]) -> Models:
        """The same with other names for some models: `names` maps a name that was written to the one that takes its place."""
        update: dict[str, Any] = {role: None if (name := getattr(self, role)) is None else names.get(name, name) for role in ROLES}
        update["fallbacks"] = {role: tuple(names.get(name, name) for name in written) for role, written in self.fallbacks.items()}
        return self.model_copy(update=update)


class Caps(BaseModel):
    """What a run may spend at most; None is no cap."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    usd: float | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)
    calls: int | None = Field(None, gt=0)
    dialogues: int | None = Field(None, gt=0)
    minutes: float | None = Field(None, gt=0)


class RunOptions(BaseModel):
    """What every stage of a run is given: where its rows are kept, what it draws with, who plays, and what it may spend."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Path = Field(Path("understudy.duckdb"), description="DuckDB file of the store, or `ducklake:` and where the lake is")
    surface: str = Field("0", description="rehearsal surface: a seed, `null`, `adverse`, `nonconvex-SEED` or a TOML file")
    recommender: str = Field("retrieval", description="recommender (CRS) that the seekers talk to")
    max_turns: int | None = Field(
        None, ge=2, le=200, description="most turns of a free run, of both sides; part of the recommender's name in keys; None is 20"
    )
    seed: int = Field(0, description="seed from which all random choices are derived")
    models: Models = Models()
    caps: Caps = Caps()
    runner: str = Field("threads", description="what runs mapped tasks: `threads`, `dask`, `ray`, or a cluster: `dask=tcp://HOST:PORT`")

    @field_validator("runner")
    @classmethod
    def _is_known(cls, written: str) -> str:
        name, _, address = written.partition("=")
        if name not in RUNNERS or ("=" in written) != bool(address) or (address and name == RUNNERS[0]):
            raise ValueError("threads, dask or ray is expected, and for a cluster its address: dask=tcp://HOST:PORT, ray=ray://HOST:PORT")
        return written

    @field_validator("store")
    @classmethod
    def _without_password(cls, store: Path) -> Path:
        # an address that cannot be read is refused before anything keeps it
        lake_of(store)
        return store

    def elsewhere(self, *, recommender: str | None, surface: str | None, caps: Caps) -> RunOptions:
        """The same options for another recommender or surface (None is the same one), within `caps`."""
        changed = {"recommender": recommender or self.recommender, "surface": surface or self.surface, "caps": caps}
        return self.model_copy(update=changed)


LEAST_DIALOGUES = 4


class PanelSize(BaseModel):
    """How many scenarios one evaluation plays. `per_stratum` reaction contexts in each of the four strata and as decoys.

    Without whole dialogues there is nothing to measure diversity and behaviour by; with fewer than four of them neither is measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_stratum: int = Field(ge=1)
    behaviour: int = Field(ge=0, description="human dialogues whose seeker turns are all replayed: none, or at least 4")
    free: int = Field(ge=0, description="free runs with the recommender")

    @field_validator("behaviour")
    @classmethod
    def _none_or_enough(cls, n: int) -> int:
        if 0 < n < LEAST_DIALOGUES:
            raise ValueError(f"{n} dialogues are too few to measure behaviour or diversity: give at least {LEAST_DIALOGUES}, or 0 for none")
        return n

    @classmethod
    def parsed(cls, text: str) -> PanelSize:
        """The size that `40,24,60` says. Raises BadInput."""
        names, values = ("per_stratum", "behaviour", "free"), text.split(",")
        if len(values) != len(names):
            raise BadInput(
                f"the size {text!r} does not have three numbers",
                hint="give contexts per stratum, dialogues and free runs, for example 40,24,60",
            )
        return checked(cls, dict(zip(names, values, strict=True)))


CRITIC_SHARE, LONGEST_CHAIN = 0.75, 4
NAMED_WHERE_ASKED_FOR = ("from_shipped", "critic_share", "longest_chain")
"""Dials of a search that what it says of itself and its key hold only where they are not at their defaults."""
SEARCH_PANEL = PanelSize(per_stratum=20, behaviour=14, free=16)
FRONT_PANEL = PanelSize(per_stratum=40, behaviour=24, free=60)
REPORT_PANEL = PanelSize(per_stratum=150, behaviour=80, free=60)


class Search(BaseModel):
    """How the prompt is searched for. `surface` is used by rehearsal alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: Literal["unsga3", "nsga2", "smsemoa", "ctaea"] = "unsga3"
    population: int = Field(12, ge=2, le=200)
    generations: int = Field(5, ge=0, le=500, description="generations after the first; with 0 the seed prompt is not changed")
    weights: dict[str, float] | None = Field(None, description="objective → weight for choosing the pick; None takes the knee of the front")
    panel: PanelSize = SEARCH_PANEL
    period: int = Field(4, ge=1, description="generations that share a panel; survivors are measured anew on the next panel")
    front_panel: PanelSize = FRONT_PANEL
    n_front: int = Field(3, ge=1, description="number of finalists that are nominated from all evaluated prompts and measured on `select`")
    without: tuple[Mechanism, ...] = Field((), description="mechanisms of the search that are switched off, for an ablation")
    racing: bool = Field(False, description="drop candidates that are dominated with 95 % confidence after half of the panel")
    from_shipped: bool = Field(False, description="play the shipped prompts in the first generation beside the seed")
    critic_share: float = Field(CRITIC_SHARE, ge=0, le=1, description="share of the children that are drawn as the critic's")
    longest_chain: int = Field(LONGEST_CHAIN, ge=1, le=12, description="steps in which the critic rewrites one child at most")

    @property
    def may_ask_critic(self) -> bool:
        """Whether a critic would be asked, where the run has one."""
        return self.generations > 0 and "critic" not in self.without

    @model_serializer(mode="wrap")
    def _without_what_was_not_asked_for(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # a recorded study from before these dials says the same of its search
        fields: dict[str, Any] = handler(self)
        kept = {name: fields.pop(name) for name in NAMED_WHERE_ASKED_FOR if name in fields}
        return fields | {name: value for name, value in kept.items() if value != type(self).model_fields[name].default}


def checked(kind: type[Parameters], values: dict[str, Any]) -> Parameters:
    """`values` as flow parameters of one kind. Raises BadInput that names the parameter and what was expected."""
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        place = f"{name}: " if name else ""  # without a name it is said of all values together
        raise BadInput(f"{place}{first['msg']}; the value is {_shown(name, first.get('input'))}") from error


def _shown(name: str, value: Any) -> str:
    # what stands wrongly in an address may be a credential
    return "an address that is not shown" if name == "api_base" else repr(value)
