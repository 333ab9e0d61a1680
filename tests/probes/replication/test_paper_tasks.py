"""The paper's tasks on made-up users: what an answerer was made to do comes out in the figures, and what it was not does not."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.probes.replication import made_up
from understudy.completion import Request
from understudy.errors import BadInput, BudgetExhausted
from understudy.probes._figures import ProbeFigure
from understudy.probes.replication import persons, settings, tastes
from understudy.probes.replication.people import PaperHumans, part_of_user
from understudy.probes.replication.playing import CallMeter, replies_of, told_places
from understudy.probes.replication.prompting import seed_prompt
from understudy.probes.replication.settings import PaperSetting, settings_named
from understudy.probes.replication.tasks import MODULES, PaperTask, items_talk, neg_feedback, task_named
from understudy.tasks.studies.replicating.cells import is_unreadable


@cache
def world() -> PaperHumans:
    return made_up.humans()


def figures(name: str, answers: made_up.Answers, *, n: int = 40, setting: PaperSetting = made_up.PLAIN) -> dict[str, ProbeFigure]:
    task = task_named(name)
    places = task.places(world(), "test", n=n, seed=0).places
    return task.figures(places, made_up.answered(task, world(), answers, n=n, setting=setting), world(), seed=0)


def value(figure: ProbeFigure) -> float:
    assert figure.model.value is not None, figure.model.reason
    return figure.model.value


@pytest.mark.parametrize("name", MODULES.values())
def test_every_task_has_places_with_a_human_side_that_no_prompt_holds(name: str) -> None:
    task = task_named(name)
    asked = list[Request]()
    places = task.places(world(), "test", n=30, seed=0).places
    assert len(places) >= 30
    assert places == task.places(world(), "test", n=30, seed=0).places
    assert {part_of_user(one.user.user_id) for one in places} == {"test"}
    made_up.planted_run(
        replies_of(made_up.completing(lambda _: "yes", asked), task, places, PaperSetting("rag", False), seed_prompt(name), by=made_up.BY)
    )
    for place, request in zip(places, asked, strict=True):
        shown = request.messages[1].content
        held = {row.item.label for row in place.user.held} - {item.label for item in place.items}
        assert not any(label in shown for label in held), "a held title stands in the prompt"
        if place.human is not None:
            assert place.human.text not in shown


def test_entropy_of_titles_is_taken_over_as_many_titles_on_both_sides() -> None:
    def ten_titles(request: Request) -> str:
        return "\n".join(f"{at}. {made_up.ITEMS[(request.seed + at) % 5].label}" for at in range(3))

    shown = figures("ItemsTalk", ten_titles)
    entropy = shown["item_entropy"]
    assert value(entropy) < 2.4 < (entropy.human.value or 0) - 2
    assert entropy.difference.hi is not None
    assert entropy.difference.hi < 0
    # with three titles each for 40 people the humans' entropy is bounded by log2(120), whatever their histories hold
    assert (entropy.human.value or 9) <= 6.91
    assert value(shown["unknown_titles"]) == 0


def test_titles_of_no_catalogue_are_counted_as_such() -> None:
    shown = figures("ItemsTalk", lambda request: f"The Unheard Film {request.seed} (1987)\nMade Up Thing (2001)")
    assert value(shown["unknown_titles"]) == 1


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("1. The Amber Harbour (1950)\n2) Salt Ferry (1951)", ["The Amber Harbour (1950)", "Salt Ferry (1951)"]),
        ('I like "Oak Street" (1952), and Paper Lantern (1953).', ["I like Oak Street (1952)", "Paper Lantern (1953)"]),
        ("- **Glass Meadow** (1954)", ["Glass Meadow (1954)"]),
        ("no idea", []),
        ("A (1990)\nA (1990)\nB (1991)\nC (1992)\nD (1993)\nE (1994)\nF (1995)", [f"{'ABCDE'[at]} ({1990 + at})" for at in range(5)]),
    ],
)
def test_titles_are_read_from_lists_and_sentences(text: str, titles: list[str]) -> None:
    assert [f"{title} ({year})" for title, year in items_talk.titles_in(text)][1:] == titles[1:]
    assert len(items_talk.titles_in(text)) == len(titles)


def test_who_likes_what_people_like_is_told_from_who_likes_everything() -> None:
    follows, positive = figures("BinPref", made_up.likes_as_people_do, n=100), figures("BinPref", lambda _: "yes", n=100)
    assert value(follows["pearson_r"]) > 0.7
    assert (follows["pearson_r"].human.value or 0) > 0.5
    assert positive["pearson_r"].model.value is None
    assert "does not vary" in positive["pearson_r"].model.reason
    assert value(positive["yes_share"]) == 1
    assert positive["yes_share"].difference.lo is not None
    assert positive["yes_share"].difference.lo > 0


def test_a_model_that_reads_the_label_back_correlates_only_where_the_label_is_told() -> None:
    def reads_back(request: Request) -> str:
        shown = request.messages[1].content
        if "Average rating: " not in shown:
            return "yes" if request.seed % 2 else "no"
        return "yes" if float(shown.split("Average rating: ")[1].split()[0]) > 3.5 else "no"

    clean, leaky = figures("BinPref", reads_back, n=100), figures("BinPref-leaky", reads_back, n=100)
    assert value(leaky["pearson_r"]) > 0.8 > 0.4 > abs(value(clean["pearson_r"]))


def test_replies_longer_than_asked_are_counted() -> None:
    short, long = figures("OpenPref", lambda _: "Fine."), figures("OpenPref", lambda _: "word " * 200)
    assert (value(short["too_long"]), value(long["too_long"])) == (0, 1)
    assert long["length"].difference.lo is not None
    assert long["length"].difference.lo > 500


@pytest.mark.integration
def test_the_same_praise_for_everything_has_no_entropy() -> None:
    same = figures("OpenPref", made_up.in_the_same_words)
    varied = figures("OpenPref", lambda request: made_up.draws(request, made_up.OPINIONS))
    assert value(same["sentiment_entropy"]) == 0
    assert (same["sentiment_entropy"].human.value or 0) > 1
    assert abs(varied["sentiment_entropy"].difference.value or 9) < 0.4
    assert "corpora" in same["aspect_entropy_textblob"].model.reason or same["aspect_entropy_textblob"].model.value is not None


def test_the_same_request_for_everybody_is_less_diverse() -> None:
    same = figures("RecRequest", lambda _: "I want a good film like the two that I named, please suggest one", n=14)
    assert same["sentence_diversity"].difference.hi is not None
    assert same["sentence_diversity"].difference.hi < 0
    assert same["ttr"].difference.hi is not None
    assert same["ttr"].difference.hi < 0
    assert value(same["sentence_diversity"]) == pytest.approx(0, abs=1e-5)


def refuses_well(_: Request) -> str:
    """Turns it down with a reason from the history's genres, and asks anew."""
    return "No, I did not like that one, comedies and dramas and westerns and thrillers bore me. Anything else?"


