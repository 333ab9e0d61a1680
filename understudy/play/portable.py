"""The prompt of a genome for use elsewhere: as plain text or as a chat template, with `{need}` and `{history}` to be filled in.

A placeholder is replaced as it stands (`text.replace`, not `str.format`): sections may hold braces of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from understudy.errors import BadInput
from understudy.play.turn import MAX_TOKENS, THOUGHT_TOKENS
from understudy.prompt import template
from understudy.prompt.genome import Genome
from understudy.prompt.template import Exemplar
from understudy.records import Turn

VERSION = 2
NEED, HISTORY = "{need}", "{history}"
Form = Literal["text", "chat"]
FORMS: tuple[Form, ...] = get_args(Form)
PLACEHOLDERS = {
    NEED: "what the seeker wants, as lines of `Name: values`, each on one line",
    HISTORY: (
        "the conversation so far. As text: a line `Me: …` (the seeker) or `Them: …` (the recommender) a turn. As chat: messages in the "
        "place of this one, the recommender's turns as user and the seeker's as assistant, without any mark; where the seeker opens, first "
        f"the user message {template.FIRST_QUESTION!r}"
    ),
}


def as_text(genome: Genome, exemplars: Sequence[Exemplar]) -> str:
    """The whole prompt as one text that ends where the seeker speaks."""
    return f"{_system(genome, exemplars)}\n\nThe chat so far:\n{HISTORY}\nMe:"


def as_chat(genome: Genome, exemplars: Sequence[Exemplar]) -> dict[str, Any]:
    """The prompt as messages, with how to sample and what a bare template cannot do."""
    controls = genome.controls
    longer = controls.reasoning == "think" or controls.deliberation == "steps"
    found: dict[str, Any] = {
        "form": "understudy.chat",
        "version": VERSION,
        "genome_digest": genome.digest,
        "placeholders": PLACEHOLDERS,
        "messages": [{"role": "system", "content": _system(genome, exemplars)}, {"role": "user", "content": HISTORY}],
        "sampling": {
            "temperature": controls.temperature, "top_p": controls.top_p, "max_tokens": MAX_TOKENS + longer * THOUGHT_TOKENS,
        },
        "notes": notes(genome),
    }  # fmt: skip
    if controls.staging == "by_act":
        found["stages"] = {stage: _system(genome, exemplars, stage) for stage in template.STAGES}
    return found


def notes(genome: Genome) -> list[str]:
    """The parts of the genome that the template alone does not implement."""
    controls = genome.controls
    told = {
        "only what follows </think> is the seeker's message": controls.reasoning == "think",
        "the reply is one JSON object with rating, act, draft and message; only message is sent": controls.deliberation == "steps",
        "a policy fitted on the humans of the data set tells before each message what to do in it; it is not part of the template": (
            genome.policy is not None
        ),
        "a second model checks each message and may have it written anew once; that call is not part of the template": controls.verifier,
        "what the recommender has just done picks one of `stages` as the system message": controls.staging == "by_act",
        "the need holds no target, only titles that the seeker knew before": controls.persona_source == "seen",
        f"the need holds the target's {controls.visibility}": controls.persona_source == "need" and controls.visibility != "hidden",
    }
    return [note for note, applies in told.items() if applies]


def _system(genome: Genome, exemplars: Sequence[Exemplar], stage: template.Stage | None = None) -> str:
    if broken := [name for name, text in genome.sections.items() if NEED in text or HISTORY in text]:
        raise BadInput(
            f"section {broken[0]} of the genome contains a placeholder of the template",
            hint=f"remove {NEED} and {HISTORY} from it; they are reserved",
        )
    # an example may hold anything; a placeholder in it would be filled in with the seeker's need
    shown = [Exemplar(one.dialogue_id, tuple(_plain(turn) for turn in one.turns)) for one in exemplars]
    return template.filled(genome, NEED, exemplars=shown, stage=stage).text


def _plain(turn: Turn) -> Turn:
    text = turn.text.replace(NEED, NEED.strip("{}")).replace(HISTORY, HISTORY.strip("{}"))
    return replace(turn, text=text)
