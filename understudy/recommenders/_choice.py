"""Which recommender is meant: from what the user writes to the name under which its dialogues are kept.

The name says all that shapes a reply (module, version, options), so a changed CRS or a changed version is another recommender,
and what is needed to build it again stands in the row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy import plugins
from understudy.errors import BadInput
from understudy.keys import canonical_json

_NAME = re.compile(r"(?P<module>[a-z_]+)@(?P<version>\d+)(?P<options>\{.*\})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """A recommender that was chosen."""

    module: str
    version: int
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How it stands in keys and rows: `retrieval@2`, or with its options as JSON behind."""
        return f"{self.module}@{self.version}" + (canonical_json(dict(self.options)) if self.options else "")


def chosen(written: str, *, model: str) -> Choice:
    """The recommender that `written` means: NAME, NAME:ARGUMENT or a name as it stands in rows. `model`: of the role recommender.

    Raises BadInput for an unknown one, an argument that it does not take, or rows of another version.
    """
    kept = _NAME.fullmatch(written)
    if kept:
        return _kept(kept)
    name, colon, argument = written.partition(":")
    module = plugins.load("recommenders", name)
    if not hasattr(module, "options"):
        if colon:
            raise BadInput(f"the recommender {name!r} takes no argument after its name, but {argument!r} was given")
        return Choice(name, module.VERSION)
    return Choice(name, module.VERSION, module.options(argument, model=model))


def _kept(found: re.Match[str]) -> Choice:
    module = plugins.load("recommenders", found["module"])
    if int(found["version"]) != module.VERSION:
        raise BadInput(
            f"version {found['version']} of the recommender {found['module']} was requested, but this code has version {module.VERSION}",
            hint=f"write {found['module']} without a version to use this one",
        )
    return Choice(found["module"], module.VERSION, json.loads(found["options"] or "{}"))
