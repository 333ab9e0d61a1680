"""What varies between runs, as flow parameters: checked at the edge, plain values inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from understudy.completion import ROLES, ModelRole
from understudy.errors import BadInput

Parameters = TypeVar("Parameters", bound=BaseModel)


PerMillion = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ANY_MODEL = "*"

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


class Models(BaseModel):
    """Which models play the roles, and how they are reached. `rehearsal` is the embedded default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seeker: str = Field("rehearsal", description="model name as litellm knows it, or `rehearsal`")
    verifier: str | None = Field(None, description="of the second look at a reply; None is the seeker's, as for the roles below")
    recommender: str | None = Field(None, description="of the recommender `llm`")
    critic: str | None = Field(None, description="of the diagnosis in the search")
    judge: str | None = Field(None, description="of scores and judgements")
    fallbacks: dict[ModelRole, tuple[str, ...]] = Field(default_factory=dict, description="asked in turn when a role's model fails")
    limits: dict[ModelRole, RoleLimits] = Field(default_factory=dict, description="what a role may spend")
    prices: dict[str, tuple[PerMillion, PerMillion]] = Field(
        default_factory=dict, description=f"model → USD per million tokens of prompt and reply; {ANY_MODEL!r} for every unknown price"
    )
    api_base: str | None = Field(None, description="address of an OpenAI-compatible server")
    concurrency: int = Field(32, ge=1, le=512, description="calls in flight at most")
    rpm: int | None = Field(None, ge=1, description="requests a minute at most, per provider")
    tpm: int | None = Field(None, ge=1, description="tokens a minute at most, per provider")
    timeout_s: float = Field(60.0, gt=0, description="seconds that one attempt may take")
    max_attempts: int = Field(4, ge=1, le=20, description="attempts at one call, the first included")
    breaker_after: int = Field(10, ge=1, description="failed calls in a row after which the run stops")
    refresh: bool = Field(False, description="ask hosted models again for what is in the ledger")
    max_age_days: float | None = Field(None, gt=0, description="ask again where a model's replies began longer ago than this")

    @field_validator("api_base")
    @classmethod
    def _without_credentials(cls, address: str | None) -> str | None:
        # parameters of a flow are kept and shown by Prefect
        if address is not None and (urlsplit(address).scheme not in ("http", "https") or "@" in address or "?" in address):
            raise ValueError("an http(s) address without credentials and query is expected; keys come from the environment")
        return address

    def of(self, role: ModelRole) -> str:
        """The name of the model that plays a role."""
        named: str | None = getattr(self, role)
        return named or self.seeker

    def named(self) -> list[str]:
        """The model of each role, the seeker's first."""
        return [self.of(role) for role in ROLES]


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

    store: Path = Field(Path("understudy.duckdb"), description="the DuckDB file that holds everything")
    surface: str = Field("0", description="response surface of rehearsal: a seed, `null`, `adverse` or a TOML file")
    recommender: str = Field("retrieval", description="the CRS that the seekers talk to")
    seed: int = Field(0, description="seed of every draw on our side")
    models: Models = Models()
    caps: Caps = Caps()


class PanelSize(BaseModel):
    """How many scenarios one evaluation plays. `per_stratum` reaction contexts in each of the four strata and as decoys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_stratum: int = Field(ge=1)
    behaviour: int = Field(ge=4, description="human dialogues of which every seeker turn is replayed")
    free: int = Field(ge=0, description="free runs against the recommender")

    @classmethod
    def parsed(cls, text: str) -> PanelSize:
        """The size that `40,24,60` says. Raises BadInput."""
        names, values = ("per_stratum", "behaviour", "free"), text.split(",")
        if len(values) != len(names):
            raise BadInput(f"a size is three numbers, seen {text!r}", hint="contexts a stratum, dialogues, free runs: 40,24,60")
        return checked(cls, dict(zip(names, values, strict=True)))


SEARCH_PANEL = PanelSize(per_stratum=20, behaviour=14, free=16)
FRONT_PANEL = PanelSize(per_stratum=40, behaviour=24, free=60)
REPORT_PANEL = PanelSize(per_stratum=150, behaviour=80, free=60)


class Search(BaseModel):
    """How the prompt is searched for. `surface` is used by rehearsal alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: Literal["unsga3", "nsga2", "smsemoa", "ctaea"] = "unsga3"
    population: int = Field(12, ge=4, le=200)
    generations: int = Field(5, ge=0, le=500, description="0 plays the seed as it is")
    weights: dict[str, float] | None = Field(None, description="objective → weight of the pick; None takes the knee")
    panel: PanelSize = SEARCH_PANEL
    period: int = Field(4, ge=1, description="generations that share a panel; its survivors are measured anew on the next one")
    front_panel: PanelSize = FRONT_PANEL
    n_front: int = Field(3, ge=1, description="of all that was played, how many are nominated and measured on `select`")
    without: tuple[Mechanism, ...] = Field((), description="mechanisms of the search that are left out, to see what they are worth")
    racing: bool = Field(False, description="drop candidates that are dominated with confidence after half of the panel")


def checked(kind: type[Parameters], values: dict[str, Any]) -> Parameters:
    """`values` as flow parameters of one kind. Raises BadInput that names the parameter and what was expected."""
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{name}: {first['msg']}, seen {_shown(name, first.get('input'))}") from error


def _shown(name: str, value: Any) -> str:
    # what stands wrongly in an address may be a credential
    return "an address that is not shown" if name == "api_base" else repr(value)