def test_negative_feedback_tells_each_of_its_parts() -> None:
    well = figures("NegFeedback", refuses_well)
    accepts = figures("NegFeedback", lambda _: "Great, I will watch that tonight, thank you")
    names = figures("NegFeedback", lambda _: f"No. I would rather watch {made_up.ITEMS[7].label}. Anything else?")
    assert (value(well["rejects"]), value(well["asks_anew"]), value(well["names_title"])) == (1, 1, 0)
    assert value(well["grounded"]) > 0.9
    assert (value(accepts["rejects"]), value(accepts["grounded"]), value(accepts["asks_anew"])) == (0, 0, 0)
    assert value(names["names_title"]) == 1
    assert "no judge" in well["score"].model.reason


def test_the_judge_scores_model_and_humans_alike() -> None:
    def judges(request: Request) -> str:
        if request.role != "judge":
            return refuses_well(request)
        assert "human" not in request.messages[0].content
        said = request.messages[1].content.split("<answer>")[1]
        return json.dumps({"rejection": 9 if "bore me" in said else 4, "reason": 6, "request": 3})

    by = replace(made_up.BY, judge="j")
    places = neg_feedback.places(world(), "test", n=30, seed=0).places
    replies = made_up.planted_run(
        replies_of(made_up.completing(judges), task_named("NegFeedback"), places, made_up.PLAIN, seed_prompt("NegFeedback"), by=by)
    )
    shown = neg_feedback.figures(places, replies, world(), seed=0)
    assert value(shown["score_rejection"]) == 9
    assert shown["score_rejection"].human.value == 4
    assert (value(shown["score"]), shown["score"].human.value) == (6, pytest.approx(13 / 3))
    # what is planted is found, and what both sides have alike is no difference
    assert shown["score_rejection"].difference.lo == shown["score_rejection"].difference.hi == 5
    assert (shown["score"].difference.lo or 0) > 0
    for name in ("score_reason", "score_request"):
        apart = shown[name].difference
        assert (apart.lo, apart.value, apart.hi) == (0, 0, 0)


def test_a_judge_whose_replies_cannot_be_read_is_not_asked_on() -> None:
    asked = list[Request]()

    def rambles(request: Request) -> str:
        return "I would say it is fine" if request.role == "judge" else refuses_well(request)

    by = replace(made_up.BY, judge="j")
    places = neg_feedback.places(world(), "test", n=30, seed=0).places
    complete = made_up.completing(rambles, asked)
    replies = made_up.planted_run(
        replies_of(complete, task_named("NegFeedback"), places, made_up.PLAIN, seed_prompt("NegFeedback"), by=by)
    )
    # each of ten questions is repaired once
    assert sum(one.role == "judge" for one in asked) == 20
    shown = neg_feedback.figures(places, replies, world(), seed=0)
    assert "10 replies of the judge in a row" in shown["score"].model.reason
    assert value(shown["rejects"]) == 1


