"""Groups of options: what Typer reads for a command, and what the command is called with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from understudy.flows.cli.reading import Given, options, reading

HERE = Path("here")
seen: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    many: Annotated[list[str] | None, typer.Option(help="Again and again.")] = None
    loud: Annotated[bool, typer.Option("--loud")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    size: Annotated[int, typer.Option(min=1)]
    inner: Inner
    place: Path = HERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    name: str = ""


def act(*, name: Annotated[str, typer.Argument()], outer: Outer, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Acts."""
    seen.append({"name": name, "outer": outer, "as_json": as_json})


def called(*words: str) -> dict[str, Any]:
    def run(given: Given) -> None:
        given()

    app = typer.Typer(result_callback=run)
    app.command("act")(reading(act))
    app.command("other")(reading(act))
    seen.clear()
    done = CliRunner().invoke(app, ["act", *words])
    assert done.exit_code == (0 if seen else 2), done.output
    return seen[0] if seen else {}


def test_the_options_of_groups_stand_in_the_order_of_the_command() -> None:
    assert [one.name for one in options(act)] == ["name", "size", "many", "loud", "place", "as_json"]


def test_a_command_gets_its_groups_made_of_the_options_that_were_given() -> None:
    got = called("x", "--size", "3", "--many", "a", "--many", "b", "--loud", "--place", "there", "--json")
    assert got == {"name": "x", "outer": Outer(size=3, inner=Inner(many=["a", "b"], loud=True), place=Path("there")), "as_json": True}


def test_what_was_not_given_has_the_default_of_its_declaration() -> None:
    assert called("x", "--size", "1") == {"name": "x", "outer": Outer(size=1, inner=Inner(), place=HERE), "as_json": False}


@pytest.mark.parametrize("words", [("x",), ("x", "--size", "0"), ("x", "--size", "1", "--inner", "y"), ("--size", "1")])
def test_required_options_limits_and_unknown_ones_are_typer_s_business(words: tuple[str, ...]) -> None:
    assert called(*words) == {}


def test_the_help_is_the_command_s_own() -> None:
    assert reading(act).__doc__ == "Acts."


def test_an_option_that_two_groups_have_is_refused() -> None:
    def command(*, name: str, twice: Twice) -> None:
        raise AssertionError((name, twice))

    with pytest.raises(TypeError, match="name"):
        reading(command)
