"""Licences: which ones allow the publication of derived dialogues, and which of several is the strictest."""

from __future__ import annotations

from collections.abc import Iterable

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


def unknown(licences: Iterable[str]) -> list[str]:
    """Licences that are not known to allow the publication of derived text, in order; no-derivatives licences are among them."""
    return sorted({licence for licence in licences if licence not in FREEST_FIRST})


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
