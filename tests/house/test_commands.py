"""What holds for every command: few parameters, every promised option, one declaration of an option."""

from __future__ import annotations

from collections import defaultdict
from inspect import signature

import pytest
import typer

from understudy.flows.cli.app import COMMANDS, app
from understudy.flows.cli.reading import Command, options

MODELS = (
    "--model --seeker-model --verifier-model --recommender-model --critic-model --judge-model --fallback --api-base --concurrency --rpm "
    "--tpm --timeout-s --reply-tokens --reply-bytes --refresh --max-age-days --price --limit --usd --tokens --calls --dialogues --minutes"
)
RUN = f"--seed {MODELS} --store --json"
MECHANISMS = "--without --racing --from-shipped --critic-share --longest-chain"
SEARCH = "--algorithm --population --generations --weights --panel"
SIZES = "--finalists --report"
ELSEWHERE = "--to-dataset --to-recommender --to-surface"

# every option that is promised; more may be added, none may go
PROMISED = {
    "ingest": "--dataset --split --roles --store --events --json",
    "profile": "--dataset --at --out --store --events --json",
    "optimize": f"--dataset --setting {SEARCH} {MECHANISMS} --surface --recommender {RUN} --events",
    "compare": f"--dataset --settings --final {ELSEWHERE} {SEARCH} {SIZES} --surface --recommender --html --markdown {RUN} --events",
    "front": "--true --surface --svg --json",
    "simulate": f"--dataset --setting --genome --n --recommender --batch --surface {RUN} --events",
    "evaluate": f"--dataset --recommender --setting --genome --n --surface {RUN} --events",
    "audit": "--dataset --simulated --reader --same-setting --by-id --roles --split --html --latex --csv --seed --store --json",
    "dose": "--dataset --kind --share --out --split --seed --store --json",
    "validate": "--batch --dataset --again --store --events --json",
    "publish": f"--batch --name --dataset --without-licence --to --tstr --final --surface --releases {MODELS} --store --events --json",
    "pull": "--version --as --split --where --seeker-view --retracted --out --releases --store --json",
    "releases": "--releases --store --json",
    "retract": "--why --version --releases --store --json",
    "gates": "--dataset --store --json",
    "nightly": (
        f"--dataset --data --reader --setting --surface {SEARCH} {SIZES} {MECHANISMS} --recommender --batch --n --name "
        f"--tstr --releases {RUN} --events"
    ),
    "react": "--in --out --instrument --json",
    "models": "--folder --api-base --json",
    "status": "--store --json",
    "store": "--json",
    "label": "--dataset --out --labels --n --engine --store --seed --json",
    "probe": f"--dataset --task --n --ratings {RUN}",
    "replicate": (
        f"--dataset --ratings --settings --optimizers --tasks --users --template-calls --ethnicity --only-estimate --out {RUN} --events"
    ),
    "study": f"--dataset --settings --final {SEARCH} {SIZES} --probes --surface --recommender --out {RUN} --events",
    "show": "--genome --html --markdown --store --json",
    "export": "--as --out --store --json",
    "estimate": (
        "--dataset --setting --of --population --generations --panel --finalists --report --final --n --task --ratings --probes --tstr "
        f"--recommender {ELSEWHERE} --latency-s {RUN}"
    ),
    "devserver": "--port --faults --latency-ms --log",
}

# what differs on purpose, since the option is another thing in another command
OWN = {
    "--as", "--batch", "--dataset", "--genome", "--html", "--markdown", "--n", "--name", "--out", "--ratings", "--reader", "--recommender",
    "--releases", "--setting", "--settings", "--split", "--task", "--version", "name",
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_command_takes_at_most_eight_values(command: Command) -> None:
    assert 1 <= len(signature(command).parameters) <= 8
    assert len(list(options(command))) >= len(signature(command).parameters)


def test_every_promised_option_is_there() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(PROMISED) <= set(commands)
    for name, words in PROMISED.items():
        there = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(words.split()) <= there, name


def test_an_option_is_declared_once() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    meanings: dict[str, set[tuple[str | None, object]]] = defaultdict(set)
    for command in commands.values():
        for parameter in command.params:
            for option in parameter.opts:
                meanings[option].add((parameter.help, parameter.default))
    assert {option for option, told in meanings.items() if len(told) > 1} == OWN
