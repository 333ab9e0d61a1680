"""Every setting before and after its search: seed and pick on one panel of a split that the search has not seen, and the report of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from prefect import task

from understudy.completion import engine_of
from understudy.doors.store import Store
from understudy.errors import MORE_ROOM, BadInput, BudgetExhausted
from understudy.parameters import Caps
from understudy.profile.splits import people_fields, people_named
from understudy.prompt.setting import load_setting, setting_names
from understudy.records import AmountFields, Measured
from understudy.release.gates import underpowered_strata
from understudy.report.document import Picture, as_markdown
from understudy.studies.compare import heldout
from understudy.studies.compare import page as comparing_page
from understudy.studies.compare import table as comparing
from understudy.studies.compare.seeds import pooled_rows
from understudy.studies.compare.table import Floor, Pair
from understudy.tasks.artifacts import page
from understudy.tasks.optimize.shipped import ShippedFields
from understudy.tasks.play.metering import Spent, bill, spent_on
from understudy.tasks.studies import documents
from understudy.tasks.studies.places import Place
from understudy.tasks.studies.results.tables import (
    BestShippedFields,
    BothFigures,
    CompareFields,
    FamilyFields,
    OverSeedsFields,
    PooledRow,
    ReportedFields,
    RowFields,
    SearchedFields,
    SettingFields,
    SpentFields,
    TableFields,
)
from understudy.tasks.studies.sides import Side, carried_to

ALL, EXPERT = "all", "expert"
Fields = dict[str, Any]
_HELDOUT = (
    "AUC of a classifier that distinguishes the simulator's text from that of the humans in the same contexts; .5 is chance. It reads the "
    "order of function words in pieces of equal length with masked titles and is cross-validated by seeker. No search or objective uses it."
)
_EXEMPLARS = (
    "The examples in a prompt are dialogues of the data set. On another data set they are replaced by as many of its own dialogues, drawn "
    "by the seed."
)
_MINUTES = (
    "The minutes by hand are those that the file of the prompt setting states; nobody was timed. The search starts from the hand-written "
    "prompt and needs no further work by hand."
)


@dataclass(frozen=True, slots=True)
class ComparedSetting:
    """A setting's two sides, and what its search answered."""

    name: str
    before: Side
    after: Side
    search: SearchedFields

    @property
    def pair(self) -> Pair:
        """Both sides for the table."""
        return Pair(self.name, self.before.evaluation.objectives, self.after.evaluation.objectives)


@dataclass(frozen=True, slots=True)
class Rival:
    """The best shipped prompt, and how it was measured where the picks were."""

    choice: ShippedFields
    measured: Side

    def fields(self, store: Store) -> BestShippedFields:
        """What is answered of it."""
        objectives, spent = self.measured.evaluation.objectives, spent_on(store, work=self.choice["run"])
        return {
            **self.choice,
            "objectives": {name: one.measured.as_json() for name, one in objectives.items()},
            "heldout": self.measured.heldout.as_json(),
            "realised": {"acts": self.measured.realised.acts.as_json(), "reactions": self.measured.realised.reactions.as_json()},
            "n_missing": self.measured.n_missing,
            "cost": cast(SpentFields, bill(spent, was_played=self.choice["n_dialogues"] > 0)),
        }  # fmt: skip


