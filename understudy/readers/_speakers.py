"""Who speaks by the names that a file gives to its speakers, and what is said where nobody knows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.errors import BadInput
from understudy.readers._kit import Broken
from understudy.records import Role

_SHOWN, _MOST_SHOWN = 30, 10
_ROLES: dict[str, Role] = {"seeker": "seeker", "recommender": "recommender"}


@dataclass(slots=True)
class Speakers:
    """The roles by name, lower case; which names the files have; and in how many dialogues every speaker was known."""

    known: Mapping[str, Role]
    n_seen: Counter[str] = field(default_factory=Counter)
    n_told: int = 0

    @classmethod
    def of(cls, usual: Mapping[str, Role], roles: Mapping[str, str] | None) -> Speakers:
        """The caller's `roles` over the names that are `usual` in the format. Raises BadInput for a role that is none."""
        require_roles(roles)
        return cls({**_ROLES, **usual, **{name.strip().casefold(): _ROLES[role] for name, role in (roles or {}).items()}})

    def roles_of(self, names: Iterable[Any]) -> list[Role]:
        """The role of each speaker of a dialogue as the file names it. Raises Broken that says which option tells it."""
        told = [_checked(name) for name in names]
        self.n_seen.update(told)
        unknown = list(dict.fromkeys(name for name in told if name.casefold() not in self.known))
        if unknown:
            raise Broken(f"role {_listed(unknown)} is not known: say who it is with {_option(unknown, [])}")
        self.n_told += 1
        return [self.known[name.casefold()] for name in told]

    def require_known(self) -> None:
        """Raises BadInput where no dialogue of the files could be read because nobody knows who its speakers are."""
        unknown = [name for name in self.n_seen if name.casefold() not in self.known]
        if self.n_told or not unknown:
            return
        taken = [self.known[name.casefold()] for name in self.n_seen if name.casefold() in self.known]
        shown = list(self.n_seen)[:_MOST_SHOWN]
        seen = ", ".join(f"{_short(name)!r} ({self.n_seen[name]} messages{self._known_as(name)})" for name in shown)
        raise BadInput(
            f"no dialogue can be read: the speakers are called {seen}, and it is not known who {_listed(unknown)} is",
            hint=f"say which of them is the seeker and which the recommender: {_option(unknown, taken)}",
        )

    def _known_as(self, name: str) -> str:
        return f", the {self.known[name.casefold()]}" if name.casefold() in self.known else ""


def require_roles(roles: Mapping[str, str] | None) -> None:
    """Raises BadInput where a name is given another role than `seeker` or `recommender`."""
    wrong = sorted({role for role in (roles or {}).values() if role not in _ROLES})
    if wrong:
        raise BadInput(
            f"{wrong[0]!r} is not a role; `seeker` or `recommender` is expected",
            hint="write --roles NAME=seeker or --roles NAME=recommender",
        )


def _checked(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise Broken("a message without the name of its speaker")
    return name.strip()


def _short(name: str) -> str:
    return name[:_SHOWN]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(_short(name)) for name in names[:_MOST_SHOWN])


def _option(unknown: Sequence[str], taken: Sequence[Role]) -> str:
    """`--roles` as it might be: the first of two unknown names as the seeker, a single one as the role that nobody has."""
    one = _short(unknown[0])
    if len(unknown) == 1:
        free = [role for role in _ROLES.values() if role not in taken] or list(_ROLES.values())
        return " or ".join(f"--roles {one}={role}" for role in free)
    return f"--roles {one}=seeker,{_short(unknown[1])}=recommender, or the other way round"
