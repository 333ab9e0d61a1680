"""Stock phrases for every act: what a model is to say in its own way, and, in an ablation, what is said without any model."""

from __future__ import annotations

from understudy.keys import rng_of
from understudy.policy.plans import TurnPlan
from understudy.prompt.template import plain

VERSION = 2
ENGINE = "policy"
"""The engine of dialogues that a policy speaks in stock phrases: no model made them."""
_PHRASES = {
    "greet": ("hi", "hello there", "hey, how are you"),
    "request": ("can you recommend something", "I am looking for something to watch", "what would you suggest"),
    "accept": ("ok I will watch that one", "that sounds good, I will take it", "great, I will try it"),
    "reject": ("no, that is not for me", "I do not really like that one", "not that one please"),
    "seen": ("I have seen that one", "yes I have seen it already", "I saw it a while ago"),
    "unseen": ("I have not seen that", "never heard of that one", "I have not seen it yet"),
    "ask": ("what is it about?", "who is in it?", "is it any good?"),
    "prefer": ("I like that kind of thing", "that is what I usually like", "I enjoy those"),
    "close": ("thanks for your help", "thank you so much", "thanks, that helped"),
    "other": ("ok", "alright", "I see"),
}
_WITHOUT_OFFER = {
    "accept": ("sure", "yes", "ok sure"),
    "reject": ("no", "not really", "no thanks"),
    "seen": ("I have seen a few", "I saw some of those", "I have seen most of them"),
    "unseen": ("I am not sure", "I do not know", "no idea"),
}
_AFTER = {"accept": "I will watch it", "reject": "but it is not for me", "neither": "maybe"}
# who has seen a title and likes it does not say so by watching it, and most acts leave open by themselves what becomes of a suggestion
_LIKED = "and I liked it"
_SAYS_YES_OR_NO = ("accept", "reject")


def said(plan: TurnPlan, *draws: str | int) -> str:
    """A turn that does what is planned, one phrase of three drawn by `draws`."""
    phrases = _PHRASES[plan.act] if plan.has_offer else _WITHOUT_OFFER.get(plan.act, _PHRASES[plan.act])
    parts = [phrases[int(rng_of("stock", VERSION, *draws).integers(len(phrases)))]]
    if (verdict := _verdict(plan)) is not None:
        parts.append(verdict)
    if plan.wishes:
        parts.append(f"I like {' and '.join(plain(wish) for wish in plan.wishes)}")
    if plan.ends:
        parts.append("bye")
    return ", ".join(parts)


def _verdict(plan: TurnPlan) -> str | None:
    """What is said of the suggestion beside the act; None where the act says it, or leaves it open as planned."""
    if plan.act == "seen" and plan.beside_act == "accept":
        return _LIKED
    if plan.beside_act == "neither" and plan.act not in _SAYS_YES_OR_NO:
        return None
    return _AFTER.get(plan.beside_act)
