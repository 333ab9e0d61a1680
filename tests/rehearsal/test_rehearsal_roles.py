"""Recommender, judge and guesser: by the schemas of those who ask, from the messages alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from understudy import rehearsal
from understudy.completion import Completion, Request
from understudy.errors import BadInput
from understudy.play.dialogue import PlayedTurn
from understudy.play.satisfaction import Score, satisfaction
from understudy.play.scene import Scene
from understudy.probes import contamination
from understudy.probes.contamination import Guesses, TalkBeforeTarget
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.prompt.structured import Invalid, structured
from understudy.recommenders import Services, llm
from understudy.records import Item, Need, Turn
from understudy.rehearsal import Fitted

ITEMS = [
    Item("1", "Grey Water", 1998, ("drama",)), Item("2", "Tin Roof", 2004, ("comedy",)), Item("3", "Plum Street", 2004, ("comedy",)),
    Item("4", "Far Gate", 1977, ("horror",)), Item("5", "Salt Road", 1987, ("drama", "romance")),
]  # fmt: skip
SOLD = {"1": 50, "2": 9, "3": 4, "4": 30, "5": 1}
FITTED = Fitted({one.label: (one.genres, SOLD[one.item_id]) for one in ITEMS}, (), rehearsal.UNFITTED.strata, {}, {}, (), (), 0)
NEED = Need(genres=("comedy",), disliked_genres=("horror",), seen=("Grey Water (1998)",))


async def complete(request: Request) -> Completion:
    said = rehearsal.respond(
        request.messages, surface=rehearsal.surface("0"), fitted=FITTED, temperature=request.temperature, top_p=request.top_p,
        seed=request.seed,
    )  # fmt: skip
    return Completion(said.text, "rehearsal", "rehearsal", "stop", "", said.prompt_tokens, said.completion_tokens, said.intended_act)


def score(*turns: tuple[str, str], replicate: int = 0) -> int:
    loaded = load_setting("zero_shot").genome
    genome = Genome(loaded.sections, loaded.controls)
    scene = Scene("free", "s", "d", NEED, (), None, None, ITEMS[2], genome, (), "crs", "rehearsal/0", replicate)
    found = asyncio.run(satisfaction(scene, [PlayedTurn(role, text) for role, text in turns], complete))  # type: ignore[arg-type]
    assert isinstance(found, Score)
    return found.satisfaction


def mean(*turns: tuple[str, str]) -> float:
    return sum(score(*turns, replicate=n) for n in range(30)) / 30


def test_the_judge_goes_by_what_was_suggested() -> None:
    hello = ("seeker", "hi, any comedies?")
    fits, avoided = mean(hello, ("recommender", "Try Tin Roof (2004).")), mean(hello, ("recommender", "Try Far Gate (1977)."))
    nothing = mean(hello, ("recommender", "What do you like?"))
    known = mean(hello, ("recommender", "Try Grey Water (1998)."))
    assert fits > 3.5
    assert avoided < known + 0.5 < fits
    assert nothing < fits
    assert 1 <= nothing <= 3


@pytest.mark.parametrize(
    ("reaction", "level"), [("That sounds great, I will watch it!", 1), ("No, I do not like that one.", -1), ("Who is in it?", 0)]
)
def test_a_title_of_unknown_genres_is_judged_by_how_it_was_taken(reaction: str, level: int) -> None:
    hello, offer = ("seeker", "hi, any comedies?"), ("recommender", "Try Unlisted Harbour (1999).")
    neutral = mean(hello, offer, ("seeker", "Who is in it?"))
    seen = mean(hello, offer, ("seeker", reaction))
    assert (seen > neutral) - (seen < neutral) == level


def test_a_recommender_that_knows_no_title_says_so_in_an_act() -> None:
    crs = llm.build({}, {}, Services(complete=complete, model="rehearsal/0"))
    turn = asyncio.run(crs.start(1).reply("a comedy, please"))
    assert turn.ranked_ids == ()


def recommendation(*said: str, seed: int = 1) -> list[tuple[str, Sequence[str], str]]:
    crs = llm.build({one.item_id: one for one in ITEMS}, SOLD, Services(complete=complete, model="rehearsal/0"))
    session = crs.start(seed)

    async def talk() -> list[tuple[str, Sequence[str], str]]:
        out = []
        for text in said:
            turn = await session.reply(text)
            out.append((turn.act, turn.ranked_ids, turn.text))
        return out

    return asyncio.run(talk())


def test_the_recommender_takes_titles_from_the_catalogue_by_what_the_seeker_says() -> None:
    act, ranked, text = recommendation("I feel like comedies, do you have one?")[0]
    assert act == "recommend"
    assert set(ranked[:2]) == {"2", "3"}
    assert "(2004)" in text


def test_the_recommender_asks_when_it_knows_nothing_and_repeats_no_title() -> None:
    first, second, third = recommendation("hi there", "a comedy", "no, something else")
    assert first[0] == "ask"
    assert second[1][0] != third[1][0]
    assert recommendation("ok thanks, bye")[0][0] == "goodbye"


def guesses(*said: str) -> list[str]:
    turns = tuple(Turn("seeker" if at % 2 == 0 else "recommender", text) for at, text in enumerate(said))
    request = contamination.request_of(TalkBeforeTarget("s", "d", "5", turns, frozenset()), model="rehearsal/0", seed=3)
    found = asyncio.run(structured(complete, request, Guesses))
    assert not isinstance(found, Invalid)
    return found.titles


def test_the_guesser_knows_popularity_and_nothing_else() -> None:
    assert guesses("hello")[:3] == ["Grey Water (1998)", "Far Gate (1977)", "Tin Roof (2004)"]
    assert guesses("I love romance like nothing else")[:1] == ["Grey Water (1998)"]
    assert "Grey Water (1998)" not in guesses("I saw Grey Water (1998)", "And?")


def test_names_carry_the_quality_of_the_critic() -> None:
    named = rehearsal.model_name(rehearsal.surface("4"), rehearsal.UNFITTED, critic=0.6)
    assert named == "rehearsal/4@critic=0.6"
    assert rehearsal.parse_model(named).critic == 0.6
    assert rehearsal.parse_model("rehearsal/4@0123456789ab@critic=1") == rehearsal.ModelName("4", "0123456789ab", 1.0)
    assert rehearsal.full_name("rehearsal@critic=0.25", "rehearsal/4@0123456789ab") == "rehearsal/4@0123456789ab@critic=0.25"
    assert rehearsal.full_name("rehearsal", "rehearsal/4") == "rehearsal/4"
    assert rehearsal.full_name("gpt", "rehearsal/4") is None
    for wrong in ("rehearsal/0@critic=2", "rehearsal/0@critic=", "rehearsal/0@critic=nan"):
        with pytest.raises(BadInput):
            rehearsal.parse_model(wrong)
