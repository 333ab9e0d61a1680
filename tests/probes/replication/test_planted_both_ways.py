"""Every figure of the paper's tasks in both directions: a planted fault is found, and people's own words are not told apart from people.

`like_people` answers with what other people of the made-up world wrote, so that every figure of it is a chance difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Literal

import pytest

from tests.probes.replication import made_up
from understudy.completion import Request
from understudy.instruments import wording
from understudy.keys import share_of
from understudy.probes._figures import ProbeFigure
from understudy.probes.replication.people import PaperHumans
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import task_named

Side = Literal["above", "below"]
N = 40
# of instruments that are in the extra `paper` alone
BY_EXTRA = {"aspect_entropy", "sentiment_entropy", "word_diversity"}
PERSONA = PaperSetting("plain", True)


@cache
def world() -> PaperHumans:
    return made_up.humans()



@cache
def figures(name: str, answers: made_up.Answers, setting: PaperSetting = made_up.PLAIN) -> Mapping[str, ProbeFigure]:
    task = task_named(name)
    replies = made_up.answered(task, world(), answers, n=N, setting=setting)
    return task.figures(task.places(world(), "test", n=N, seed=0).places, replies, world(), seed=0)


def drawn(request: Request, texts: list[str]) -> str:
    """One of the texts, by the request's seed."""
    return texts[int(share_of("planted reply", request.seed) * len(texts))]


def any_titles(request: Request) -> str:
    """Titles drawn evenly over the catalogue, as the made-up users' histories are."""
    at = [int(share_of("planted title", request.seed, k) * len(made_up.ITEMS)) for k in range(5)]
    return "\n".join(made_up.ITEMS[one].label for one in at)


def like_people(request: Request) -> str:
    """What another person of the made-up world wrote."""
    told = request.messages[1].content
    if "Which titles do you feel" in told:
        return any_titles(request)
    if "Do you like this title" in told:
        return made_up.likes_as_people_do(request)
    if "What do you think of it" in told:
        return drawn(request, [one.text for one in world().opinions])
    return drawn(request, [one.text for one in (world().requests if "<titles>" in told else world().refusals)])


def repeats_history(request: Request) -> str:
    """The titles that the prompt shows."""
    return "\n".join(re.findall(r"^(.*?\(\d{4}\))", request.messages[1].content, re.MULTILINE))


def repeats_person(request: Request) -> str:
    return f"As {request.messages[1].content.split('You are ')[1].splitlines()[0]} I want a story that is new"


def five_titles(request: Request) -> str:
    return "\n".join(made_up.ITEMS[(request.seed + at) % 5].label for at in range(3))


def unheard_of(request: Request) -> str:
    return f"The Unheard Film {request.seed} (1987)\nMade Up Thing (2001)"


def always_yes(_: Request) -> str:
    return "yes"


def against_taste(request: Request) -> str:
    return "no" if made_up.likes_as_people_do(request).startswith("Yes") else "yes"


def essay(request: Request) -> str:
    return f"I have thought about this for a long time and {request.seed} times over. " * 8


def numbered_nouns(request: Request) -> str:
    """Every reply about other things."""
    return " ".join(f"the quarx{request.seed % 997}{at} thing," for at in range(6))


def one_aspect(_: Request) -> str:
    return "The plot is long. It is a dull plot."


def one_theme(_: Request) -> str:
    return "good better best nice fine great good better best nice fine great"


def refuses_well(_: Request) -> str:
    return "No, I did not like that one, comedies and dramas and westerns and thrillers bore me. Anything else?"


def accepts(_: Request) -> str:
    return "Great, I will watch that tonight, thank you"


def names_another(_: Request) -> str:
    return f"No. I would rather watch {made_up.ITEMS[7].label}."


def names_nothing(_: Request) -> str:
    return "I want a good film that is like those two, please"


