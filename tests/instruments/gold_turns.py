"""Small invented gold: dialogues whose seekers take, refuse or pass over what they are offered, in our own words."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.instruments.gold import GOLD

SAID = {
    "ACC": ("i will watch it tonight", "sounds great to me", "ok adding it to my list", "lovely pick, count me in"),
    "REJ": ("not my thing at all", "i hated that one", "too scary for me", "no thanks, boring"),
    "SEE": ("i saw it last year", "already watched that twice", "yes seen it at school"),
    "NRE": ("never heard of it", "i have not seen that one"),
    "PRO": ("my favorite is anything with trains", "i love quiet dramas"),
    "INQ": ("who plays in it?", "what year is that one from?"),
    "IQU": ("i am looking for a comedy", "can you suggest something for kids"),
    "OTH": ("hello there", "thanks for your help, bye", "my dog says hi"),
}
OFFER = "how about The Paper Lantern (1999)"
SPLITS = ("exemplar", "search", "search", "select", "test")


def gold_turns(n_dialogues: int = 60, *, seed: int = 3) -> pl.DataFrame:
    """Gold turns (columns GOLD): every dialogue opens with a request and has five answers to a recommendation."""
    rng, rows = np.random.default_rng(seed), []
    codes = tuple(SAID)
    for number in range(n_dialogues):
        name, split = f"d{number}", SPLITS[number % len(SPLITS)]
        rows.append((name, split, "seeker", "", str(rng.choice(SAID["IQU"])), 0, ["IQU"], []))
        for turn in range(5):
            code = codes[int(rng.integers(len(codes)))]
            text = f"{rng.choice(SAID[code])} {rng.choice(['', 'haha', 'so', 'well'])}".strip()
            rows.append((name, split, "recommender", "", OFFER, 2 * turn + 1, ["REC-S"], []))
            rows.append((name, split, "seeker", OFFER, text, 2 * turn + 2, [code], ["REC-S"]))
    order = ("dialogue_id", "split", "role", "answered", "text", "turn_index", "acts", "previous_acts")
    return pl.DataFrame(rows, schema={column: GOLD[column] for column in order}, orient="row")
