"""The command line: one module a command. Heavy imports are inside the commands, so that `--help` answers at once.

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
    dose,
    estimate,
    evaluate,
    export,
    front,
    ingest,
    label,
    nightly,
    optimize,
    probe,
    profile,
    publish,
    pull,
    show,
    simulate,
    status,
    study,
    validate,
)
from understudy.flows.cli.console import usage_error

app = typer.Typer(
    name="understudy",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulated seekers for conversational recommender systems: tuned, measured against humans, published as training sets.",
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
    """The program itself: what it is called without a command for."""


app.command("ingest")(ingest.ingest)
app.command("profile")(profile.profile)
app.command("optimize")(optimize.optimize)
app.command("simulate")(simulate.simulate)
app.command("nightly")(nightly.nightly)
app.command("status")(status.status)
app.command("devserver")(devserver.devserver)
app.command("label")(label.label)
app.command("audit")(audit.audit)
app.command("dose")(dose.dose)
app.command("compare")(compare.compare)
app.command("estimate")(estimate.estimate)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("front")(front.front)
app.command("probe")(probe.probe)
app.command("publish")(publish.publish)
app.command("pull")(pull.pull)
app.command("show")(show.show)
app.command("study")(study.study)
app.command("validate")(validate.validate)


def main() -> NoReturn:
    """The console script: usage errors end with 2, as JSON where JSON was asked for."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        usage_error(error.format_message(), as_json="--json" in sys.argv)
    except typer.Abort:
        code = 1
    raise SystemExit(code or 0)
