"""The critic: right as often as its quality says, and what it writes treats the fault it names."""

from __future__ import annotations

import asyncio
import html
from typing import Literal

import pytest
from pydantic import BaseModel

from understudy.completion import Completion, Message, Request
from understudy.errors import BadInput
from understudy.prompt.genome import SECTIONS, Genome
from understudy.prompt.setting import load_setting
from understudy.prompt.structured import Invalid, structured
from understudy.prompt.template import system_prompt
from understudy.rehearsal import FAULTS, UNFITTED, Surface, respond, surface
from understudy.rehearsal.critic import case_of, dominant
from understudy.rehearsal.phrases import sentences
from understudy.rehearsal.reading import brief_of, instructions_of
from understudy.rehearsal.surfaces import levels
from understudy.rehearsal.truth import NEED, TARGET

ZERO = load_setting("zero_shot").genome
PROMPT = system_prompt(ZERO, NEED, exemplars=(), target=TARGET)


class Advice(BaseModel):
    """What a critic is asked for."""

    fault: str
    section: Literal["role", "need", "disclosure", "reaction", "style", "ending"]
    text: str


def asked(names: tuple[str, ...] = SECTIONS, *, genome: Genome = ZERO, extra: str = "") -> list[Message]:
    prompt = system_prompt(genome, NEED, exemplars=(), target=TARGET)
    shown = "\n".join(f'<section name="{name}">\n{html.escape(genome.sections[name])}\n</section>' for name in names)
    told = f"<prompt>\n{html.escape(prompt)}\n</prompt>\n{shown}\n<failing>\nSounds great!\n</failing>\n{extra}"
    return [Message("system", "You look for what is wrong with a prompt."), Message("user", told)]


def advice(on: Surface, quality: float, seed: int, messages: list[Message]) -> Advice:
    async def complete(request: Request) -> Completion:
        said = respond(request.messages, surface=on, fitted=UNFITTED, temperature=0.7, top_p=1.0, seed=request.seed, critic=quality)
        return Completion(said.text, "rehearsal", "rehearsal", "stop", "", said.prompt_tokens, said.completion_tokens, said.intended_act)

    request = Request("critic", "rehearsal/0", tuple(messages), 0.7, 1.0, 400, seed)
    found = asyncio.run(structured(complete, request, Advice))
    assert not isinstance(found, Invalid)
    return found


def level_of(fault: str, prompt: str, on: Surface) -> float:
    return levels(brief_of(prompt), surface=on, temperature=0.7, top_p=1.0)[fault]


@pytest.mark.parametrize("name", ["0", "3", "7", "adverse", "nonconvex-4"])
@pytest.mark.parametrize("objective", ["positive_bias", "diversity_gap", "behavioural_distance", "data_leakage"])
def test_a_perfect_critic_names_the_fault_that_weighs_most_and_treats_it(name: str, objective: str) -> None:
    on = surface(name)
    messages = asked(extra=f"<objective>{objective}</objective>")
    said = advice(on, 1.0, 5, messages)
    assert said.fault == dominant(case_of(messages), on)
    better = PROMPT.replace(ZERO.sections[said.section], said.text)
    assert level_of(said.fault, better, on) < level_of(said.fault, PROMPT, on)


def test_being_right_grows_with_quality_and_at_nothing_it_is_luck() -> None:
    on, messages = surface("0"), asked()
    right = dominant(case_of(messages), on)
    share = {q: sum(advice(on, q, seed, messages).fault == right for seed in range(150)) / 150 for q in (0.0, 0.5, 1.0)}
    assert share[1.0] == 1
    assert 0.4 < share[0.5] < 0.72
    assert share[0.0] < 2.5 / len(FAULTS)


