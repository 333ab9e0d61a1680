"""The genome: what the search varies. A typed, versioned, content-hashed value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from understudy.errors import BadInput
from understudy.keys import key
from understudy.prompt.dials import PolicyDials

VERSION, VERSION_WITH_POLICY = 1, 2
SECTIONS = ("role", "need", "disclosure", "reaction", "style", "ending")
MAX_EXEMPLARS = 5

Disclosure = Literal["upfront", "gradual", "on_request"]
Persona = Literal["none", "brief", "full"]
Visibility = Literal["hidden", "attributes", "title"]
Reasoning = Literal["none", "think"]
Deliberation = Literal["none", "steps"]
Staging = Literal["none", "by_act"]
PersonaSource = Literal["need", "seen"]
DISCLOSURES: tuple[Disclosure, ...] = get_args(Disclosure)
PERSONAS: tuple[Persona, ...] = get_args(Persona)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
# how a setting is built: inherited from the first parent and never mutated, so that a search stays within its setting
STRUCTURE = ("reasoning", "verifier", "deliberation", "staging", "persona_source")


@dataclass(frozen=True, slots=True)
class Controls:
    """Everything of a genome that is not text.

    `temperature` in [0, 2], `top_p` in (0, 1], `patience` in rejections before giving up, 1–8. `reasoning` think: thinks
    before it speaks, and only the speech is kept. `verifier`: a second model checks each reply and may ask for one redo.
    `deliberation` steps: rates, chooses an act, words and refines in one structured reply. `staging` by_act: what the
    recommender has just done picks the section that is given. `persona_source` seen: no target is told, and the persona is
    what the seeker knew before.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    disclosure: Disclosure = "gradual"
    persona: Persona = "brief"
    patience: int = 4
    visibility: Visibility = "attributes"
    reasoning: Reasoning = "none"
    verifier: bool = False
    deliberation: Deliberation = "none"
    staging: Staging = "none"
    persona_source: PersonaSource = "need"

    def __post_init__(self) -> None:
        checks = (
            (0.0 <= self.temperature <= 2.0, "temperature", self.temperature, "0 to 2"),
            (0.0 < self.top_p <= 1.0, "top_p", self.top_p, "above 0, at most 1"),
            (self.disclosure in DISCLOSURES, "disclosure", self.disclosure, "one of " + ", ".join(DISCLOSURES)),
            (self.persona in PERSONAS, "persona", self.persona, "one of " + ", ".join(PERSONAS)),
            (1 <= self.patience <= 8, "patience", self.patience, "1 to 8"),
            (self.visibility in VISIBILITIES, "visibility", self.visibility, "one of " + ", ".join(VISIBILITIES)),
            (self.reasoning in get_args(Reasoning), "reasoning", self.reasoning, "one of none, think"),
            (isinstance(self.verifier, bool), "verifier", self.verifier, "true or false"),
            (self.deliberation in get_args(Deliberation), "deliberation", self.deliberation, "one of none, steps"),
            (self.staging in get_args(Staging), "staging", self.staging, "one of none, by_act"),
            (self.persona_source in get_args(PersonaSource), "persona_source", self.persona_source, "one of need, seen"),
            ("none" in (self.reasoning, self.deliberation), "deliberation", self.deliberation, "none beside reasoning think"),
        )
        for holds, name, seen, expected in checks:
            if not holds:
                raise BadInput(f"the control {name} is {seen!r}; {expected} is expected")


@dataclass(frozen=True, slots=True)
class Genome:
    """A candidate prompt: six text sections, exemplar dialogue ids (of the exemplar split only), controls.

    `policy`: where it is set, a policy fitted on humans plans what the seeker does in each turn, and the sections say how it is worded.
    """

    sections: Mapping[str, str]
    controls: Controls = field(default_factory=Controls)
    exemplars: tuple[str, ...] = ()
    policy: PolicyDials | None = None
    digest: str = field(init=False, repr=False, compare=False)
    """32 hex digits over the whole content."""

    def __post_init__(self) -> None:
        if set(self.sections) != set(SECTIONS):
            raise BadInput(f"the genome has the sections {', '.join(sorted(self.sections))}; exactly {', '.join(SECTIONS)} are expected")
        if len(self.exemplars) > MAX_EXEMPLARS or len(set(self.exemplars)) != len(self.exemplars):
            raise BadInput(f"the genome has the exemplars {list(self.exemplars)}; at most {MAX_EXEMPLARS} are allowed, all different")
        object.__setattr__(self, "sections", MappingProxyType({name: self.sections[name] for name in SECTIONS}))
        object.__setattr__(self, "digest", key("genome", self._version, **self._content()))

    def __hash__(self) -> int:
        return hash(self.digest)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON from which `from_json` makes an equal genome."""
        controls = {name: getattr(self.controls, name) for name in Controls.__dataclass_fields__}
        told: dict[str, Any] = {"sections": dict(self.sections), "controls": controls, "exemplars": list(self.exemplars)}
        return told if self.policy is None else {**told, "policy": self.policy.as_json()}

    @property
    def _version(self) -> int:
        """The version of the content: genomes without a policy are what they were before there was any, and keep their digest."""
        return VERSION if self.policy is None else VERSION_WITH_POLICY

    def _content(self) -> dict[str, Any]:
        """What the digest is taken of: controls of the structure count where they are set, so that older genomes keep their digest."""
        content = self.as_json()
        plain = Controls()
        for name in STRUCTURE:
            if getattr(self.controls, name) == getattr(plain, name):
                del content["controls"][name]
        return content

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Genome:
        """The genome that `as_json` described. Raises BadInput for anything else."""
        try:
            policy = PolicyDials(**value["policy"]) if value.get("policy") is not None else None
            return cls(dict(value["sections"]), Controls(**value["controls"]), tuple(value["exemplars"]), policy)
        except (KeyError, TypeError) as error:
            raise BadInput(
                f"the JSON is not a genome: {error}", hint="give an object with the keys sections, controls and exemplars"
            ) from error
