"""What a run has open: the store, the humans of its data set, and its models.

It is passed to whatever needs it. In the process of a worker it is opened again (tasks/play/elsewhere.py).
"""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, SupportsIndex, TypeVar

from understudy import plugins, rehearsal
from understudy.completion import ROLES, ModelRole
from understudy.doors.gateway import ages, contexts, lengths
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.llm import Gateway
from understudy.doors.gateway.replay import Replay
from understudy.doors.http import Http
from understudy.doors.local.naming import is_keyed
from understudy.doors.local.servers import local_models
from understudy.doors.machine import this_machine
from understudy.doors.reading_copy import renewing, writable
from understudy.doors.stopping import ended_by
from understudy.doors.store import Store
from understudy.doors.telemetry import metered_by_collector
from understudy.doors.workers.coordinator import Ticket
from understudy.errors import UnderstudyError
from understudy.measure.reference import MIN_CONTEXTS
from understudy.names import shown_model
from understudy.parameters import Caps, Models, RunOptions
from understudy.play.panels import Panel
from understudy.play.second_models import ReplyRecord
from understudy.recommenders import Recommender, Services, chosen
from understudy.rows.handle import Humans
from understudy.tasks.play.recorded import asked_models, missing_of, taken_in
from understudy.tasks.play.surfaces import surface_named
from understudy.tasks.play.work import Work
from understudy.tasks.play.workers import RunFacts, Workers, workers_open
from understudy.tasks.publish.outcomes import end_unfinished

EMBEDDED = "rehearsal"
Value = TypeVar("Value")
# how long calls in flight are waited for when the process is asked to stop: they are paid for
STOP_S = 3.0
# the evaluations of a generation's parents, which several places of the next one look at
N_RECENT = 32


@dataclass(frozen=True, slots=True)
class Cast:
    """The full names of the models that play the roles, as they stand in keys."""

    seeker: str
    verifier: str
    recommender: str
    critic: str
    judge: str


