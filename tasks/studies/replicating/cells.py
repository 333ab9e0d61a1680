"""One cell of the table: the places of a task on users of `test`, the replies of one optimizer, and their figures."""

from __future__ import annotations

from dataclasses import dataclass

from understudy.completion import Complete
from understudy.doors import textual_gradients
from understudy.doors.gateway.failure_kinds import hint_of
from understudy.errors import ProviderFailed
from understudy.probes.replication.compared import ComparedFigure, compared
from understudy.probes.replication.people import AskedPlace, PaperHumans, Part
from understudy.probes.replication.playing import CallMeter, PlayedBy, replies_of
from understudy.probes.replication.prompting import seed_prompt
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.studies.probe import is_asked
from understudy.tasks.studies.replicating.asked import PaperCell
from understudy.tasks.studies.replicating.instances import replies_by_instance
from understudy.tasks.studies.replicating.kept import kept
from understudy.tasks.studies.results.replicated import KeptCellFields, PaperRowFields, TemplateFields

REPORTED: Part = "test"
MOST_MISSING, MOST_INVALID = 0.5, 0.5
REHEARSAL = "rehearsal is not a language model: it has no taste, no opinions and no requests of its own"


@dataclass(frozen=True, slots=True)
class CellReplies:
    """What came back in a cell, or why nothing was asked."""

    replies: PaperReplies | None
    reason: str = ""
    n_failed_steps: int = 0
    n_missing_calls: int = 0

    @property
    def counts(self) -> PaperReplies:
        """The replies, none where nothing was asked."""
        return self.replies or PaperReplies((), ())


def played(
    opened: OpenRun, complete: Complete, humans: PaperHumans, cell: PaperCell, *, n_users: int, by: PlayedBy,
    template: TemplateFields | None,
) -> KeptCellFields:  # fmt: skip
    """The fields of a cell, whose requests are answered by `complete`.

    Raises ProviderFailed where more than half of its replies are missing, and what ends a run.
    """
    asked = cell.task.places(humans, REPORTED, n=n_users, seed=by.seed)
    meter = CallMeter(complete)
    got = _replies(opened, meter, cell, asked, by=by, template=template)
    known = got.replies if got.replies is not None and not got.reason else None
    figures = compared(cell.task, asked.places, known, humans, seed=by.seed)
    rows = [row_of(cell, name, figures.get(name), unit, reason=got.reason) for name, unit in cell.task.UNITS.items()]
    n_users_played = len({place.user.user_id for place in asked.places}) if known else 0
    return {
        "task": cell.task.NAME, "setting": cell.setting.name, "optimizer": cell.optimizer, "users_asked": n_users,
        "n_users": n_users_played, "n_places": len(asked.places), "n_missing": got.counts.n_missing,
        "missing": dict(sorted(got.counts.reasons.items())), "n_invalid": got.counts.n_invalid,
        "n_failed_steps": got.n_failed_steps, "n_missing_calls": got.n_missing_calls, "engine": got.counts.engine or "none",
        "outcome": "measured" if known else "not_measured", "reason": got.reason,
        "human": cell.task.HUMAN, "n_calls": meter.n_calls, "tokens": meter.tokens,
        "tuning_calls": template["n_calls"] if template else 0, "tuning_tokens": template["tokens"] if template else 0,
        "calls_per_user": _each(meter.n_calls, n_users_played), "tokens_per_user": _each(meter.tokens, n_users_played),
        "template": template["genome_digest"] if template else "", "rows": rows, "replies": kept(asked.places, known),
    }  # fmt: skip


def row_of(cell: PaperCell, name: str, figure: ComparedFigure | None, unit: str, *, reason: str = "") -> PaperRowFields:
    """One figure as a row; the human value stands in it even where the model's is not measured."""
    nothing = Measured(None, reason=reason or "nothing was asked")
    alone = Measured(None, reason="it is read of people beside a model's replies alone")
    model, human, apart = (figure.model, figure.human, figure.difference) if figure else (nothing, alone, nothing)
    model, apart = (nothing, nothing) if reason else (model, apart)
    row: PaperRowFields = {
        "task": cell.task.NAME, "setting": cell.setting.name, "optimizer": cell.optimizer, "figure": name, "unit": unit,
        "value": model.value, "n": model.n, "human": human.as_json(), "difference": apart.as_json(),
    }  # fmt: skip
    if model.value is None:
        row["reason"] = model.reason
    else:
        row["ci"] = [model.lo, model.hi]
    return row


def _replies(
    opened: OpenRun, meter: CallMeter, cell: PaperCell, asked: PlacesAsked, *, by: PlayedBy, template: TemplateFields | None
) -> CellReplies:
    if asked.reason:
        return CellReplies(None, asked.reason)
    if not is_asked(by.model):
        return CellReplies(None, REHEARSAL)
    if template is not None and template["reason"]:
        return CellReplies(None, f"the template could not be searched for: {template['reason']}")
    if cell.optimizer == "textgrad_instance":
        if not textual_gradients.is_installed():
            return CellReplies(None, textual_gradients.NOT_INSTALLED)
        found = replies_by_instance(opened, meter, cell.task, asked.places, cell.setting, by=by)
        return _checked(CellReplies(found.replies, "", found.n_failed_steps, found.n_missing_calls), asked.places)
    genome = seed_prompt(cell.task.NAME) if template is None else Genome.from_json(template["genome"])
    replies = opened.gateway.run(replies_of(meter.complete, cell.task, asked.places, cell.setting, genome, by=by))
    return _checked(CellReplies(replies), asked.places)


def _checked(got: CellReplies, places: tuple[AskedPlace, ...]) -> CellReplies:
    """The same, with the reason why so few replies measure nothing. Raises ProviderFailed."""
    replies = got.replies
    if replies is None:
        return got
    # what a guard turned away is no failure of the provider
    n_failed = sum(n for why, n in replies.reasons.items() if not _is_leak(why))
    if n_failed > MOST_MISSING * len(places):
        why = next(one for one in replies.reasons if not _is_leak(one))
        again = "run the same command again to ask anew"
        raise ProviderFailed(
            f"{n_failed} of {len(places)} replies are missing; the first because: {why}",
            hint=f"{hint}; {again}" if (hint := hint_of(why)) else again,
        )
    if "rehearsal" in replies.engine.split("+"):
        return CellReplies(replies, f"the model that answered is rehearsal; {REHEARSAL}")
    n_answered = len(places) - replies.n_missing
    if is_unreadable(replies.n_invalid, n_answered):
        return CellReplies(replies, f"{replies.n_invalid} of {n_answered} replies could not be read as what was asked for")
    return got


def is_unreadable(n_invalid: int, n_answered: int) -> bool:
    """Whether so few of the replies that came can be read that nothing is measured of them."""
    return n_invalid > MOST_INVALID * n_answered


def _is_leak(reason: str) -> bool:
    return reason.startswith("the summary of the taste")


def _each(whole: int, n_users: int) -> float | None:
    return round(whole / n_users, 2) if n_users else None
