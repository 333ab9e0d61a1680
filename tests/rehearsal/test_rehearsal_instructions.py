"""Instructions are read as general English: clear ones pull, negated, hedged, contradicted and drowned ones less."""

from __future__ import annotations

import pytest

from understudy.rehearsal.reading import instructions_of

REACT = "You talk.\n\nHow you react: "
TALK = "You talk.\n\nHow you talk: "


def lever(text: str, name: str) -> float:
    return instructions_of(text).levers[name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (REACT + "Turn it down when it bores you.", "critical"),
        (REACT + "Tell them when you have already seen it.", "knows"),
        ("How much you tell: Never reveal the title.", "withhold"),
        ("How much you tell: Bring your wishes up little by little.", "gradual"),
        (TALK + "Write no more than ten words.", "brief"),
        (TALK + "Sound like a real person in a chat, informal.", "casual"),
        (TALK + "Vary your phrases.", "varied"),
        (TALK + "Put it in your own words.", "original"),
        (REACT + "Be enthusiastic about what you hear.", "eager"),
    ],
)
def test_a_plain_instruction_pulls_its_lever(text: str, name: str) -> None:
    assert lever(text, name) > 0.5


def test_a_negated_instruction_pulls_the_other_way() -> None:
    assert lever(REACT + "Do not be critical.", "critical") < 0
    assert lever(TALK + "Avoid formal language.", "casual") > 0


def test_a_hedge_weakens_and_an_emphasis_strengthens() -> None:
    plain = lever(REACT + "Be picky.", "critical")
    assert lever(REACT + "Perhaps be picky.", "critical") < plain < lever(REACT + "Always be picky.", "critical")


def test_contradictions_cancel() -> None:
    assert abs(lever(TALK + "Keep it brief. Write long messages.", "brief")) < 0.2


def test_repeating_an_instruction_gains_less_each_time() -> None:
    one, two, three = (lever(REACT + "Be picky. " * n, "critical") for n in (1, 2, 3))
    assert one < two < three
    assert three - two < two - one


def test_length_dilutes() -> None:
    padding = "The weather changes over the hills. " * 120
    assert lever(REACT + "Be picky. " + padding, "critical") < 0.7 * lever(REACT + "Be picky.", "critical")


def test_an_instruction_counts_less_in_a_foreign_section() -> None:
    assert lever(TALK + "Be picky.", "critical") < lever(REACT + "Be picky.", "critical")


def test_patience_is_read_as_a_number() -> None:
    assert instructions_of("How you react: After 3 suggestions that do not suit you, end the conversation.").patience == 3
    assert instructions_of("You talk.").patience is None
