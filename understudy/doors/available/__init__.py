"""Which language models can be used right now: those of running servers, of providers whose key is set, and weights in files.

Nothing is started, no model is called, and no key leaves the environment. What cannot be found out is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["rehearsal", "local", "server", "provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableModel:
    """A model and how it is named to `--model`.

    `context`: tokens of prompt and reply together, for providers of the prompt. Prices are in USD per million tokens.
    `schema_replies`: whether replies can be held to a JSON schema. `served_by`: the engine or the provider. `not_ready`: why it cannot
    be used, with what to do; empty where it can. `options`: the words of the command line that choose it.
    """

    name: str
    kind: Kind
    served_by: str
    options: tuple[str, ...]
    context: int | None = None
    usd_per_m_in: float | None = None
    usd_per_m_out: float | None = None
    schema_replies: bool | None = None
    sha256: str | None = None
    quantization: str | None = None
    n_bytes: int | None = None
    not_ready: str = ""
