"""How the typed values that a command takes are read from the command line.

A command takes options and groups of options. A group is a frozen dataclass whose fields are options, or groups again. Typer
makes one option of each parameter of what it calls and knows no groups, so that it is given a class with one field for each
option, in the command's order. Typer fills it, and what it filled runs the command. docs/decisions/0084 says what else was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, field, is_dataclass, make_dataclass
from inspect import Parameter, signature
from typing import Any, ClassVar, TypeVar, get_args

from understudy.errors import UnderstudyError
from understudy.flows.cli.beforehand import Means, check
from understudy.flows.cli.console import refuse

Command = Callable[..., None]
Group = TypeVar("Group")


class Given:
    """What was given on the command line. Each command has a subclass, with one field for each option; calling it runs the command."""

    command: ClassVar[Command]

    def __call__(self) -> None:
        """Raises SystemExit with what cannot be used as given, before the command is run."""
        command, given = type(self).command, vars(self)
        try:
            values = _values(command, given)
            check(meant(command), given)
        except UnderstudyError as error:
            refuse(error, as_json=bool(given.get("as_json")))
        command(**values)


def reading(command: Command) -> type[Given]:
    """The class that Typer reads the options of `command` into. Raises TypeError where an option occurs twice."""
    fields = [
        (one.name, one.annotation, field(default=MISSING if one.default is Parameter.empty else one.default)) for one in options(command)
    ]
    namespace = {"__doc__": command.__doc__, "command": staticmethod(command)}
    return make_dataclass(command.__name__, fields, bases=(Given,), namespace=namespace, frozen=True, kw_only=True)


def meant(command: Command) -> Iterator[tuple[str, Means]]:
    """The options of a command that say what they mean, in its order."""
    for one in options(command):
        yield from ((one.name, means) for means in get_args(one.annotation)[1:] if isinstance(means, Means))


def options(taking: Callable[..., object]) -> Iterator[Parameter]:
    """Every option of a command or of a group, the groups opened, in their order."""
    for one in signature(taking, eval_str=True).parameters.values():
        group = _group(one)
        if group is None:
            yield one
        else:
            yield from options(group)


def group_of(kind: type[Group], given: Mapping[str, Any]) -> Group:
    """A group of options made of what was given to its command. Raises what the group says of its values."""
    return kind(**_values(kind, given))


def _values(taking: Callable[..., object], given: Mapping[str, Any]) -> dict[str, object]:
    """What `taking` is called with: its options from `given`, and its groups made of theirs. Raises what a group says of its own."""
    made: dict[str, object] = {}
    for one in signature(taking, eval_str=True).parameters.values():
        group = _group(one)
        made[one.name] = given[one.name] if group is None else group(**_values(group, given))
    return made


def _group(parameter: Parameter) -> Callable[..., object] | None:
    """The group that a parameter is; None where it is an option."""
    annotation: Callable[..., object] = parameter.annotation
    return annotation if is_dataclass(annotation) else None
