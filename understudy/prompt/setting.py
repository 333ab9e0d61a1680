"""Prompt settings: the hand-written prompts that the search starts from and is compared with, one TOML file each."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from understudy.errors import BadInput
from understudy.keys import rng_of
from understudy.prompt.dials import PolicyDials, Words
from understudy.prompt.genome import (
    MAX_EXEMPLARS,
    Controls,
    Deliberation,
    Disclosure,
    Genome,
    Persona,
    PersonaSource,
    Reasoning,
    Staging,
    Visibility,
)

FOLDER = Path(__file__).parent / "settings"
# angle brackets open the fences of the template, so a section may not hold any
SectionText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^<>]*$")]


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Sections(_Checked):
    role: SectionText
    need: SectionText
    disclosure: SectionText
    reaction: SectionText
    style: SectionText
    ending: SectionText


class _Controls(_Checked):
    temperature: Annotated[float, Field(ge=0, le=2)]
    top_p: Annotated[float, Field(gt=0, le=1)]
    disclosure: Disclosure
    persona: Persona
    patience: Annotated[int, Field(ge=1, le=8)]
    visibility: Visibility
    reasoning: Reasoning = "none"
    verifier: bool = False
    deliberation: Deliberation = "none"
    staging: Staging = "none"
    persona_source: PersonaSource = "need"


class _Policy(_Checked):
    acceptance: float = 0.0
    telling: float = 0.0
    ending: float = 0.0
    length: float = 1.0
    sharpness: float = 1.0
    words: Words = "model"


class _File(_Checked):
    description: SectionText
    source: SectionText
    minutes: Annotated[float, Field(gt=0)] | None = None
    n_exemplars: Annotated[int, Field(ge=0, le=MAX_EXEMPLARS)]
    sections: _Sections
    controls: _Controls
    policy: _Policy | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A prompt setting. `genome` holds no exemplars yet: which ones there are depends on the data set.

    `minutes` of work went into writing it by hand; None where nobody measured them.
    """

    name: str
    genome: Genome
    n_exemplars: int
    description: str
    source: str
    minutes: float | None = None


ABLATIONS = ("planned_without_words", "planned_without_policy")
"""The two halves of `planned`: its policy in stock phrases, without a model's words, and its words without a policy."""


def setting_names() -> list[str]:
    """The settings that are shipped, in order of name."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def shipped_beside(own: Genome) -> list[str]:
    """The shipped settings that may stand beside a prompt: those with a policy beside one that has one, and not the prompt itself."""
    found = {name: load_setting(name).genome for name in setting_names()}
    return [name for name, one in found.items() if one.digest != own.digest and (one.policy is None) == (own.policy is None)]


def load_setting(name_or_path: str | Path) -> Setting:
    """A shipped setting by name, or the one in a TOML file. Raises BadInput that names the file and the key."""
    given = str(name_or_path)
    if given in ABLATIONS:
        return _ablated(load_setting("planned"), given)
    if given in setting_names():
        return parse_setting(given, (FOLDER / f"{given}.toml").read_text("utf-8"))
    path = Path(given)
    if path.suffix != ".toml":
        raise BadInput(
            f"there is no prompt setting called {given!r}",
            hint=f"name one of {', '.join((*setting_names(), *ABLATIONS))}, or give the path of your own .toml file",
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the prompt setting {given} cannot be read: {error}") from error
    return parse_setting(path.stem, text)


def parse_setting(name: str, text: str) -> Setting:
    """The setting that a TOML text describes. Raises BadInput that names the offending key."""
    try:
        read = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the prompt setting {name} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise BadInput(f"the prompt setting {name}: {_first(error)}", hint=f"follow one of the settings in {FOLDER}") from error
    try:
        policy = PolicyDials(**read.policy.model_dump()) if read.policy is not None else None
        genome = Genome(read.sections.model_dump(), Controls(**read.controls.model_dump()), policy=policy)
    except BadInput as error:
        raise BadInput(f"the prompt setting {name}: {error.message}") from error
    return Setting(name, genome, read.n_exemplars, read.description, read.source, read.minutes)


def seed_genome(setting: Setting, exemplar_ids: Sequence[str], *, seed: int) -> Genome:
    """The setting's genome with its exemplars drawn by `seed` from the exemplar split, whatever the order of the ids.

    Raises BadInput where the split holds fewer dialogues than the setting shows.
    """
    known = sorted(set(exemplar_ids))
    if len(known) < setting.n_exemplars:
        raise BadInput(f"the prompt setting {setting.name} shows {setting.n_exemplars} examples, but the exemplar split holds {len(known)}")
    rng = rng_of("seed_genome", seed, setting.n_exemplars, known)
    drawn = rng.choice(len(known), size=setting.n_exemplars, replace=False)
    return replace(setting.genome, exemplars=tuple(known[int(i)] for i in drawn))


def _ablated(whole: Setting, name: str) -> Setting:
    """One of ABLATIONS, with the sections and controls of the whole."""
    dials = replace(whole.genome.policy, words="stock") if whole.genome.policy and name == "planned_without_words" else None
    kept = "policy in stock phrases, without the model's words" if dials else "words without the policy"
    return replace(whole, name=name, genome=replace(whole.genome, policy=dials), description=f"One half of `planned`: its {kept}.")


def _first(error: ValidationError) -> str:
    problem: Any = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    seen = f"; the value is {problem['input']!r}" if problem["type"] != "missing" else ""
    return f"{key}: {problem['msg']}{seen}"
