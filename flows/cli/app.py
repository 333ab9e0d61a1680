"""The command line: one module per command. Heavy imports are inside the commands, so that `--help` answers at once.

docs/cli.md says what each command promises.
"""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from understudy import __version__
from understudy.flows.cli import (
    audit,
    compare,
    devserver,
    dialogues,
    dose,
    estimate,
    evaluate,
    export,
    front,
    gates,
    ingest,
    label,
    models,
    nightly,
    optimize,
    probe,
    profile,
    publish,
    pull,
    react,
    releases,
    replicate,
    retract,
    show,
    simulate,
    status,
    store,
    study,
    validate,
    verify,
)
from understudy.flows.cli.console import usage_error, written_out
from understudy.flows.cli.reading import Command, Given, reading


def _run(given: Given) -> None:
    """Runs the command whose options Typer has read."""
    given()


# in the order of `understudy --help`: the way data goes, then the rest
COMMANDS: tuple[Command, ...] = (
    ingest.ingest, profile.profile, optimize.optimize, simulate.simulate, nightly.nightly, status.status, dialogues.dialogues,
    releases.releases, models.models, devserver.devserver, label.label, audit.audit, dose.dose, compare.compare, estimate.estimate,
    evaluate.evaluate, export.export, front.front, gates.gates, probe.probe, publish.publish, pull.pull, react.react,
    replicate.replicate, retract.retract,
    show.show, store.store, study.study, validate.validate, verify.verify,
)  # fmt: skip

app = typer.Typer(
    name="understudy",
    no_args_is_help=True,
    result_callback=_run,
    pretty_exceptions_enable=False,
    help="Tune simulated seekers for conversational recommender systems, measure them against humans, and publish training sets.",
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"understudy {__version__}")
        raise typer.Exit


@app.callback()
def understudy(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, expose_value=False, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options of the program itself, which need no command."""


for command in COMMANDS:
    app.command()(reading(command))


def main() -> NoReturn:
    """The console script: usage errors end with 2, as JSON where JSON was asked for."""
    try:
        with written_out():
            code = app(standalone_mode=False)
            sys.stdout.flush()
    except typer.TyperException as error:
        usage_error(error.format_message(), as_json="--json" in sys.argv)
    except typer.Abort:
        code = 1
    raise SystemExit(code or 0)