def settings_asked(text: str) -> list[str]:
    """The settings that `all` or a list with commas names, files of one's own among them. Raises BadInput."""
    names = setting_names() if text == ALL else [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise BadInput("no prompt setting was named", hint=f"give `{ALL}`, or a list of {', '.join(setting_names())}")
    stems = [load_setting(name).name for name in names]
    if len(set(stems)) < len(stems):
        raise BadInput(f"two prompt settings have the same name: {', '.join(sorted({name for name in stems if stems.count(name) > 1}))}")
    return names


def pooled(tables: Sequence[ReportedFields]) -> OverSeedsFields | None:
    """The rows of tables of several seeds, pooled; None for a single one."""
    if len(tables) < 2:
        return None
    versus = [table["versus_best_shipped"] for table in tables]
    best = [one["best_shipped"] for one in tables]
    return {
        "seeds": [table["seed"] for table in tables],
        "rows": cast(list[PooledRow], pooled_rows([table["rows"] for table in tables])),
        "versus_best_shipped": cast(list[PooledRow], pooled_rows(versus)) if all(versus) else [],
        "best_shipped": [one["setting"] for one in best if one is not None],
    }


def dialogues_of_a_search(searches: Sequence[SearchedFields]) -> float:
    """The mean of the dialogues that the searches of a table have played."""
    return sum(one["n_dialogues"] for one in searches) / max(1, len(searches))


def table(
    settings: Sequence[ComparedSetting], place: Place, humans: tuple[dict[str, Floor], Measured], *,
    home: Sequence[RowFields] | None = None, rival: Rival | None = None,
) -> TableFields:
    """Rows, costs and the held-out evaluator of the settings at one place; with the `home` rows what carries over.

    With a `rival` every pick is held against the best shipped prompt as well.
    """
    floors, apart = humans
    pairs = [one.pair for one in settings]
    found, family = comparing.rows_of(pairs, floors)
    versus, versus_family = comparing.against(pairs, EXPERT, floors)
    shipped, shipped_family = list[Fields](), Fields(n_tests=0)
    if rival is not None:
        shipped, shipped_family = comparing.against_values(pairs, rival.measured.evaluation.objectives, floors)
    store = place.opened.store
    told = [_setting(store, one) for one in settings]
    n_test_uses, people = store.rows("optimize/n_test_uses")[0]["n"], people_fields(place.split)
    return {
        "rows": cast(list[RowFields], comparing.with_carried(found, home) if home is not None else found),
        "family": cast(FamilyFields, family),
        "outcomes": comparing.counted(found),
        "settings": told,
        "heldout": {"what": _HELDOUT, "version": heldout.VERSION, "human": apart.as_json()},
        "versus_expert": cast(list[RowFields], versus),
        "versus_expert_family": cast(FamilyFields, versus_family),
        "best_shipped": rival.fields(store) if rival else None,
        "versus_best_shipped": cast(list[RowFields], shipped),
        "versus_best_shipped_family": cast(FamilyFields, shipped_family),
        "minutes_note": _MINUTES,
        "engine": engine_of(side.engine for one in settings for side in (one.before, one.after)),
        "split": people["split"],
        "part": people["part"],
        "underpowered": underpowered_strata(settings[0].before.evaluation.as_json()["objectives"]) if settings else {},
        "instruments": place.opened.humans.instruments.described(),
        "n_test_uses": n_test_uses,
        "report_panel": place.report.model_dump(),
    }


def carried_settings(there: Place, searches: Sequence[SearchedFields]) -> list[SearchedFields]:
    """What the searches at home found, as prompts of the other place."""
    return [
        {
            **one,
            "seed_digest": carried_to(there, one["seed_digest"]),
            "pick": {**one["pick"], "genome_digest": carried_to(there, one["pick"]["genome_digest"])},
        }
        for one in searches
    ]


def left_of(caps: Caps, spent: Spent) -> Caps:
    """The caps that remain. Raises BudgetExhausted."""
    left = spent.left_of(caps)
    if left is None:
        raise BudgetExhausted("a cap ended the command before it had a result", hint=MORE_ROOM)
    return left


def transfer_of(place: Place) -> dict[str, str]:
    """Where a prompt was carried to."""
    opened = place.opened
    return {
        "dataset": opened.dataset, "recommender": opened.recommender, "surface": opened.options.surface, "model": opened.cast.seeker,
        "exemplars": _EXEMPLARS,
    }  # fmt: skip


@task(name="show comparison", persist_result=False)
def show(fields: CompareFields) -> None:
    """The page of a comparison, for the UI."""
    document = comparing_page.document(fields)
    drawn = next(part.svg for part in document.parts if isinstance(part, Picture))
    people = people_named(fields["part"] or fields["split"])
    page(as_markdown(document), key="comparison", description=f"Before and after on {people}", svg=drawn)


def written(fields: CompareFields, *, html: str | None, markdown: str | None) -> dict[str, str]:
    """Form → file of the report as it was asked for. Raises BadInput."""
    return documents.kept(comparing_page.document(fields), html=html, markdown=markdown)


def _both(before: Measured, after: Measured) -> BothFigures:
    return {"before": before.as_json(), "after": after.as_json()}


def _setting(store: Store, one: ComparedSetting) -> SettingFields:
    sides = {"before": one.before, "after": one.after}
    setting = load_setting(one.search["setting_asked"])
    minutes: AmountFields = {"value": setting.minutes} if setting.minutes is not None else {"value": None, "reason": "not recorded"}
    spent = spent_on(store, work=one.search["run"])
    return {
        "setting": one.name,
        "run": one.search["run"],
        "stopped": one.search["stopped"],
        "genome_digest": {name: side.done.work.genome_digest for name, side in sides.items()},
        "pick_file": one.search["pick"]["file"],
        "pick_is_seed": one.search["pick"]["genome_digest"] == one.search["seed_digest"],
        "dominates_seed": one.search["pick"]["dominates_seed"],
        "objectives_underpowered": one.search["objectives_underpowered"],
        "heldout": _both(one.before.heldout, one.after.heldout),
        "realised": {
            "acts": _both(one.before.realised.acts, one.after.realised.acts),
            "reactions": _both(one.before.realised.reactions, one.after.realised.reactions),
        },
        "prompt_tokens": _both(one.before.prompt_tokens, one.after.prompt_tokens),
        "dialogue_tokens": _both(one.before.dialogue_tokens, one.after.dialogue_tokens),
        "dialogue_usd": _both(one.before.dialogue_usd, one.after.dialogue_usd),
        "n_missing": {name: side.n_missing for name, side in sides.items()},
        "n_unchecked": {name: side.n_unchecked for name, side in sides.items()},
        "search": {**cast(SpentFields, bill(spent, was_played=one.search["n_dialogues"] > 0)), "n_dialogues": one.search["n_dialogues"]},
        "minutes": {"before": minutes, "search": 0.0},
    }