class OpenRun:
    """An open run: where its rows are, whom it is measured against, who plays, and the options that it was opened with.

    A plain class without a dictionary of attributes: Prefect neither walks through it nor stores it when it is a parameter.
    """

    __slots__ = (
        "_built", "_lock", "_named", "_recent", "cast", "checks", "gateway", "http", "humans", "judgements", "marks", "options", "store",
        "workers",
    )  # fmt: skip

    def __init__(
        self, store: Store, humans: Humans, options: RunOptions, *, gateway: Exchange, http: Http, cast: Cast,
        workers: Workers | None = None,
    ) -> None:  # fmt: skip
        self.store, self.humans, self.options = store, humans, options
        self.gateway, self.http, self.cast, self.workers = gateway, http, cast, workers
        # places of the marks by which calls are billed to a piece of work
        self.marks = count()
        # what the verifier and the judge answered so far: who only fails is not asked any more
        self.checks, self.judgements = ReplyRecord(), ReplyRecord()
        self._named: dict[str, str] = {}
        self._built: dict[str, Recommender] = {}
        self._recent: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def __deepcopy__(self, _: object) -> NoReturn:
        # Prefect copies a parameter that it wants to show: a handle that says no at once is left out
        raise TypeError("an open run is not copied")

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[Ticket], tuple[str, int, str, int]]:
        # a worker gets what it opens the run with (tasks/play/elsewhere.py)
        if self.workers is None:
            raise TypeError("an open run without workers is not sent elsewhere: it is opened again from its options")
        ticket = self.workers.coordinator.ticket(self.options.seed)
        return Ticket, (ticket.host, ticket.port, ticket.key, ticket.seed)

    @property
    def dataset(self) -> str:
        """The data set whose humans are simulated."""
        return self.humans.dataset

    def shown_model(self, role: ModelRole) -> str:
        """The model of a role for tables: as it was asked for, and local weights by name, quantization and digest."""
        written, full = self.options.models.of(role), self.cast_of(role)
        return shown_model(lengths.bare(full)) if is_keyed(full) else written

    def cast_of(self, role: ModelRole) -> str:
        """The full name of the model that plays a role, as it stands in keys."""
        name: str = getattr(self.cast, role)
        return name

    @property
    def verifier(self) -> str:
        """The model that takes a second look at replies; empty where it is the seeker's own."""
        return "" if self.cast.verifier == self.cast.seeker else self.cast.verifier

    @property
    def recommender(self) -> str:
        """The name under which the dialogues of the run's recommender are kept. Raises BadInput."""
        return self.recommender_named(self.options.recommender)

    def recommender_named(self, written: str) -> str:
        """The name under which the dialogues of a recommender are kept; its file is read once. Raises BadInput."""
        if written not in self._named:
            choice = chosen(written, model=self.cast.recommender, max_turns=self.options.max_turns)
            self._named[written] = choice.name
        return self._named[written]

    def recommender_of(self, name: str) -> Recommender:
        """The CRS of that name over the catalogue; built once."""
        with self._lock:
            if name not in self._built:
                choice = chosen(name, model=self.cast.recommender)
                services = Services(self.gateway.complete, self.cast.recommender, self.http, choice.options)
                module = plugins.load("recommenders", choice.module)
                self._built[name] = module.build(self.humans.items, self.humans.popularity, services)
            return self._built[name]

    def seeded(self, seed: int) -> OpenRun:
        """The same run with another seed: its store, its models and what they were seen to do are shared."""
        options = self.options.model_copy(update={"seed": seed})
        other = OpenRun(
            self.store, self.humans, options, gateway=self.gateway, http=self.http, cast=self.cast, workers=self.workers
        )
        other.marks, other.checks, other.judgements = self.marks, self.checks, self.judgements
        return other

    def recent(self, name: Hashable, load: Callable[[], Value]) -> Value:
        """What `load` makes, kept as long as the run under a name of which the N_RECENT that were asked for last are kept."""
        with self._lock:
            if name in self._recent:
                self._recent.move_to_end(name)
                kept: Value = self._recent[name]
                return kept
        # others need not wait meanwhile; two that ask at once make the same
        made = load()
        with self._lock:
            self._recent[name] = made
            if len(self._recent) > N_RECENT:
                self._recent.popitem(last=False)
        return made

    def work(
        self, genome_digest: str, panel: Panel, *, split: str, free_split: str | None = None, recommender: str | None = None,
        intervals: bool = True, min_contexts: int = MIN_CONTEXTS,
    ) -> Work:  # fmt: skip
        """The evaluation of a prompt on a panel, by the models of this run. `recommender` is a name as it is kept."""
        return Work(
            profile_key=self.humans.profile_key, dataset=self.dataset, split=split, free_split=free_split or split,
            genome_digest=genome_digest, panel=panel, model=self.cast.seeker, recommender=recommender or self.recommender,
            seed=self.options.seed, intervals=intervals, min_contexts=min_contexts, verifier=self.verifier,
        )  # fmt: skip


@contextmanager
def store_open(store: Path | Store) -> Iterator[Store]:
    """The store that is open, or the one at a path, held until the block ends."""
    if isinstance(store, Store):
        yield store
    else:
        with writable(store) as opened, renewing(opened), metered_by_collector():
            end_unfinished(opened)
            yield opened


