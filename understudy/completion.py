"""What is asked of a model and what comes back: the shapes between the domain and the door to litellm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from understudy.errors import ProviderFailed
from understudy.keys import key

VERSION = 1
ModelRole = Literal["seeker", "verifier", "recommender", "critic", "judge"]
ROLES: tuple[ModelRole, ...] = get_args(ModelRole)
NO_ENGINE = "none"
UsageSource = Literal["reported", "counted", "clamped"]
"""Where the tokens of a reply come from: the provider's report, our own count without one, or a bound where the report is impossible."""
WRITTEN = 5
"""Tokens of a prompt that a model computes in the time in which it writes one."""
CUT = "length"
"""The finish reason of a reply that the limit on its tokens has cut."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user or assistant.

    `n_shared`: how many characters at its beginning are the same in many requests, so that a provider may be told to keep them in its
    cache; 0 where that is not known. It changes nothing of what is asked, so it is no part of a key and of no comparison.
    """

    role: str
    content: str
    n_shared: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One model call. `seed` is derived from scenario, replicate and turn, so candidates share random numbers.

    `schema`: the JSON schema that the reply is held to by the model's server, empty where it is not. `alternative`: the same question in
    the other of the two forms, by schema or in words; whoever sends it takes the form that the model's server understands.
    """

    role: ModelRole
    model: str
    messages: tuple[Message, ...]
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    schema: str = ""
    alternative: Request | None = field(default=None, compare=False, repr=False)

    def form(self, *, by_schema: bool) -> Request:
        """The question by schema where that is wanted and it has this form, else in words; a question with one form is itself."""
        return self if self.alternative is None or bool(self.schema) == by_schema else self.alternative

    @property
    def key(self) -> str:
        """The content key under which the ledger keeps the reply; the address of the server is not part of it."""
        by_schema = {"schema": self.schema} if self.schema else {}
        return key(
            "completion",
            VERSION,
            role=self.role,
            model=self.model,
            messages=[[message.role, message.content] for message in self.messages],
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            seed=self.seed,
            **by_schema,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply. `engine` is `rehearsal` when the model that answered says so, else the reported model's name.

    `n_normalised`: characters of the reply that were replaced or removed; `n_cut_bytes`: bytes beyond what the limit on its tokens
    allows. `prompt_is_cut`: the server reports so few tokens of the prompt that it must have cut it. All of them and `usage` are None
    where the reply was kept before they were recorded. `cached_tokens`: tokens of the prompt that the server had in its cache and did
    not compute, `cache_write_tokens` those that it put there for a price; None where it does not say.
    """

    text: str
    reported_model: str
    engine: str
    finish_reason: str
    fingerprint: str
    prompt_tokens: int
    completion_tokens: int
    intended_act: str | None = None
    n_normalised: int | None = 0
    n_cut_bytes: int | None = 0
    usage: UsageSource | None = "reported"
    prompt_is_cut: bool | None = False
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None

    @property
    def work(self) -> int:
        """What the call took of a model, in tokens of a prompt that are computed: a written one takes as long, and costs as much, as five.

        On a 0.5B model on two cores 140 tokens of a prompt are computed in the time of 29 written ones, and hosted models bill a written
        token at four to five times one of the prompt.
        """
        return self.prompt_tokens - (self.cached_tokens or 0) + WRITTEN * self.completion_tokens

    @property
    def is_cut(self) -> bool:
        """Whether the limit on its tokens has cut the reply."""
        return self.finish_reason == CUT


def engines_in(engines: Iterable[str]) -> list[str]:
    """The names of all models that had a part, each once and in order; each of `engines` is one name or several joined by `+`."""
    return sorted({name for one in engines for name in one.split("+")} - {"", NO_ENGINE})


def engine_of(engines: Iterable[str]) -> str:
    """Those names joined by `+`; `none` where no model answered."""
    return "+".join(engines_in(engines)) or NO_ENGINE


Complete = Callable[[Request], Awaitable[Completion]]


class MissingReply(ProviderFailed):
    """A call that ended without a reply: an outcome to be stored, never a sentence in a dialogue."""

    code = "missing_reply"
