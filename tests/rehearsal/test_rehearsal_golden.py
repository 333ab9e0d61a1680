"""The replies of the committed surfaces are what they were, to the byte: results depend on them.

`tests/rehearsal/golden/replies.txt` holds a digest of each of 300 replies. It was recorded before the first optimisation and is
written anew, by `python tests/rehearsal/test_rehearsal_golden.py`, only together with a raised VERSION and a word in docs/rehearsal.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from understudy.completion import Message
from understudy.records import Item
from understudy.rehearsal import UNFITTED, Fitted, fit, respond, surface

GOLDEN = Path(__file__).parent / "golden" / "replies.txt"
SURFACES = ("0", "3", "100", "null", "adverse")
ITEMS = [
    Item("1", "Grey Water", 1998, ("drama", "war"), ("Ada Hill", "Bo Marsh")),
    Item("2", "Tin Roof", 2004, ("comedy",)),
    Item("3", "Plum Street", 2004, ("comedy", "romance")),
    Item("4", "The Far Gate", 1977, ("thriller",)),
]
OPENINGS = ("I like {0} films, {1} showed me {2} once and it stuck", "hi, got a good {0} one?", "Something with Ada Hill, {1} asked")
REACTIONS = ("I'll watch it with {1}!", "no, not into {0} that much", "Seen it, {1} loved it.", "never heard of it, is it like {2}?")
WHO = ("uncle Bo", "my sister", "a neighbour", "the kids", "dad", "nobody else", "my flat mate")
STRATA = ("liked_unseen", "disliked", "liked_seen", "unstated")
BARE = """You are a user who talks to a recommender.

How you react: React to what is suggested.
After 3 suggestions that do not suit you, end the conversation."""
LIKES = """What you want: These are your likes.
Genres you like: comedy, drama
Titles you enjoyed: Tin Roof (2004)
Titles you already know: Tin Roof (2004); The Far Gate (1977)
The title that would suit you today: Grey Water (1998)"""
CAREFUL = """You are an ordinary person, a seeker. Never recommend anything.

How much you tell: Tell it bit by bit. Hold the title back.

How you react: Be critical and turn things down. If you have already seen it, say so.

How you talk: Short, casual messages. Vary your wording. Perhaps ask questions of your own.

When you stop: Say goodbye once you have found enough.

Them: hi, what do you like?
Me: hey, anything odd & old, my dad has seen it all
Them: The Far Gate (1977)?
Me: saw that twice"""
TODAY = """What you want: Your likes.
Genres you like: comedy
Genres you avoid: war
People whose work you like: Ada Hill
What would suit you today: drama, with Ada Hill, from the 1990s"""
# the first of a talk is the recommender's, where there is one
TALKS = (
    (),
    ("hi there", "Hello! What kind of movies do you like?"),
    ("Hi", "hey, any good drama?", "How about Grey Water (1998)?"),
    (
        "Hi, what do you like?", "comedies mostly", "Plum Street (2004) or The Far Gate (1977)",
        "Not a fan of that. Anything else?", "Big Sky (2001), it is new & good",
    ),
    ("Try Plum Street (2004)", "never saw it, will do", "Enjoy it, goodbye!"),
)  # fmt: skip
DIALS = ((0.7, 1.0), (1.3, 0.9))


def test_every_reply_is_what_it_was() -> None:
    recorded = GOLDEN.read_text().splitlines()
    said = list(replies())
    assert len(said) == len(recorded) == 301
    assert [line for line, was in zip(said, recorded, strict=True) if line != was] == []


def replies() -> Iterator[str]:
    """A line for the fitted model and one for each reply: surface, model, prompt, talk, seed, act, tokens, 16 hex digits of the text."""
    seed = 0
    yield f"fit {fitted_on_ours().digest}"
    for name in SURFACES:
        for kind, fitted in (("unfitted", UNFITTED), ("fitted", fitted_on_ours())):
            for prompt, shared, own in (("bare", BARE, LIKES), ("careful", CAREFUL, TODAY)):
                for at, talk in enumerate(TALKS):
                    for temperature, top_p in (*DIALS, (0.0, 1.0)):
                        seed += 1
                        sent = messages(shared, own, talk)
                        said = respond(sent, surface=surface(name), fitted=fitted, temperature=temperature, top_p=top_p, seed=seed)
                        digest = hashlib.sha256(said.text.encode()).hexdigest()[:16]
                        yield f"{name} {kind} {prompt} {at} {seed} {said.intended_act} {said.completion_tokens} {digest}"


def messages(shared: str, own: str, talk: Sequence[str]) -> list[Message]:
    """What a seeker is sent; its last message is the recommender's, so an even number of turns was opened by the seeker."""
    is_own = len(talk) % 2 == 0
    said = [Message("assistant" if (i % 2 == 0) == is_own else "user", text) for i, text in enumerate(talk)]
    asked = [Message("user", "What are you looking for?")] if is_own else []
    return [Message("system", f"{shared}\n\n{own}"), *asked, *said]


def fitted_on_ours() -> Fitted:
    """A model fitted on 84 dialogues of our own."""
    turns, reactions = [], []
    for i in range(84):
        words = (("comedy", "drama", "war")[i % 3], WHO[i % 7], "Tin Roof (2004)")
        lines = [
            ("recommender", "Hi, what kind of movies do you like?"),
            ("seeker", OPENINGS[i % 3].format(*words)),
            ("recommender", f"Try {ITEMS[i % 4].label}."),
            ("seeker", REACTIONS[i % 4].format(*words)),
            ("recommender", "You are welcome, goodbye"),
            ("seeker", ("bye", "thanks, bye!", "Thank you, have a good one")[i % 3]),
        ]
        turns += [(f"d{i}", f"s{i}", f"r{i}", at, role, text, []) for at, (role, text) in enumerate(lines)]
        reactions.append((f"c{i}", f"d{i}", f"s{i}", f"r{i}", STRATA[i % 4], ITEMS[i % 4].item_id, lines[3][1]))
    asked = ["dialogue_id", "seeker_id", "recommender_id", "turn_index", "role", "text", "item_ids"]
    reacted = ["context_id", "dialogue_id", "seeker_id", "recommender_id", "stratum", "item_id", "text"]
    return fit(
        pl.DataFrame(turns, schema=asked, orient="row"),
        pl.DataFrame(reactions, schema=reacted, orient="row"),
        {item.item_id: item for item in ITEMS},
    )


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(replies()) + "\n")
