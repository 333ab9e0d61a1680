"""The wheel, and an environment that it is installed into."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.package.environments import ROOT, Environment, fresh_environment, install, pip


@pytest.fixture(scope="session")
def wheel(shared_folder: Path, alone: Callable[[str], AbstractContextManager[None]]) -> Path:
    """The wheel, built from the checkout by the locked hatchling; the test processes of a run share it."""
    folder = shared_folder / "wheel"
    with alone("wheel"):
        if not folder.exists():
            pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel, and with packages `tasks` and `flows` of somebody else's."""
    environment = fresh_environment(tmp_path_factory.mktemp("installed"))
    for name in ("tasks", "flows"):
        (environment.site / name).mkdir()
        (environment.site / name / "__init__.py").write_text("OWNER = 'foreign'\n", encoding="utf-8")
    install(environment, str(wheel))
    return environment
