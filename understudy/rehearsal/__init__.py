"""Rehearsal: an agenda-based seeker that stands in for a language model in first runs, tests and benchmarks. It is not one.

It reads only the messages it is sent, follows natural-language instructions in them imperfectly, and shows the published
faults of LLM seekers until a prompt treats them. See docs/rehearsal.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy.errors import BadInput
from understudy.rehearsal.agenda import SeekerReply, faults
from understudy.rehearsal.fitted import Fitted, fit, unfitted
from understudy.rehearsal.forms import respond
from understudy.rehearsal.generator import surface
from understudy.rehearsal.parameters import ADDED, parameters_digest
from understudy.rehearsal.surfaces import FAULTS, Surface

__all__ = (
    "ADDED_DIGEST", "FAULTS", "PARAMETERS_DIGEST", "UNFITTED", "VERSION", "Fitted", "ModelName", "SeekerReply", "Surface", "faults", "fit",
    "full_name", "model_name", "parse_model", "respond", "surface",
)  # fmt: skip

VERSION = 1
PREFIX = "rehearsal/"
CRITIC = "@critic="
DIGEST_LENGTH = 12
PARAMETERS_DIGEST = parameters_digest()
"""Over what makes a seeker's reply and the drawn surfaces."""
ADDED_DIGEST = parameters_digest(ADDED)
"""Over what was added beside it: surfaces in conflict, the truth, the other roles."""
UNFITTED: Fitted = unfitted()


@dataclass(frozen=True, slots=True)
class ModelName:
    """A parsed model name. `fit_digest` is the first 12 hex digits of the fitted model's digest, None for UNFITTED.

    `critic` is the quality of the critic in [0, 1], None where the name does not say.
    """

    surface: str
    fit_digest: str | None
    critic: float | None = None


def model_name(surface: Surface, fitted: Fitted, *, critic: float | None = None) -> str:
    """The name under which a surface and a fitted model are asked for: `rehearsal/SURFACE[@DIGEST][@critic=QUALITY]`."""
    known = "" if fitted.digest == UNFITTED.digest else f"@{fitted.digest[:DIGEST_LENGTH]}"
    return f"{PREFIX}{surface.name}{known}{'' if critic is None else f'{CRITIC}{critic:g}'}"


def full_name(asked: str, embedded: str) -> str | None:
    """The model's name that `rehearsal` or `rehearsal@critic=QUALITY` stands for in a run whose seeker is `embedded`; else None.

    Raises BadInput for a quality that is none.
    """
    head, marked, told = asked.partition(CRITIC)
    if head != PREFIX.rstrip("/"):
        return None
    return embedded + (f"{CRITIC}{quality_of(told):g}" if marked else "")


def parse_model(name: str) -> ModelName:
    """The parts of a rehearsal model's name. Raises BadInput for any other name."""
    rest, marked, told = name.removeprefix(PREFIX).partition(CRITIC)
    head, mark, fit_digest = rest.partition("@")
    right = not mark or (len(fit_digest) == DIGEST_LENGTH and set(fit_digest) <= set("0123456789abcdef"))
    if not name.startswith(PREFIX) or not head or "/" in head or not right:
        raise BadInput(f"{name!r} is not a rehearsal model", hint="expected rehearsal/SURFACE[@FIT][@critic=QUALITY]")
    return ModelName(head, fit_digest if mark else None, quality_of(told) if marked else None)


def quality_of(written: str) -> float:
    """The quality of a critic as a name says it. Raises BadInput for anything but a number in [0, 1]."""
    try:
        quality = float(written)
    except ValueError:
        quality = -1.0
    if not 0 <= quality <= 1:
        raise BadInput(f"the critic's quality is {written!r}, expected a number from 0 to 1", hint="such as rehearsal/0@critic=0.8")
    return quality