def test_a_critic_without_quality_often_makes_things_no_better() -> None:
    on, messages = surface("0"), asked()

    def helps(quality: float, seed: int) -> bool:
        said = advice(on, quality, seed, messages)
        fault = dominant(case_of(messages), on)
        return level_of(fault, PROMPT.replace(ZERO.sections[said.section], said.text), on) < level_of(fault, PROMPT, on) - 0.05

    assert sum(helps(1.0, seed) for seed in range(40)) == 40
    assert sum(helps(0.0, seed) for seed in range(40)) < 20


def test_it_rewrites_only_the_sections_it_is_shown_and_a_fault_named_before_is_kept() -> None:
    on = surface("0")
    for seed in range(10):
        said = advice(on, 1.0, seed, asked(("style",), extra="<fault>wordiness</fault>"))
        assert (said.fault, said.section) == ("wordiness", "style")


def test_what_raises_the_fault_is_taken_out() -> None:
    on = surface("0")
    said = advice(on, 1.0, 1, asked(("style",), extra="<fault>wordiness</fault>"))
    assert "complete sentences" in ZERO.sections["style"]
    assert "complete sentences" not in said.text


def test_asked_again_it_comes_to_an_end() -> None:
    on, genome = surface("0"), ZERO
    for seed in range(30):
        said = advice(on, 1.0, seed, asked(genome=genome))
        genome = Genome({**genome.sections, said.section: said.text}, genome.controls)
    prompt = system_prompt(genome, NEED, exemplars=(), target=TARGET)
    # what lowers the leak in `style` takes out a sentence against sameness, so that the last steps turn about between .0 and .2 of it
    assert all(level_of(fault, prompt, on) < 0.25 for fault in ("positivity", "sameness", "wordiness"))
    assert sum(len(text) for text in genome.sections.values()) < 4 * sum(len(text) for text in ZERO.sections.values())


def test_without_a_schema_it_answers_in_plain_text() -> None:
    said = respond(asked(), surface=surface("0"), fitted=UNFITTED, temperature=0.7, top_p=1.0, seed=1).text
    assert said.splitlines()[0].removeprefix("Fault: ") in FAULTS
    assert said.count("```") == 2


def test_its_sentences_pull_one_lever_each_in_their_section() -> None:
    headings = {"role": "", "disclosure": "How much you tell: ", "reaction": "How you react: ", "style": "How you talk: "}
    headings["ending"] = "When you stop: "
    for option in sentences():
        pulled = {lever: value for lever, value in instructions_of(headings[option.section] + option.text).levers.items() if value}
        assert list(pulled) == [option.lever], option.text
        assert (pulled[option.lever] > 0.7) if option.name == "up" else (pulled[option.lever] < -0.7)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("<fault>rudeness</fault>", "no fault"),
        ('<section name="title">x</section>', "no section"),
        ("<temperature>hot</temperature>", "not a dial"),
    ],
)
def test_what_it_does_not_know_is_refused(extra: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        respond(asked(extra=extra), surface=surface("0"), fitted=UNFITTED, temperature=0.7, top_p=1.0, seed=1)


def test_an_objective_that_no_surface_describes_is_answered_as_none() -> None:
    answers = [
        respond(asked(extra=extra), surface=surface("0"), fitted=UNFITTED, temperature=0.7, top_p=1.0, seed=1)
        for extra in ("", "<objective>beauty</objective>")
    ]
    assert answers[0].text == answers[1].text


def test_a_prompt_without_its_section_is_refused() -> None:
    messages = [Message("user", '<prompt>Something else.</prompt><section name="style">Be brief.</section>')]
    with pytest.raises(BadInput, match="does not hold"):
        respond(messages, surface=surface("0"), fitted=UNFITTED, temperature=0.7, top_p=1.0, seed=1)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ('<section name="costume">\nx\n</section>', "no section"),
        ("<fault>\nboredom\n</fault>", "no fault"),
        ('<section name="role">\nnot in the prompt\n</section>', "does not hold"),
    ],
)
def test_a_request_that_the_critic_cannot_read_is_refused(told: str, seen: str) -> None:
    with pytest.raises(BadInput, match=seen):
        case_of([*asked(), Message("user", told)])