FOUND: list[tuple[str, str, made_up.Answers, PaperSetting, Side]] = [
    ("ItemsTalk", "item_entropy", five_titles, made_up.PLAIN, "below"),
    ("ItemsTalk", "unknown_titles", unheard_of, made_up.PLAIN, "above"),
    ("ItemsTalk", "repeats_history", repeats_history, PaperSetting("icl", False), "above"),
    ("BinPref", "pearson_r", against_taste, made_up.PLAIN, "below"),
    ("BinPref", "yes_share", always_yes, made_up.PLAIN, "above"),
    ("OpenPref", "aspect_entropy", one_aspect, made_up.PLAIN, "below"),
    ("OpenPref", "aspect_entropy", numbered_nouns, made_up.PLAIN, "above"),
    ("OpenPref", "sentiment_entropy", made_up.in_the_same_words, made_up.PLAIN, "below"),
    ("OpenPref", "length", essay, made_up.PLAIN, "above"),
    ("OpenPref", "too_long", essay, made_up.PLAIN, "above"),
    ("OpenPref", "persona_words", repeats_person, PERSONA, "above"),
    ("RecRequest", "ttr", names_nothing, made_up.PLAIN, "below"),
    ("RecRequest", "word_diversity", one_theme, made_up.PLAIN, "below"),
    ("RecRequest", "sentence_diversity", names_nothing, made_up.PLAIN, "below"),
    ("RecRequest", "names_title", names_nothing, made_up.PLAIN, "below"),
    ("RecRequest", "length", essay, made_up.PLAIN, "above"),
    ("RecRequest", "too_long", essay, made_up.PLAIN, "above"),
    ("RecRequest", "persona_words", repeats_person, PERSONA, "above"),
    ("NegFeedback", "rejects", accepts, made_up.PLAIN, "below"),
    ("NegFeedback", "grounded", refuses_well, made_up.PLAIN, "above"),
    ("NegFeedback", "grounded", accepts, made_up.PLAIN, "below"),
    ("NegFeedback", "asks_anew", refuses_well, made_up.PLAIN, "above"),
    ("NegFeedback", "asks_anew", accepts, made_up.PLAIN, "below"),
    ("NegFeedback", "names_title", names_another, made_up.PLAIN, "above"),
    ("NegFeedback", "length", essay, made_up.PLAIN, "above"),
    ("NegFeedback", "persona_words", repeats_person, PERSONA, "above"),
]
# where the human value is 0 by construction other people's words differ from it: a title of one's own history, a text of another
# length than that place asks for; and a reason is looked for in the taste of the user, which is not that of who wrote the text
NOT_OF_CHANCE = {("ItemsTalk", "repeats_history"), ("OpenPref", "too_long"), ("RecRequest", "too_long"), ("NegFeedback", "grounded")}
COMPARED = ("ItemsTalk", "BinPref", "OpenPref", "RecRequest", "NegFeedback")


# half the width of a 95 % interval, times this: what twenty figures by chance do not exceed
SURELY = 1.6


def marked(name: str, figure: str, *more: object) -> object:
    """A case; those that need the extra `paper`, or read RecRequest's sentences anew, are no part of the quick tests."""
    is_slow = figure in BY_EXTRA or PERSONA in more or (name == "RecRequest" and names_nothing not in more[:1])
    return pytest.param(name, figure, *more, marks=[pytest.mark.integration] if is_slow else [])


@pytest.mark.parametrize(("name", "figure", "answers", "setting", "side"), [marked(*case) for case in FOUND])
def test_what_is_planted_is_found(name: str, figure: str, answers: made_up.Answers, setting: PaperSetting, side: Side) -> None:
    apart = figures(name, answers, setting)[figure].difference
    assert apart.value is not None, apart.reason
    assert apart.lo is not None
    assert apart.hi is not None
    assert apart.lo > 0 if side == "above" else apart.hi < 0


