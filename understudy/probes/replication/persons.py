"""Persons: who a user is played as. The same user is the same person in every setting, task and run of a seed.

Names come from the data of the package Faker and not from a model. A group of surnames stands for an ethnicity only where that was
asked for; by default a person has none, since a model asked to be one caricatures it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from understudy.doors.word_vectors import INSTALL
from understudy.errors import BadInput
from understudy.keys import rng_of, seed_of

VERSION = 1
PICKINESS = ("extremely picky", "moderately picky", "not picky")
YOUNGEST, OLDEST = 5, 80
_ANY_LOCALE = "en_US"
# groups of surnames that the package has in Latin script; it has none of the paper's others
ETHNICITIES: Mapping[str, tuple[str, ...]] = {
    "African": ("zu_ZA", "tw_GH", "yo_NG"),
    "East Asian": ("zh_CN", "ja_JP"),
    "European": ("en_GB", "fr_FR", "de_DE", "it_IT", "pl_PL"),
    "Latin American": ("es_MX", "pt_BR", "es_CO"),
    "Middle Eastern": ("tr_TR",),
    "North American": ("en_US", "en_CA"),
    "Oceanian": ("en_NZ", "en_AU"),
    "South Asian": ("en_IN",),
    "Southeast Asian": ("id_ID", "vi_VN", "fil_PH"),
}


@dataclass(frozen=True, slots=True)
class PlayedPerson:
    """A person; `ethnicity` is empty where it was not asked for."""

    address: str
    surname: str
    age: int
    pickiness: str
    ethnicity: str = ""

    def in_words(self) -> str:
        """What a prompt tells of the person, on one line."""
        of = f", {self.ethnicity}" if self.ethnicity else ""
        return f"{self.address} {self.surname}{of}, {self.age} years old, {self.pickiness} about what to watch, read or buy"

    @property
    def words(self) -> frozenset[str]:
        """The words of the person that a reply may repeat: name, age, pickiness, ethnicity; in lower case."""
        told = f"{self.surname} {self.age} picky {self.ethnicity}".lower().replace("-", " ")
        return frozenset(word for word in told.split() if len(word) > 1)


def require_names() -> None:
    """Raises BadInput where the package of names is not installed."""
    if find_spec("faker") is None:
        raise BadInput("the package Faker, which holds the names of persons, is not installed", hint=INSTALL)


def person_of(user_id: str, *, seed: int, with_ethnicity: bool = False) -> PlayedPerson:
    """The person of a user. Raises BadInput where the package of names is not installed."""
    rng = rng_of("replicate person", VERSION, seed, user_id)
    address, age = ("Mr", "Ms")[int(rng.integers(2))], int(rng.integers(YOUNGEST, OLDEST + 1))
    pickiness = PICKINESS[int(rng.integers(len(PICKINESS)))]
    # drawn in any case, so that the rest of a person is the same with and without
    group = sorted(ETHNICITIES)[int(rng.integers(len(ETHNICITIES)))]
    locales: Sequence[str] = ETHNICITIES[group] if with_ethnicity else (_ANY_LOCALE,)
    locale = locales[int(rng.integers(len(locales)))]
    surname = _surname(locale, seed_of("surname", VERSION, seed, user_id))
    return PlayedPerson(address, surname, age, pickiness, group if with_ethnicity else "")


def _surname(locale: str, seed: int) -> str:
    maker = _names(locale)
    maker.seed_instance(seed)
    named: str = (getattr(maker, "last_romanized_name", None) or maker.last_name)()
    return named


@cache
def _names(locale: str) -> Any:
    require_names()
    from faker import Faker

    return Faker(locale)
