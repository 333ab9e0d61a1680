"""Golden files of rendered prompts are written anew only by `pytest tests/settings --update-golden`."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/settings/golden/ anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    # where the whole suite is run this file is read too late to add the option, and nothing is to be updated
    return bool(request.config.getoption("--update-golden", default=False))
