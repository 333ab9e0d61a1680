"""The Python API: what `import understudy` offers, and what the command line calls for the commands of the same names.

`ingest_logs` and `profile_logs` are those of `ingest` and `profile`, whose names are those of packages. Each call answers what
`understudy COMMAND --json` prints, as a typed mapping, and raises the errors of `understudy.errors`, whose `exit_code` is that of the
command. A call that runs a flow uses the Prefect server that is configured, or one of its own which ends with the call. `store` is the
DuckDB file; `options` say who plays and what may be spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from understudy.addresses import place_of
from understudy.doors.limits import ReadingLimits, reading_within
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from understudy.flows.nightly import NightlyFields
    from understudy.flows.stages import OptimizeFields
    from understudy.readers import Options
    from understudy.release.pulling import PullFields
    from understudy.release.verifying import VerifyFields
    from understudy.tasks.ingest.logs import IngestFields
    from understudy.tasks.profile.results import ProfileFields
    from understudy.tasks.publish.batch import ReleaseFields
    from understudy.tasks.publish.listing import ReleasesFields
    from understudy.tasks.publish.retracting import RetractFields
    from understudy.tasks.simulate.results import SimulateFields
    from understudy.tasks.studies.results.audits import AuditAnswer
    from understudy.tasks.studies.results.judged import EvaluateFields
    from understudy.tasks.validate.batch import ValidateFields

PathLike = Path | str
Where = Mapping[str, str | int | Sequence[str | int]]
RUN, SEARCH, LIMITS = RunOptions(), Search(), ReadingLimits()
STORE = RUN.store


def ingest_logs(
    reader: str, paths: Sequence[PathLike] | PathLike, *, dataset: str | None = None, split: str | None = None,
    layout: Options | None = None, limits: ReadingLimits = LIMITS, store: Path = STORE,
) -> IngestFields:  # fmt: skip
    """What was read of human logs into the store. Raises BadInput for files that the reader cannot use."""
    from understudy.flows import stages
    from understudy.flows.cli import running

    named = [str(one) for one in ([paths] if isinstance(paths, Path | str) else paths)]
    return running.run(
        stages.ingest, reader, named, dataset=dataset or reader, split=split, options=layout or stages.AS_KNOWN, limits=limits,
        store=store,
    )  # fmt: skip


def profile_logs(dataset: str, *, at: PanelSize | None = None, out: PathLike | None = None, store: Path = STORE) -> ProfileFields:
    """Splits, contexts, human figures and instruments of a data set."""
    from understudy.flows import stages
    from understudy.flows.cli import running

    return running.run(stages.profile, dataset, at=at, out=_text(out), store=store)


def optimize(dataset: str, *, setting: str = "zero_shot", search: Search = SEARCH, options: RunOptions = RUN) -> OptimizeFields:
    """The prompts that a search found, and its pick."""
    from understudy.flows import stages
    from understudy.flows.cli import running

    return running.run(stages.optimize, dataset, setting=setting, search=search, options=options)


def simulate(
    dataset: str, *, setting: str | None = None, genome: PathLike | None = None, n: int = 800, batch: str | None = None,
    with_report: bool = True, options: RunOptions = RUN,
) -> SimulateFields:  # fmt: skip
    """What was played for a batch of dialogues with one prompt: a `setting`, or the file of a `genome`."""
    from understudy.flows import stages
    from understudy.flows.cli import running

    return running.run(
        stages.simulate, dataset, setting=setting, genome_file=_text(genome), n=n, batch=batch, with_report=with_report, options=options
    )


def evaluate(
    dataset: str, recommenders: Sequence[str], *, setting: str | None = None, genome: PathLike | None = None, n: int = 200,
    options: RunOptions = RUN,
) -> EvaluateFields:  # fmt: skip
    """How simulated seekers judge recommenders."""
    from understudy.flows import stages
    from understudy.flows.cli import running

    return running.run(stages.evaluate, dataset, list(recommenders), setting=setting, genome_file=_text(genome), n=n, options=options)


def validate(
    batch: str, *, dataset: str | None = None, again: bool = False, store: Path = STORE, options: RunOptions | None = None
) -> ValidateFields:
    """The verdicts of the gates on a batch. Raises GateFailed, which carries them, when one says no."""
    from understudy.flows import stages
    from understudy.flows.cli import running

    return running.run(stages.validate, batch, dataset=dataset, again=again, store=store, options=options)


def publish(
    batch: str, name: str, *, dataset: str | None = None, releases: PathLike | None = None, without_licence: str = "",
    to: str | None = None, tstr: bool = False, final: bool = False, store: Path = STORE, options: RunOptions | None = None,
) -> ReleaseFields:  # fmt: skip
    """The release of a batch that passed its gates, also on a hub: `to="hf:OWNER/NAME"`.

    `without_licence`: why a source need not state a licence. `tstr`: measure what models learn from it, for which the models of `options`
    play the seed prompt; `final`: on the humans of `test`.
    """
    from understudy.flows import stages
    from understudy.flows.cli import running

    return running.run(
        stages.publish, batch, name=name, dataset=dataset, releases=_text(releases), waiver=without_licence, to=to, tstr=tstr,
        final=final, store=store, options=options,
    )  # fmt: skip


def nightly(
    dataset: str, data: PathLike, *, reader: str | None = None, layout: Options | None = None, setting: str = "zero_shot",
    batch: str | None = None, n: int = 800, name: str | None = None, releases: PathLike | None = None, anyway: bool = False,
    tstr: bool = False, search: Search = SEARCH, report: PanelSize = REPORT_PANEL, limits: ReadingLimits = LIMITS,
    options: RunOptions = RUN,
) -> NightlyFields:  # fmt: skip
    """One night, from human logs to a release. Raises GateFailed when a gate says no."""
    from understudy.flows.cli import running
    from understudy.tasks.simulate.doomed import require_enough

    # said before Prefect is imported and its server started
    require_enough(n, report, anyway=anyway)
    from understudy.flows import stages
    from understudy.flows.nightly import nightly as night

    return running.run(
        night, dataset, str(data), reader=reader, layout=layout or stages.AS_KNOWN, setting=setting, batch=batch, n=n, name=name,
        releases=_text(releases), anyway=anyway, tstr=tstr, search=search, report=report, limits=limits, options=options,
    )  # fmt: skip


def audit(
    simulated: Sequence[PathLike] | PathLike, *, dataset: str, reader: str | Sequence[str] = "messages", split: str | None = None,
    same_setting: bool = False, by_id: bool = False, drop_turns: Sequence[str] = (), layout: Options | None = None,
    limits: ReadingLimits = LIMITS, seed: int = RUN.seed, html: PathLike | None = None, latex: PathLike | None = None,
    csv: PathLike | None = None, store: Path = STORE,
) -> AuditAnswer:  # fmt: skip
    """How far simulated dialogues of any source are from the humans of a data set; no model is called."""
    from understudy.studies.audit.sources import audited_files
    from understudy.tasks.studies.audit import AS_KNOWN, AuditOptions, AuditOutputs, audit_files

    named = [str(one) for one in ([simulated] if isinstance(simulated, Path | str) else simulated)]
    options = AuditOptions(
        layout=layout or AS_KNOWN, drop=tuple(drop_turns), same_setting=same_setting, by_id=by_id, split=split, seed=seed
    )
    outputs = AuditOutputs(html=_text(html), latex=_text(latex), csv=_text(csv))
    with reading_within(limits):
        files = audited_files(named, [reader] if isinstance(reader, str) else list(reader))
        return audit_files(str(store), dataset, files=files, options=options, outputs=outputs)


@overload
def pull(
    name: str | None = None, *, to: Literal["polars"] = "polars", form: str = "messages", version: int | None = None,
    split: str | None = None, where: Where | None = None, seeker_view: bool = False, retracted: bool = False,
    releases: PathLike = "releases",
) -> pl.DataFrame: ...  # fmt: skip
@overload
def pull(
    name: str | None = None, *, to: Literal["arrow"], form: str = "messages", version: int | None = None, split: str | None = None,
    where: Where | None = None, seeker_view: bool = False, retracted: bool = False, releases: PathLike = "releases",
) -> pa.Table: ...  # fmt: skip
@overload
def pull(
    name: str | None = None, *, to: Literal["datasets"], form: str = "messages", version: int | None = None, split: str | None = None,
    where: Where | None = None, seeker_view: bool = False, retracted: bool = False, releases: PathLike = "releases",
) -> Any: ...  # fmt: skip
@overload
def pull(
    name: str | None = None, *, to: Path | None, form: str = "messages", version: int | None = None, split: str | None = None,
    where: Where | None = None, seeker_view: bool = False, retracted: bool = False, releases: PathLike = "releases",
) -> PullFields: ...  # fmt: skip
def pull(
    name: str | None = None, *, to: Literal["polars", "arrow", "datasets"] | Path | None = "polars", form: str = "messages",
    version: int | None = None, split: str | None = None, where: Where | None = None, seeker_view: bool = False,
    retracted: bool = False, releases: PathLike = "releases",
) -> Any:  # fmt: skip
    """The examples of a release: a polars frame, an Arrow table, a `datasets.Dataset` (extra `datasets`), or a file at a path.

    Without a path (None) the file has the name of the release and the form, in the current folder.

    `where`: field of a dialogue → its value, or the values that it may have. Only published files are read. Raises BadInput.
    """
    from understudy.doors.frames import as_dataset
    from understudy.doors.objects import mirrored
    from understudy.exports import ExportOptions
    from understudy.release import pulling
    from understudy.release.selection import Wanted, fields_of

    pairs = [f"{field}={value}" for field, values in (where or {}).items() for value in _each(values)]
    wanted = Wanted(form, split, fields_of(pairs), ExportOptions(seeker_view))
    with mirrored(releases, name, version, chosen=True, retracted=retracted) as folder:
        chosen = pulling.pull(folder, name, version=version, wanted=wanted, retracted=retracted)
        if to is None or isinstance(to, Path):
            return chosen.write(to)
        frame = chosen.frame()
    return frame if to == "polars" else frame.to_arrow() if to == "arrow" else as_dataset(frame)


def verify(
    name: str | None = None, *, version: int | None = None, digest: str | None = None, releases: PathLike = "releases"
) -> VerifyFields:
    """Whether releases are what was published. Raises GateFailed, which carries what differs."""
    from understudy.doors.objects import mirrored
    from understudy.release.verifying import verified_releases

    with mirrored(releases, name, version, chosen=False) as folder:
        return verified_releases(folder, name, version=version, expected=digest)


def releases(folder: PathLike = "releases") -> ReleasesFields:
    """The releases of a folder, or of an address of an object store, from its catalogue."""
    from understudy.tasks.publish.listing import listed_releases

    return listed_releases(folder)


def retract(name: str, *, why: str, version: int | None = None, releases: PathLike | None = None, store: Path = STORE) -> RetractFields:
    """The versions of a release that are now marked as retracted; nothing is deleted."""
    from understudy.tasks.play.opened import store_open
    from understudy.tasks.publish.retracting import retract_release

    with store_open(store) as opened:
        folder = Path(releases) if releases is not None else place_of(store).parent / "releases"
        return retract_release(opened, name, why=why, version=version, releases_dir=folder)


def _each(values: str | int | Sequence[str | int]) -> Sequence[str | int]:
    return [values] if isinstance(values, str | int) else values


def _text(path: PathLike | None) -> str | None:
    """The path as flows take it."""
    return None if path is None else str(path)