@pytest.mark.parametrize(
    ("name", "figure"),
    [marked(name, one) for name in COMPARED for one in task_named(name).UNITS if (name, one) not in NOT_OF_CHANCE],
)
def test_people_are_not_told_apart_from_people(name: str, figure: str) -> None:
    apart = figures(name, like_people)[figure].difference
    if apart.value is None:
        # the judge and the corpora that are not installed; nobody is played without a person
        assert figure.startswith("score") or figure in ("aspect_entropy_textblob", "persona_words")
        assert apart.reason
        return
    assert apart.lo is not None
    assert apart.hi is not None
    assert abs(apart.value) <= SURELY * (apart.hi - apart.lo) / 2, apart


def test_every_figure_has_a_planted_case() -> None:
    planted = {(name, figure) for name, figure, *_ in FOUND}
    # the judge's scores are planted where it judges (test_paper_tasks); the paper's noun phrases need corpora that no package holds
    judged = {("NegFeedback", one) for one in task_named("NegFeedback").UNITS if one.startswith("score")}
    others = {("OpenPref", "aspect_entropy_textblob"), ("ItemsTalk", "persona_words")}
    assert planted | judged | others == {(name, one) for name in COMPARED for one in task_named(name).UNITS}


@pytest.mark.parametrize(
    ("name", "figure", "one", "other"),
    [
        marked("ItemsTalk", "item_entropy", five_titles, any_titles),
        marked("ItemsTalk", "unknown_titles", any_titles, unheard_of),
        marked("OpenPref", "sentiment_entropy", made_up.in_the_same_words, like_people),
        marked("OpenPref", "length", like_people, essay),
        pytest.param("RecRequest", "ttr", names_nothing, like_people, marks=pytest.mark.integration),
        marked("NegFeedback", "rejects", accepts, refuses_well),
        marked("BinPref", "pearson_r", against_taste, made_up.likes_as_people_do),
    ],
)
def test_two_prompts_are_compared_over_the_same_places(name: str, figure: str, one: made_up.Answers, other: made_up.Answers) -> None:
    task = task_named(name)
    places = task.places(world(), "test", n=N, seed=0).places
    sides = [made_up.answered(task, world(), answers, n=N) for answers in (one, other)]
    there, back = task.against(places, *sides, world(), seed=0), task.against(places, *reversed(sides), world(), seed=0)
    assert there[figure].difference.hi is not None
    assert there[figure].difference.hi < 0
    assert there[figure].model.value == back[figure].human.value
    assert there[figure].difference.value == pytest.approx(-(back[figure].difference.value or 0))
    # where one of them has no reply, the other's counts for nothing
    cut = replace(sides[0], texts=(None, *sides[0].texts[1:]))
    assert task.against(places, cut, sides[1], world(), seed=0)[figure].difference.n < len(places)
    nobody = replace(sides[0], texts=(None,) * len(places))
    assert task.against(places, nobody, sides[1], world(), seed=0)[figure].difference.value is None


def test_who_does_not_look_at_the_label_has_no_difference_by_it() -> None:
    task = task_named("BinPref-leaky")
    places = task.places(world(), "test", n=100, seed=0).places
    clean = made_up.answered(task_named("BinPref"), world(), made_up.likes_as_people_do, n=100)
    labelled = made_up.answered(task, world(), made_up.likes_as_people_do, n=100)
    apart = task.against(places, labelled, clean, world(), seed=0)["pearson_r"].difference
    assert (apart.value, apart.lo, apart.hi) == (0, 0, 0)

    def reads_back(request: Request) -> str:
        shown = request.messages[1].content
        return "yes" if float(shown.split("Average rating: ")[1].split()[0]) > 3.5 else "no"

    blind = made_up.answered(task_named("BinPref"), world(), lambda request: "yes" if request.seed % 2 else "no", n=100)
    told = made_up.answered(task, world(), reads_back, n=100)
    by_label = task.against(places, told, blind, world(), seed=0)["pearson_r"].difference
    assert by_label.lo is not None
    assert by_label.lo > 0.3


def test_without_the_extra_its_figures_are_not_measured() -> None:
    shown = figures("OpenPref", like_people)["aspect_entropy"]
    assert (shown.model.value is not None) == wording.is_installed()