@pytest.mark.integration
def test_a_person_is_the_same_in_every_setting_and_has_no_ethnicity_by_default() -> None:
    one, other = (persons.person_of("u1", seed=3, with_ethnicity=with_it) for with_it in (False, True))
    assert one == persons.person_of("u1", seed=3)
    assert one.ethnicity == ""
    assert other.ethnicity in persons.ETHNICITIES
    assert (one.address, one.age, one.pickiness) == (other.address, other.age, other.pickiness)
    assert persons.YOUNGEST <= one.age <= persons.OLDEST
    assert not any(group in one.in_words() for group in persons.ETHNICITIES)


@pytest.mark.integration
def test_a_reply_that_repeats_the_person_is_a_caricature() -> None:
    def repeats(request: Request) -> str:
        shown = request.messages[1].content
        return f"As {shown.split('You are ')[1].splitlines()[0]} I think it is fine"

    setting = PaperSetting("plain", True)
    assert value(figures("OpenPref", repeats, setting=setting)["persona_words"]) > 0.9
    own = figures("OpenPref", lambda _: "It is fine", setting=setting)["persona_words"]
    assert (value(own), own.human.value) == (0, 0)


def test_settings_tell_what_they_say_and_no_more() -> None:
    task = task_named("OpenPref")
    places = task.places(world(), "test", n=10, seed=0).places
    summary = "This person likes calm stories."

    def shown(name: str) -> list[str]:
        asked = list[Request]()
        complete = made_up.completing(lambda request: summary if "describe people's taste" in request.messages[0].content else "ok", asked)
        made_up.planted_run(
            replies_of(complete, task, places, PaperSetting.named(name), seed_prompt("OpenPref"), by=made_up.BY)
        )
        return [one.messages[1].content for one in asked if "describe people's taste" not in one.messages[0].content]

    assert all("<history>" not in one and "<taste>" not in one for one in shown("plain"))
    assert all(one.count(" of 5") == settings.N_ROWS for one in shown("icl"))
    assert all(one.count(" of 5") == settings.N_ROWS and summary in one for one in shown("pag"))
    assert all(" of 5" not in one and summary in one for one in shown("summary"))
    ranked = [settings.ranked(place.user.known, place.items[0].label)[0] for place in places]
    words = [set(place.items[0].title.split()[1:]) for place in places]
    assert sum(bool(own & set(row.item.title.split())) for own, row in zip(words, ranked, strict=True)) >= 8
    assert [one.name for one in settings_named("all")][:3] == ["plain", "plain+persona", "icl"]
    with pytest.raises(BadInput, match="no setting 'cot'"):
        settings_named("cot")


def test_a_summary_that_names_a_title_is_asked_for_again_and_then_not_used() -> None:
    user = world().users[0]
    asked = list[Request]()

    def leaks(request: Request) -> str:
        title = request.messages[1].content.split("\n")[1].partition(" (")[0]
        return f'They love "{title}" most of all.'

    found: Any = made_up.planted_run(tastes.summed_up(made_up.completing(leaks, asked), user, n=5, model="m", seed=0))
    assert (found.text, found.reason, found.n_leaks, len(asked)) == ("", tastes.LEAKED, 2, 2)
    once: Any = made_up.planted_run(
        tastes.summed_up(made_up.completing(lambda _: "They like calm."), user, n=5, model="m", seed=0)
    )
    assert (once.text, once.reason) == ("They like calm.", "")
    task: PaperTask = task_named("ItemsTalk")
    places = task.places(world(), "test", n=10, seed=0).places
    held: Any = made_up.planted_run(
        told_places(made_up.completing(leaks), task, places, PaperSetting.named("summary"), by=made_up.BY)
    )
    assert {one.reason for one in held} == {tastes.LEAKED}


def test_what_is_asked_again_counts_once_and_the_number_of_calls_ends_a_search() -> None:
    user = world().users[0]
    meter = CallMeter(made_up.completing(lambda _: "They like calm."), most=1)  # type: ignore[arg-type]
    for _ in range(2):
        made_up.planted_run(tastes.summed_up(meter.complete, user, n=5, model="m", seed=0))
    assert (meter.n_calls, meter.tokens, meter.is_used_up) == (1, 15, False)
    with pytest.raises(BudgetExhausted):
        made_up.planted_run(tastes.summed_up(meter.complete, user, n=10, model="m", seed=0))
    assert meter.is_used_up


def test_missing_and_unreadable_replies_are_no_values() -> None:
    task = task_named("BinPref")
    replies = made_up.answered(task, world(), lambda request: ("missing", "perhaps", "yes", "no")[request.seed % 4], n=100)
    assert replies.n_missing + replies.n_invalid + sum(text is not None for text in replies.texts) == len(replies.texts)
    assert replies.n_missing > 10
    assert replies.n_invalid > 10
    assert replies.reasons == {"timed out": replies.n_missing}


@pytest.mark.parametrize(("n_invalid", "n_answered", "told"), [(26, 52, False), (27, 52, True), (0, 0, False), (50, 100, False)])
def test_a_cell_is_unreadable_by_the_replies_that_came(n_invalid: int, n_answered: int, told: bool) -> None:
    assert is_unreadable(n_invalid, n_answered) is told
