"""The groups of options that several commands take: of a run, of a search, of a comparison, of a prompt, of the output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.doors.limits import MB, ReadingLimits
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import Misused
from understudy.flows.cli.model_arguments import CapArguments, ModelArguments
from understudy.flows.cli.options import (
    RUN,
    SEARCH,
    STORE,
    Algorithm,
    AsJson,
    EventsFile,
    FieldsFile,
    Final,
    Finalists,
    Generations,
    Panel,
    Population,
    RecommenderName,
    Report,
    Roles,
    Runner,
    Seed,
    StoreFile,
    Surface,
    Verbose,
    Weights,
    pairs_of,
)
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search, checked

if TYPE_CHECKING:
    from understudy.readers import Options

_LIMITS = ReadingLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArguments:
    """The options of every command that calls models: seed, cap on turns, models, caps and store."""

    seed: Seed = RUN.seed
    max_turns: Annotated[
        int | None, typer.Option(min=2, max=200, help="Maximum number of turns of a free run, of seeker and recommender. Default: 20.")
    ] = RUN.max_turns
    models: ModelArguments
    caps: CapArguments
    store: StoreFile = STORE
    runner: Runner = RUN.runner

    def __post_init__(self) -> None:
        """Raises BadInput for values that cannot be used, before anything is started."""
        self.options()

    def options(self, *, surface: str = RUN.surface, recommender: str = RUN.recommender) -> RunOptions:
        """The options of the flows. Raises BadInput."""
        models, caps = self.models.models(), self.caps.caps()
        return checked(RunOptions, {
            "store": self.store, "surface": surface, "recommender": recommender, "max_turns": self.max_turns, "seed": self.seed,
            "models": models, "caps": caps, "runner": self.runner,
        })  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputArguments:
    """The options for events and output of a command."""

    events: EventsFile = None
    verbose: Verbose = False
    as_json: AsJson = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitArguments:
    """How much of a file of logs is read at most."""

    max_line: Annotated[int, typer.Option(min=1, help="Longest line, or dialogue of several lines, in MB. What is longer is rejected.")] = (
        _LIMITS.line // MB
    )
    max_document: Annotated[int, typer.Option(min=1, help="Largest file that is one JSON value, in MB. It is held in memory.")] = (
        _LIMITS.document // MB
    )
    max_ratio: Annotated[
        int, typer.Option(min=1, help="How many times its size a packed file may unpack to. `--max-document` is always allowed.")
    ] = _LIMITS.ratio

    def limits(self) -> ReadingLimits:
        """The bounds of reading."""
        return ReadingLimits(line=self.max_line * MB, document=self.max_document * MB, ratio=self.max_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutArguments:
    """What files of dialogues do not say themselves."""

    roles: Roles = None
    fields: FieldsFile = None

    def __post_init__(self) -> None:
        """Raises BadInput for values that cannot be used, before anything is started."""
        self.options()

    def options(self) -> Options:
        """The options of the reader. Raises BadInput for roles or a map of fields that cannot be used."""
        from understudy.readers import Options

        return Options.given(pairs_of(self.roles, "--roles"), fields=self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchArguments:
    """The options of a search over prompts."""

    algorithm: Algorithm = SEARCH.algorithm
    population: Population = SEARCH.population
    generations: Generations = SEARCH.generations
    weights: Weights = None
    panel: Panel = None
    auto: Annotated[
        bool,
        typer.Option("--auto", help="Choose the size of the search so that it ends within --minutes, --usd or --calls, and print it."),
    ] = False

    def __post_init__(self) -> None:
        """Raises BadInput for values that cannot be used, Misused where a size is given beside --auto, before anything is started."""
        self.search()
        given = (self.population, self.generations, self.panel) != (SEARCH.population, SEARCH.generations, None)
        if self.auto and given:
            raise Misused("--auto chooses --population, --generations and --panel itself", hint="leave them out, or leave out --auto")

    def search(self, *, finalists: str | None = None, mechanisms: MechanismArguments | None = None) -> Search:
        """How the options say that the prompt is searched for. Raises BadInput."""
        weights = pairs_of(self.weights, "--weights")
        panel = SEARCH.panel if self.panel is None else PanelSize.parsed(self.panel)
        front_panel = SEARCH.front_panel if finalists is None else PanelSize.parsed(finalists)
        asked = MechanismArguments() if mechanisms is None else mechanisms
        left_out = () if asked.without is None else tuple(name.strip() for name in asked.without.split(","))
        return checked(Search, {
            "algorithm": self.algorithm, "population": self.population, "generations": self.generations, "weights": weights,
            "panel": panel, "front_panel": front_panel, "without": left_out, "racing": asked.racing,
            "from_shipped": asked.from_shipped, "critic_share": asked.critic_share, "longest_chain": asked.longest_chain,
        })  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismArguments:
    """Which mechanisms the search has."""

    without: Annotated[
        str | None,
        typer.Option(help="Mechanisms of the search to switch off, separated by commas: `critic,adaptation`. docs/search.md lists them."),
    ] = None
    racing: Annotated[
        bool, typer.Option("--racing", help="Drop candidates that are dominated with 95 % confidence after half of the panel.")
    ] = False
    from_shipped: Annotated[
        bool, typer.Option("--from-shipped", help="Play the shipped prompts in the first generation beside the seed.")
    ] = False
    critic_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the children that are drawn as the critic's.")
    ] = SEARCH.critic_share
    longest_chain: Annotated[
        int, typer.Option(min=1, max=12, help="Steps in which the critic rewrites one child at most.")
    ] = SEARCH.longest_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class TableArguments:
    """How the prompts of a table are searched for, and on how much the two sides of each are measured."""

    searching: SearchArguments
    finalists: Finalists = None
    report: Report = None

    def __post_init__(self) -> None:
        """Raises BadInput for values that cannot be used, Misused for finalists beside --auto, before anything is started."""
        self.search()
        self.size()
        if self.searching.auto and self.finalists is not None:
            raise Misused("--auto chooses --finalists itself", hint="leave it out, or leave out --auto")

    def search(self) -> Search:
        """How each prompt is searched for. Raises BadInput."""
        return self.searching.search(finalists=self.finalists)

    def size(self) -> PanelSize:
        """What both sides play. Raises BadInput."""
        return report_size(self.report)


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSearchArguments:
    """How the prompt of a night is searched for, and on how much its two sides are measured."""

    table: TableArguments
    mechanisms: MechanismArguments

    def search(self) -> Search:
        """How the prompt is searched for. Raises BadInput."""
        table, mechanisms = self.table, self.mechanisms
        return table.searching.search(finalists=table.finalists, mechanisms=mechanisms)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsArguments:
    """Which settings a table has, and on which split."""

    settings: Annotated[
        str,
        typer.Option(help="Prompt settings, separated by commas: shipped names or TOML files. `all` takes every shipped one."),
        Means.SETTINGS,
    ] = "all"
    final: Final = False
    best_shipped: Annotated[
        bool,
        typer.Option(
            "--best-shipped/--no-best-shipped", help="Also spend the dialogues of a search on playing all shipped prompts as they are."
        ),
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceArguments:
    """Where dialogues are played: on which surface of rehearsal's, and with which recommender."""

    surface: Surface = RUN.surface
    recommender: RecommenderName = RUN.recommender


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptArguments:
    """The one prompt that is played: a setting's, or a genome's."""

    setting: Annotated[str | None, typer.Option(help="Prompt setting to play: a shipped name or a TOML file."), Means.SETTING] = None
    genome: Annotated[Path | None, typer.Option(help="Genome file to play, for example the pick that `optimize` reports."), Means.INPUT] = (
        None
    )

    def __post_init__(self) -> None:
        """Raises Misused where neither is given, or both."""
        if (self.setting is None) == (self.genome is None):
            raise Misused("exactly one of --setting and --genome is expected", hint="see `understudy --help`")


def report_size(text: str | None) -> PanelSize:
    """The size that `--report` says, or the usual one. Raises BadInput."""
    return REPORT_PANEL if text is None else PanelSize.parsed(text)
