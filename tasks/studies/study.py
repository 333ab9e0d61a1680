"""A study: one model, the whole experiment, stage by stage. A stage that is done is a row, so a study goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from understudy import objectives
from understudy.doors import folders
from understudy.doors.events import emit
from understudy.doors.local.weights import named_in_keys
from understudy.doors.reading_copy import readable
from understudy.doors.store import Store
from understudy.errors import MORE_ROOM, BudgetExhausted
from understudy.keys import canonical_json, key
from understudy.parameters import Caps, PanelSize, RunOptions, Search
from understudy.prompt.setting import load_setting
from understudy.report.digits import rounded
from understudy.report.document import as_html, as_markdown
from understudy.rows import humans
from understudy.studies.compare import first_table, page, side_by_side
from understudy.tasks.optimize.finals import genomes_beside
from understudy.tasks.play.metering import Spent, spent_on
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.estimate import estimated
from understudy.tasks.studies.results.estimates import EstimatedFields
from understudy.tasks.studies.results.tables import CompareFields, StudyFields
from understudy.tasks.studies.side_by_side import pairs_of

VERSION = 1
Fields = dict[str, Any]
N_PROBED = 200


Answered = TypeVar("Answered", bound=Mapping[str, object])


@dataclass(frozen=True, slots=True)
class Study:
    """A study that is open: its key stands for everything that was asked for but what may be spent."""

    store: Store
    study_key: str

    def answered(self, stage: str) -> Any:
        """What the work of a stage returned; None where it is not done."""
        found = self.store.rows("optimize/study_stage", study_key=self.study_key, stage=stage)
        return _with_files(json.loads(found[0]["fields"]), beside=genomes_beside(self.store.path)) if found else None

    def once(self, stage: str, work: Callable[[], Answered]) -> Answered:
        """What a stage answers: from its row, or from `work`, which is then kept."""
        known: Answered | None = self.answered(stage)
        if known is not None:
            return known
        fields = work()
        # where the store lies is no part of what is stored: of a file only its name is kept
        kept = canonical_json(_with_files(fields, beside=Path()))
        with self.store.transaction():
            self.store.add("optimize.study_stages", [{"study_key": self.study_key, "stage": stage, "fields": kept}])
        emit("study", "study_stage_done", stage)
        return fields

    def stages(self) -> dict[str, Fields]:
        """Stage → what its work returned, of every stage that is done, in order of name."""
        rows = self.store.rows("optimize/study_stages", study_key=self.study_key)
        return {row["stage"]: json.loads(row["fields"]) for row in rows}

    def n_stages(self) -> int:
        """How many stages are done."""
        return int(self.store.rows("optimize/n_study_stages", study_key=self.study_key)[0]["n"])

    def spent(self) -> Spent:
        """What it has cost so far, over every process that worked on it."""
        return spent_on(self.store, owner=self.study_key)


def _with_files(fields: Mapping[str, Any], *, beside: Path) -> Fields:
    """What a stage answers, with the genome files of its picks in the folder `beside`: of a search, or of the settings of a table."""
    found = dict(fields)
    if "pick" in found:
        found["pick"] = {**found["pick"], "file": str(beside / Path(found["pick"]["file"]).name)}
    if "settings" in found:
        found["settings"] = [_with_file(one, beside) for one in found["settings"]]
    return found


def _with_file(setting: Any, beside: Path) -> Any:
    """A setting of a table with its genome file in the folder; of the best shipped prompt the settings are names alone."""
    if not isinstance(setting, Mapping):
        return setting
    return {**setting, "pick_file": str(beside / Path(setting["pick_file"]).name)}


def open_study(
    store: Store, dataset: str, options: RunOptions, *, settings: Sequence[str], search: Search, report: PanelSize
) -> Study:
    """The study of these parameters, new or as it was left. Raises BadInput where the data set is not profiled."""
    profile_key = humans.current_profile(store, dataset)
    config = {
        "settings": {load_setting(name).name: load_setting(name).genome.digest for name in settings},
        "search": search.model_dump(),
        "report": report.model_dump(),
        "recommender": options.recommender,
        "surface": options.surface,
        "seed": options.seed,
        # of local weights the digest counts, and not where they lie
        "models": named_in_keys(options.models).named(),
        "objectives": objectives.VERSIONS,
    }
    if options.max_turns is not None:
        config["max_turns"] = options.max_turns
    study_key = key("study", VERSION, profile=profile_key, config=config)
    row = {"study_key": study_key, "profile_key": profile_key, "config": canonical_json(config)}
    with store.transaction():
        store.add("optimize.studies", [row])
    return Study(store, study_key)


def room(study: Study, caps: Caps) -> Caps:
    """The caps that remain for this study. Raises BudgetExhausted, which states what was spent."""
    spent = study.spent()
    left = spent.left_of(caps)
    if left is None:
        told = "an unknown amount" if spent.usd is None else f"{spent.usd:.4f} USD"
        raise BudgetExhausted(
            f"the study has reached a cap after {told}, {spent.tokens} tokens and {spent.n_calls} calls",
            hint=MORE_ROOM,
        )
    return left


def estimate(
    dataset: str, options: RunOptions, *, settings: Sequence[str], search: Search, report: PanelSize, final: bool, n_probed: int,
    best_shipped: bool,
) -> EstimatedFields:  # fmt: skip
    """What the study would cost if none of it had been done: the fields of `understudy estimate --of study`."""
    asked = Asked(
        dataset, ",".join(settings), "study", search, report, 1, options.recommender, options.seed, latency_s=None, final=final,
        n_probed=n_probed, best_shipped=best_shipped, max_turns=options.max_turns,
    )  # fmt: skip
    with readable(options.store) as reading:
        return estimated(reading.store, asked, models=options.models)


def table_files(store: Store, fields: CompareFields, *, name: str) -> dict[str, str]:
    """File → text: the table for a README, dialogues of seed and pick side by side, and the fields under `name`."""
    pairs = pairs_of(store, fields["dataset"], fields["settings"])
    return {
        "table.md": as_markdown(first_table.document([fields])),
        "dialogues.md": as_markdown(side_by_side.document(pairs)),
        name: json.dumps(rounded(_with_files(fields, beside=Path())), ensure_ascii=False, indent=2, default=str) + "\n",
    }


def written(fields: StudyFields, store: str, *, out: str | None) -> dict[str, str]:
    """Form → file: the README's table, the whole report, dialogues to read, the fields. Without `out` in a folder beside the store.

    Of the genome files only the names stand in the fields, so that the same study gives the same bytes on every machine.
    """
    beside = Path(store)
    folder = Path(out) if out else beside.with_name(f"{beside.stem}-study") / fields["study"][:12]
    with readable(beside) as reading:
        told = table_files(reading.store, fields, name="study.json")
    told["report.html"] = as_html(page.document(fields))
    where = folders.written(folder, told)
    names = {"table": "table.md", "html": "report.html", "dialogues": "dialogues.md", "json": "study.json"}
    return {form: str(where[name]) for form, name in names.items()}
