"""Licences: which ones allow the publication of derived dialogues, which of several is the strictest, and that of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from understudy.errors import GateFailed

# SPDX names from the freest to the strictest; each may be followed by those after it, with the exception below
FREEST_FIRST = (
    "CC0-1.0",
    "0BSD",
    "MIT",
    "BSD-3-Clause",
    "Apache-2.0",
    "ODC-By-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
)
# share-alike asks for exactly itself, so it cannot be combined with a condition that it does not have
_EXCLUDE_EACH_OTHER = ({"CC-BY-SA-4.0", "CC-BY-NC-4.0"}, {"CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"})
# what readers write where a source states nothing
NOT_STATED = ("unknown", "NOASSERTION", "none", "")
UNKNOWN = "unknown"
# the names that the Hugging Face hub knows them by; for others a card says `other` and the name
_ON_HUB: Mapping[str, str] = {
    "CC0-1.0": "cc0-1.0", "MIT": "mit", "BSD-3-Clause": "bsd-3-clause", "Apache-2.0": "apache-2.0", "ODC-By-1.0": "odc-by",
    "CC-BY-4.0": "cc-by-4.0", "CC-BY-SA-4.0": "cc-by-sa-4.0", "CC-BY-NC-4.0": "cc-by-nc-4.0", "CC-BY-NC-SA-4.0": "cc-by-nc-sa-4.0",
}  # fmt: skip


class ModelLicence(TypedDict):
    """The licence of a model that had a part in a release; `licence` is None where it is not known, and `terms` says what is."""

    model: str
    licence: str | None
    terms: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release may be used under. `waiver`: why it was published although a source states no licence; empty otherwise."""

    licence: str
    waiver: str = ""


def unknown(licences: Iterable[str]) -> list[str]:
    """Licences that are not known to allow the publication of derived text, in order; no-derivatives licences are among them."""
    return sorted({licence for licence in licences if licence not in FREEST_FIRST})


def terms_of(licences: Iterable[str], *, waiver: str = "") -> Terms:
    """The licence of what is made from sources under `licences`. Raises GateFailed where there is none.

    `waiver`: why a release may be made of a source that states no licence. A licence that forbids a release forbids it all the same.
    """
    given = set(licences)
    stated = given - set(NOT_STATED) if waiver else given
    if stated == given:
        return Terms(strictest(given))
    if stated:
        # of the others each has to allow a release, and all of them together
        strictest(stated)
    return Terms(UNKNOWN, waiver)


def strictest(licences: Iterable[str]) -> str:
    """The licence of what is made from sources under `licences`. Raises GateFailed where there is none."""
    given = set(licences)
    if not given:
        raise GateFailed("no source of the release states a licence", hint="write the SPDX identifier into the data set's LICENCE file")
    if unknown(given):
        raise GateFailed(
            f"a source has a licence that is not among those that allow a release: {', '.join(repr(one) for one in unknown(given))}",
            hint=f"these do: {', '.join(FREEST_FIRST)}; write the right one into the data set's LICENCE file",
        )
    for pair in _EXCLUDE_EACH_OTHER:
        if pair <= given:
            raise GateFailed(f"sources under {' and '.join(sorted(pair))} cannot be combined in one release")
    return max(given, key=FREEST_FIRST.index)


def on_hub(licence: str) -> str:
    """The name by which the Hugging Face hub knows a licence; `other` for one that it does not list."""
    return UNKNOWN if licence == UNKNOWN else _ON_HUB.get(licence, "other")


def of_models(engines: Iterable[str], local: Iterable[Mapping[str, str]]) -> list[ModelLicence]:
    """The licence of each model behind `engines`, in order; `local` are the weights that were served here, with what their file says."""
    found: dict[str, ModelLicence] = {}
    for one in local:
        terms = "as the file of weights names it" if one.get("licence") else "the file of weights names no licence"
        found[one["name"]] = {"model": one["name"], "licence": one.get("licence") or None, "terms": terms}
    for engine in engines:
        if engine == "rehearsal":
            found[engine] = {"model": engine, "licence": "Apache-2.0", "terms": "part of this software; it is no language model"}
        elif not any(engine.startswith(name) for name in found):
            terms = "those of the provider that served it, which nobody recorded here; read them before you train on its output"
            found[engine] = {"model": engine, "licence": None, "terms": terms}
    return [found[name] for name in sorted(found)]
