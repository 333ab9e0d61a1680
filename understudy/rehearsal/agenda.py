"""The seeker: from the state of the conversation to a plan, from the plan to words, with the faults that a prompt leaves in.

Agenda-based user simulation after Schatzmann et al. (2007) and Zhang and Balog (2020): what to do next depends on what the
recommender just did, on what the seeker did before, and on how long the conversation has run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from understudy.completion import Message
from understudy.records import STRATA
from understudy.rehearsal import acts
from understudy.rehearsal.draws import Draws
from understudy.rehearsal.filling import Names, fill
from understudy.rehearsal.fitted import Fitted
from understudy.rehearsal.instruction import Instruction, instructed_turn, instruction_in
from understudy.rehearsal.parameters import read
from understudy.rehearsal.plans import in_case, length_of, manner_of, with_end
from understudy.rehearsal.reading import Brief, Conversation, Wishes, instructed, understand
from understudy.rehearsal.surfaces import Surface, levels
from understudy.rehearsal.wording import word

_TOKEN = re.compile(r"\w+|[^\w\s]")
_ENOUGH = ((0, 5), (1, 8), (2, 5), (3, 1))  # plans a cell must hold before it is used, by how much of the state it ignores
_LENGTH_HABIT, _CASE_HABIT, _END_HABIT = 0.5, 0.75, 0.5  # how often a turn follows the seeker's own length, case, end mark
_CHARACTERS_PER_TOKEN = 4
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class SeekerReply:
    """A seeker's turn. `intended_act` is for the side channel only; token counts are estimates by words and marks."""

    text: str
    intended_act: str
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the conversation stands: titles in the recommender's last turn, all titles named so far, own acts so far."""

    state: str
    new: tuple[str, ...]
    roles: Mapping[str, str]
    previous: str
    n_said: int
    n_rejected: int
    style: str | None
    n_words: float | None


def respond(messages: Sequence[Message], *, surface: Surface, fitted: Fitted, temperature: float, top_p: float, seed: int) -> SeekerReply:
    """The seeker's next turn. Raises BadInput for messages that do not ask for one."""
    brief, conversation = understand(messages)
    if surface.flat:
        brief = unmoved(brief)
    level = levels(brief, surface=surface, temperature=temperature, top_p=top_p)
    draws = Draws(seed)
    situation = situation_of(conversation, fitted)
    names = Names(brief.wishes, situation.roles, fitted)
    act, text = _turn(brief, situation, names, fitted, level, draws, instruction=instruction_in(messages))
    prompt = sum(len(message.content) for message in messages) // _CHARACTERS_PER_TOKEN
    # an empty turn is a reply as well, at the price of its end; a reply of no tokens is what a broken server sends
    return SeekerReply(text, read("acts.toml")["reported"].get(act, act), prompt, max(1, len(_TOKEN.findall(text))))


def unmoved(brief: Brief) -> Brief:
    """The brief without all that a prompt can vary: where nothing helps, telling less or showing examples does not help either."""
    instructions = replace(brief.instructions, patience=None)
    return replace(brief, instructions=instructions, wishes=Wishes(known=brief.wishes.known), examples=())


def faults(messages: Sequence[Message], *, surface: Surface, temperature: float, top_p: float) -> Mapping[str, float]:
    """The level of each fault, in [0, 1], that these messages lead to on a surface. Raises BadInput without a seeker's brief."""
    return levels(instructed(messages), surface=surface, temperature=temperature, top_p=top_p)


def situation_of(conversation: Conversation, fitted: Fitted) -> Situation:
    """The situation after the last turn of a conversation."""
    named: set[str] = set()
    state, last, new, own = acts.START, set[str](), tuple[str, ...](), list[str]()
    for role, text in conversation.turns:
        labels = named_in(text, fitted)
        if role == "recommender":
            new = tuple(dict.fromkeys(label for label in labels if label not in named))
            state, last = acts.recommender_state(text, len(new)), set(labels)
        elif text.strip():
            roles = {label: "last" if label in last else "old" for label in named}
            own.append(acts.turn_act(acts.masked(text, fitted.catalogue, roles) if labels else text))
        named |= set(labels)
    return Situation(
        state, new, {label: "last" if label in last else "old" for label in named}, own[-1] if own else "none",
        len(own), own.count("reject"), *_habits(conversation.said),
    )  # fmt: skip


