"""What the golden prompts are rendered on: an invented seeker, three invented example dialogues, one conversation at three moments."""

from __future__ import annotations

from understudy.prompt.template import Exemplar
from understudy.records import Item, Need, Turn

TARGET = Item("7", "The Glass Harbour", 1987, ("drama", "romance"), ("Ada Quill",))
NEED = Need(
    liked=("Paper Lanterns (2003)", "Nine Ferries (1999)"),
    disliked=("Cold Engine (2011)",),
    seen=("Paper Lanterns (2003)", "Cold Engine (2011)", "Low & Slow (1988)"),
    genres=("drama", "comedy", "mystery"),
    disliked_genres=("horror",),
    people=("Ada Quill", "Tom Berrow"),
    targets=("7",),
    disliked_people=("Ivo Marsh",),
    eras=("1990s", "2000s"),
    disliked_eras=("2010s",),
)
EXEMPLARS = tuple(
    Exemplar(f"e{n}", (Turn("recommender", "hi, what do you like?"), Turn("seeker", said), Turn("recommender", "Try Oak Street (1992)")))
    for n, said in enumerate(("anything with a heist in it", "hey! something <3 sweet & short", "not sure, old stuff maybe", "idk"))
)
OPENING: tuple[Turn, ...] = ()
ASKED = (Turn("seeker", "hi there"), Turn("recommender", "Hello! What kind of movies do you like?"))
RECOMMENDED = (*ASKED, Turn("seeker", "sad ones"), Turn("recommender", "You could try Oak Street (1992).", 1, ("12",)))
CHATTED = (*RECOMMENDED, Turn("seeker", "ok, will do"), Turn("recommender", "Enjoy your evening in."))
MOMENTS = {"opening": OPENING, "asked": ASKED, "recommended": RECOMMENDED, "chatted": CHATTED}
