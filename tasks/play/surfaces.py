"""Response surfaces of rehearsal by their name or file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from understudy import rehearsal
from understudy.errors import BadInput


def surface_named(name: str) -> rehearsal.Surface:
    """The surface of a name, or the one in a TOML file. Raises BadInput."""
    if not name.endswith(".toml"):
        return rehearsal.surface(name)
    try:
        read = rehearsal.Surface.from_toml(Path(name).read_text("utf-8"))
    except OSError as error:
        raise BadInput(
            f"the surface {name} cannot be read: {error.strerror}", hint="give a seed, `null`, `adverse`, `nonconvex-SEED` or a TOML file"
        ) from error
    # the name stands in the model's name and so in every key: two files may bear the same one
    return replace(read, name=f"{read.name}-{read.digest[:8]}")