def kept_up(plan: str, manner: str | None, draws: Draws) -> str:
    """The plan in the seeker's usual case and with the usual end mark, as often as people keep to those; questions stay questions."""
    if manner is None:
        return plan
    if draws.of("case_habit") < _CASE_HABIT:
        plan = in_case(plan, manner[0])
    return with_end(plan, manner[1]) if draws.of("end_habit") < _END_HABIT else plan


def _habits(said: Sequence[str]) -> tuple[str | None, float | None]:
    """The commonest manner of the seeker's turns and their mean length in words; None before the first."""
    manners = [manner_of(text) for text in said if text.strip()]
    if not manners:
        return None, None
    return max(sorted(set(manners)), key=manners.count), sum(len(text.split()) for text in said) / len(manners)


def _turn(
    brief: Brief, situation: Situation, names: Names, fitted: Fitted, level: Mapping[str, float], draws: Draws, *,
    instruction: Instruction | None,
) -> tuple[str, str]:
    """(act, text) of the next turn; what an `instruction` says is done unless the seeker drifts."""
    speech = read("speech.toml")
    for fault in ("invalid", "role_flip"):
        if draws.of(fault) < level[fault]:
            return fault, fill(draws.pick(speech[fault]["phrases"], draws.of("flip_which")), names, draws)
    if brief.examples and draws.of("parroting") < level["parroting"]:
        return _parroted(brief, situation, draws)
    is_heeded = instruction is not None and draws.of("drift") >= level["drift"]
    if instruction is not None and is_heeded:
        act, text = instructed_turn(instruction, fitted, draws)
    else:
        act, text = _natural(brief, situation, fitted, level, draws)
    if not is_heeded and situation.new and act not in ("accept", "bye") and draws.of("positivity") < level["positivity"]:
        act, text = _delighted(fitted, draws)
    if draws.of("sameness") < level["sameness"]:
        text = draws.pick(speech["stock"].get(act, speech["stock"]["chat"]), draws.of("sameness_which"))
    return act, fill(_with_extras(text, brief, situation, level, draws), names, draws)


def _natural(brief: Brief, situation: Situation, fitted: Fitted, level: Mapping[str, float], draws: Draws) -> tuple[str, str]:
    """(act, slotted text) as the fitted interaction model has it, but for drift."""
    state, previous = situation.state, situation.previous
    patience = brief.instructions.patience
    if patience is not None and situation.n_rejected >= patience:
        state = "bye"
    elif state == acts.ONE:
        state = f"one:{met_stratum(brief, situation.new[0], fitted, draws.of('stratum'))}"
    if draws.of("drift") < level["drift"]:
        state, previous = draws.pick(states_of(fitted), draws.of("drift_state")), "none"
    plan = choose(fitted, state, previous, situation, draws.of("plan"), draws.of("plan_again"))
    text = word(kept_up(plan, situation.style, draws), fitted, draws)
    return acts.turn_act(text), text


def choose(fitted: Fitted, state: str, previous: str, situation: Situation, u: float, again: float) -> str:
    """A plan of the most specific cell that holds enough, of the seeker's usual length as often as people keep to it."""
    at = str(acts.position(situation.n_said))
    views = plans_by_view(fitted)
    keys = (f"{state}|{previous}|{at}", f"{state}|{previous}|", f"{state}||{at}", f"{state}||")
    view = next((keys[i] for i, enough in _ENOUGH if len(views.get(keys[i], ())) >= enough), "chat||")
    plans = views.get(view, ("l",))
    first = plans[int(u * len(plans))]
    if situation.n_words is None or again >= _LENGTH_HABIT:
        return first
    # people who write much keep doing so: of two plans the one nearer to the seeker's own length
    second = plans[int(again / _LENGTH_HABIT * len(plans))]
    return min(first, second, key=lambda plan: abs(length_of(plan) - (situation.n_words or 0)))


def plans_by_view(fitted: Fitted) -> Mapping[str, Sequence[str]]:
    """Plans by `state|previous|position`, either left empty where it does not matter; built once and kept."""
    views: dict[str, list[str]] | None = fitted.kept.get("views")
    if views is None:
        views = {}
        for cell, plans in fitted.cells.items():
            state, previous, at = cell.split("|")
            for view in dict.fromkeys((cell, f"{state}|{previous}|", f"{state}||{at}", f"{state}||")):
                views.setdefault(view, []).extend(plans)
        fitted.kept["views"] = views
    return views


def states_of(fitted: Fitted) -> Sequence[str]:
    """The states in which plans were seen, in order; found once and kept."""
    states: list[str] | None = fitted.kept.get("states")
    if states is None:
        states = fitted.kept["states"] = sorted({cell.split("|")[0] for cell in fitted.cells})
    return states