@contextmanager
def models_open(
    dataset: str, options: RunOptions, store: Store, *, humans: Humans | None = None, run_id: str | None = None
) -> Iterator[OpenRun]:
    """A run over an open store. `humans` that are loaded already are not loaded again where they are those of the same profile.

    Its calls are those of the run `run_id`, or of a new one.
    """
    own = Humans.of(store, dataset)
    if humans is not None and humans.profile_key == own.profile_key:
        own = humans
    fitted, drawn = _fitted(store, dataset), surface_named(options.surface)
    embedded = rehearsal.model_name(drawn, fitted)
    with local_models(options.models) as (models, local):
        cast, config = _cast(store, models, embedded), _config(models, options.caps, embedded)
        run = run_id or uuid.uuid4().hex
        known, surfaces = {fitted.digest[:12]: fitted}, {drawn.name: drawn}
        if options.models.recording is None:
            gateway: Exchange = Gateway(config, store_path=store.address, fitted=known, surfaces=surfaces, run_id=run, local=local)
            _keep_machine(store, cast, run)
        else:
            gateway = _replay(config, store, dataset, options.models.recording, run)
        facts = RunFacts(dataset, own.profile_key, options, run, asdict(cast), config, known, surfaces)
        with _calling(gateway, options.models.breaker_after) as http, workers_open(store, gateway, facts) as workers:
            yield OpenRun(store, own, options, gateway=gateway, http=http, cast=cast, workers=workers)


def _replay(config: GatewayConfig, store: Store, dataset: str, folder: Path, run_id: str) -> Replay:
    """The calls of a run that a recording answers, once its ledger is in the store. Raises BadInput."""
    recording = taken_in(store, dataset, folder)
    models, missing = asked_models(recording.about["models"]), missing_of(store)
    return Replay(config, models=models, missing=missing, is_draft=recording.is_draft, store_path=store.address, run_id=run_id)


def _keep_machine(store: Store, cast: Cast, run_id: str) -> None:
    """Keeps on which machine a run asks language models; rehearsal is none."""
    if any(not getattr(cast, role).startswith(f"{EMBEDDED}/") for role in ROLES):
        store.add("play.machines", [{"run_id": run_id, **asdict(this_machine())}])


@contextmanager
def _calling(gateway: Exchange, breaker_after: int) -> Iterator[Http]:
    """The running recommenders beside the models of an open gateway; both are closed at the end of the block."""
    with gateway, ended_by(partial(gateway.close, drain_s=STOP_S)):
        http = Http(breaker_after=breaker_after)
        try:
            yield http
        finally:
            gateway.run(http.close())


@contextmanager
def joined(dataset: str, options: RunOptions | OpenRun) -> Iterator[OpenRun]:
    """The run that is open, whose gateway, caps and ages then hold for the whole night; from options a run of its own.

    Raises UnderstudyError where the open run is one of another data set.
    """
    if isinstance(options, RunOptions):
        with store_open(options.store) as store, models_open(dataset, options, store) as opened:
            yield opened
    elif options.dataset == dataset:
        yield options
    else:
        raise UnderstudyError(f"the run that is open is one of {options.dataset!r}, not of {dataset!r}")


def _config(models: Models, caps: Caps, embedded: str) -> GatewayConfig:
    fallbacks = {
        role: tuple(embedded if name == EMBEDDED else contexts.named(name, models.num_ctx) for name in models.fallbacks.get(role, ()))
        for role in ROLES
    }
    return GatewayConfig.of(models.model_copy(update={"fallbacks": fallbacks}), caps)


def _cast(store: Store, models: Models, embedded: str) -> Cast:
    """The embedded model is named with what it was fitted on, a hosted one with its context, the limit on its replies and its age."""
    began = {row["model"]: row["first_made_at"] for row in store.rows("play/model_ages")}
    dials: dict[str, Any] = {"refresh": models.refresh, "max_age_days": models.max_age_days, "now": datetime.now(UTC).replace(tzinfo=None)}
    asked = {role: models.of(role) for role in ROLES}
    hosted = {role: lengths.named(contexts.named(name, models.num_ctx), models.reply_tokens.get(role)) for role, name in asked.items()}
    return Cast(**{
        role: rehearsal.full_name(name, embedded) or ages.current(hosted[role], began, **dials) for role, name in asked.items()
    })  # fmt: skip


def _fitted(store: Store, dataset: str) -> rehearsal.Fitted:
    found = store.rows("profile/instrument", dataset=dataset, name=EMBEDDED)
    return rehearsal.Fitted.from_json(json.loads(found[0]["parameters"]))
