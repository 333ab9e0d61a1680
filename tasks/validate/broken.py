"""The page of a batch that a gate refused: behind every bound that it missed the dialogues that did, with the turn to blame."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import get_run_logger, task

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.release.verdicts import VerdictFields
from understudy.report.markdown import as_plain
from understudy.tasks.artifacts import page
from understudy.tasks.validate.dialogues import DialogueFields, HumanFields, Shown

N_SHOWN = 3
N_HUMAN = 3
_LONGEST = 600


@task(name="show broken bounds", task_run_name="show broken bounds of {batch}", persist_result=False)
def show_broken(store: Store, batch_key: str, *, batch: str, failed: Sequence[VerdictFields]) -> None:
    """Publishes the page. What cannot be shown is said on it: a page must not change how a night ends."""
    shown = Shown(store, batch_key)
    parts = [f"## What is behind the bounds that {as_plain(batch)} missed"]
    for verdict in (one for one in failed if one["subject"]):
        name = f"{verdict['suite']}/{verdict['expectation']}"
        parts.append(bound_page(verdict, batch, *_behind(shown, name), advice=_advice(shown, name)))
    page("\n\n".join(parts), key="broken-bounds", description=f"Dialogues behind the bounds that batch {batch} missed")


def bound_page(
    verdict: VerdictFields, batch: str, dialogues: Sequence[DialogueFields], missing: str, *, advice: Sequence[str] = ()
) -> str:
    """A bound in Markdown: by how much it was missed, which section of the prompt to look at, and the worst dialogues.

    Each dialogue has its marked turns, and beside them what the human said there, by the id of the dialogue in the log.
    """
    name = f"{verdict['suite']}/{verdict['expectation']}"
    lines = [f"### {name}", "", as_plain(verdict["detail"]), "", *advice]
    for one in dialogues:
        lines.append(f"- `{one['id']}`: {as_plain('; '.join(one['reasons']))}")
        lines += [f"    - *{turn['speaker']}*: {as_plain(turn['text'][:_LONGEST])}" for turn in one["turns"] if turn["marks"]]
        lines.append(_human(one["human"]))
    lines += [missing] if missing else ["", f"`understudy dialogues {batch} --failing {name}` shows them whole, and more of them."]
    return "\n".join(lines)


def _human(human: HumanFields) -> str:
    """What the human said in the same place, in a line."""
    where = "" if human["turn_index"] is None else f", turn {human['turn_index']}"
    said = [as_plain(turn["text"][:_LONGEST]) for turn in human["turns"] if turn["speaker"] == "seeker"][:N_HUMAN]
    told = " / ".join(said) if said else "nothing that could be read"
    return f"    - *the human of dialogue `{as_plain(human['dialogue_id'])}`{where}*: {told}"


def _advice(shown: Shown, name: str) -> list[str]:
    """Which section of the prompt to look at, with its text; nothing where no section decides the figure."""
    try:
        found = shown.advice(name)
    except BadInput as error:
        return [as_plain(error.message), ""]
    if found is None:
        return []
    advice, text = found
    said = as_plain(text[:_LONGEST]) or "it has no text"
    return [f"Look at the section **{advice.section}** of the prompt first: {as_plain(advice.why)}. Its text: {said}", ""]


def _behind(shown: Shown, name: str) -> tuple[list[DialogueFields], str]:
    """The worst dialogues behind a bound, and why there are none where they cannot be told."""
    try:
        found = shown.behind(name)
    except BadInput as error:
        return [], as_plain(error.message)
    except Exception as error:
        get_run_logger().exception("the dialogues behind %s cannot be shown", name)
        return [], as_plain(f"these dialogues cannot be shown: {type(error).__name__}: {error}")
    return [shown.dialogue(key, found[key]) for key in list(found)[:N_SHOWN]], "" if found else "No single dialogue is behind it."