def accepting(fitted: Fitted) -> Sequence[str]:
    """The plans of an acceptance after one liked, unseen title; found once and kept."""
    plans: list[str] | None = fitted.kept.get("accepting")
    if plans is None:
        known = plans_by_view(fitted).get("one:liked_unseen||", ())
        plans = fitted.kept["accepting"] = [plan for plan in known if "accept" in plan]
    return plans


def named_in(text: str, fitted: Fitted) -> Sequence[str]:
    """The labels of the titles in a turn, kept: the turns of a conversation come back with every later one."""
    known: dict[str, tuple[str, ...]] = fitted.kept.setdefault("named", {})
    labels = known.get(text)
    if labels is None:
        if len(known) >= _MOST_KEPT:
            known.clear()
        labels = known[text] = tuple(label for *_, label in acts.labels_in(text, fitted.catalogue))
    return labels


def met_stratum(brief: Brief, label: str, fitted: Fitted, u: float) -> str:
    """Which stratum a newly recommended title is taken for, from what the need says of it and its genres."""
    wishes, spec = brief.wishes, read("reactions.toml")
    if label == wishes.title:
        return "liked_unseen"
    if label in wishes.disliked:
        return "disliked"
    known = label in wishes.known or label in wishes.enjoyed
    weights = {name: fitted.strata[name] * (share if known else 1 - share) for name, share in spec["known"].items()}
    genres, n_recommended = fitted.catalogue.get(label, ((), 1))
    for tilt in _tilts(set(genres), n_recommended, wishes):
        weights = {name: weight * spec[tilt][name] for name, weight in weights.items()}
    total, reached = sum(weights.values()), 0.0
    for name in STRATA:
        reached += weights[name]
        if u * total < reached:
            return name
    return "unstated"


def _tilts(genres: set[str], n_recommended: int, wishes: Wishes) -> Iterator[str]:
    """The sections of reactions.toml that apply to a title."""
    wanted = set(wishes.suits) | set(wishes.genres)
    if genres and wanted:
        yield "fits" if genres & wanted else "misfits"
    if genres & (set(wishes.avoided) - wanted):
        yield "avoided"
    if not n_recommended:
        yield "obscure"


def _delighted(fitted: Fitted, draws: Draws) -> tuple[str, str]:
    """An acceptance in the place of any other reaction: half in the fitted words, half in stock phrases."""
    plans = accepting(fitted)
    if plans and draws.of("delight") < 0.5:
        return "accept", word(draws.pick(plans, draws.of("accept_plan")), fitted, draws)
    return "accept", draws.pick(read("speech.toml")["delight"]["phrases"], draws.of("delight_which"))


def _parroted(brief: Brief, situation: Situation, draws: Draws) -> tuple[str, str]:
    example = draws.pick(brief.examples, draws.of("parrot_which"))
    said = [text for role, text in example if role == "seeker" and text]
    text = said[min(situation.n_said, len(said) - 1)] if said else ""
    return acts.turn_act(text), text


def _with_extras(text: str, brief: Brief, situation: Situation, level: Mapping[str, float], draws: Draws) -> str:
    """`text` with what wordiness and the two leaks add to it."""
    speech, wishes, parts = read("speech.toml"), brief.wishes, [text]
    if draws.of("wordiness") < level["wordiness"]:
        n = 1 + (draws.of("wordiness_more") < level["wordiness"])
        first = int(draws.of("wordiness_which") * len(speech["extra"]["phrases"]))
        parts += [speech["extra"]["phrases"][(first + i) % len(speech["extra"]["phrases"])] for i in range(n)]
    if wishes.title and wishes.title not in situation.roles and draws.of("title_leak") < level["title_leak"]:
        parts.append(draws.pick(speech["leak"]["title"], draws.of("title_which")))
    # everything at once: while wishes are being told, before anything has been recommended
    if "last" not in situation.roles.values() and draws.of("attribute_leak") < level["attribute_leak"]:
        told = wishes.suits or (*wishes.genres[:3], *(f"with {person}" for person in wishes.people[:2]))
        if told and situation.state in (acts.START, "greet", "ask_taste", "ask", "chat") and situation.n_said < 3:
            phrase = draws.pick(speech["leak"]["attributes"], draws.of("attribute_which"))
            parts.append(phrase.replace("{attributes}", ", ".join(told)))
    return " ".join(part for part in parts if part)
