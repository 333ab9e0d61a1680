"""What a call of each role is taken to be: how many a turn, how long, at what price, how many seconds. Part of `estimate`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.completion import ModelRole, Request
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import known_price
from understudy.doors.local.speed import Speed
from understudy.names import shown_model
from understudy.parameters import LOCAL, Caps, Models
from understudy.play.scene import Scene
from understudy.play.turn import check_request, request_of
from understudy.prompt.genome import Genome
from understudy.studies.estimate import NONE, Estimate, RoleCalls, Way

EMBEDDED = "rehearsal"
N_ENOUGH = 30  # fewer calls of a kind say little of the next ones
MEAN_SPREAD = 0.25
# of the mean length of a handful of replies, which vary by about as much as they are long
_SAMPLED_SPREAD = 0.6
Fields = dict[str, Any]
Speeds = Mapping[str, Speed]

# an English text has about four bytes a token, with most tokenizers between these
_BYTES_A_TOKEN = Estimate(1 / 4.0, 1 / 5.0, 1 / 3.0)
_TOKENS_A_WORD = 1.35
_HOSTED_S, _EMBEDDED_S = Estimate(1.5, 0.5, 5.0), Estimate(0.005, 0.003, 0.02)
# of the recommender that is a language model: the conversation, the titles it is shown, and its ranking
_RECOMMENDER = Estimate(900, 500, 2000), Estimate(350, 120, 1400)
_CHECK_REPLY = Estimate(30, 10, 200)
# of the satisfaction asked for after a free run, which holds the whole dialogue
_JUDGE = Estimate(750, 450, 1800), Estimate(10, 6, 120)
# an answer by schema may need a repair
_STRUCTURED = Estimate(1.05, 1, 2)
# a language model's reply that cannot be used is asked for once more
_ASKED_AGAIN = Estimate(1.1, 1, 2)
_CALL_S = {True: Estimate(0.004, 0.0025, 0.012), False: Estimate(0.007, 0.005, 0.02)}
_EVALUATION_S, _START_S = Estimate(0.8, 0.2, 3.0), Estimate(15, 6, 60)
# what it is shown of a prompt and of turns, and the section that it writes; a commission in need of a second look asks again
_CRITIC, _REWRITINGS = (Estimate(1800, 800, 5000), Estimate(120, 40, 700)), Estimate(1.9, 0.7, 3.5)
_ASSUMED: dict[ModelRole, tuple[Estimate, Estimate]] = {"recommender": _RECOMMENDER, "judge": _JUDGE, "critic": _CRITIC}


def calls_of(
    role: ModelRole, models: Models, scenes: Sequence[Scene], measured: Fields | None, *, latency_s: float | None, speeds: Speeds
) -> RoleCalls:
    """The calls of a role in dialogues. `latency_s`: seconds of a call that are given.

    `measured`: its row of play/measured_calls, that of a seeker with `runs`, the model's row of play/measured_runs, if there is one.
    """
    model = models.of(role)
    enough = measured is not None and measured["n"] >= N_ENOUGH
    sizes = _timed(speeds[model]) if role == "seeker" and model in speeds else _rendered(role, scenes)
    prompt, reply, source = _limited(*sizes, models.reply_tokens.get(role))
    latency, latency_from = _seconds(model, models, latency_s, speeds, prompt, reply)
    if measured is not None and enough:
        prompt, reply = (_about(measured[name]) for name in ("prompt_tokens", "reply_tokens"))
        source = f"{measured['n']} calls in the ledger"
        if latency_s is None:
            low, mean, high = (measured[name] for name in ("latency_lo", "latency", "latency_hi"))
            latency, latency_from = Estimate(mean, min(mean, low), max(mean, high)), source
    share = None if measured is None else measured["cached_share"]
    # as in the calls so far, or less where other prompts come between
    cached = None if share is None else Estimate(share, 0.0, share)
    price, told = _price(models, model), f"tokens: {source}; seconds: {latency_from}"
    if role == "critic":
        return RoleCalls(shown_model(model), NONE, prompt, reply, latency, price, told, per_rewriting=_REWRITINGS, cached=cached)
    if role == "judge":
        return RoleCalls(shown_model(model), NONE, prompt, reply, latency, price, told, per_run=_STRUCTURED, cached=cached)
    per_turn = _per_turn(role, scenes[0].genome)
    if role == "seeker" and model != EMBEDDED:
        per_turn = per_turn * _asked_again(None if measured is None else measured.get("runs"))
    return RoleCalls(shown_model(model), per_turn, prompt, reply, latency, price, told, cached=cached)


def asked_apart(model: str, models: Models, questions: Sequence[Request], *, latency_s: float | None, speeds: Speeds) -> RoleCalls:
    """The calls of a probe's questions, which a seeker's model is asked outside of dialogues."""
    most = float(models.reply_tokens.get("seeker") or max(one.max_tokens for one in questions))
    prompt, reply = _tokens(questions), Estimate(most / 3, 1, most)
    latency, latency_from = _seconds(model, models, latency_s, speeds, prompt, reply)
    told = f"tokens: {len(questions)} rendered questions; replies up to what they may fill; seconds: {latency_from}"
    return RoleCalls(shown_model(model), NONE, prompt, reply, latency, _price(models, model), told, per_question=_STRUCTURED)


def _price(models: Models, model: str) -> Price | None:
    return Price(0.0, 0.0) if model == EMBEDDED else known_price(GatewayConfig.of(models, Caps()), model)


def seconds_beside_others(speed: Speed, models: Models, prompt: Estimate, reply: Estimate) -> Estimate:
    """Seconds of a call of a local model that was timed alone, among as many as go out at once.

    They share its cores, so that eight at once take about eight times as long as one alone.
    """
    n_at_once, of = way_of(models).concurrency, speed.seconds
    return Estimate(of(prompt.value, reply.value), of(prompt.lo, reply.lo), of(prompt.hi, reply.hi)) * n_at_once


def _seconds(
    model: str, models: Models, given: float | None, speeds: Speeds, prompt: Estimate, reply: Estimate
) -> tuple[Estimate, str]:
    """Of a call of which the ledger says nothing, and where the figure is from."""
    if given is not None:
        return Estimate.exactly(given), "given"
    if (speed := speeds.get(model)) is not None:
        share, rates = f"{speed.computed:.0%} of a prompt is computed", f"{speed.prompt_per_s:.0f} and {speed.reply_per_s:.0f}"
        return seconds_beside_others(speed, models, prompt, reply), f"{rates} tokens per second measured now, and {share}"
    return _EMBEDDED_S if model == EMBEDDED else _HOSTED_S, "assumed"


def _about(mean: float) -> Estimate:
    return Estimate(mean, mean * (1 - MEAN_SPREAD), mean * (1 + MEAN_SPREAD))


def _per_turn(role: ModelRole, genome: Genome) -> Estimate:
    """Calls of a role for one turn: answers by schema may need a repair, and a draft may be rejected once."""
    if role != "seeker":
        return _STRUCTURED
    if genome.policy is not None and genome.policy.words == "stock":
        return NONE
    once = _STRUCTURED if genome.controls.deliberation == "steps" else Estimate.exactly(1)
    return once * Estimate(1.2, 1, 2) if genome.controls.verifier else once


def _asked_again(runs: Fields | None) -> Estimate:
    """Replies to one request of a seeker, the second ones counted: as in the model's free runs in the store, or as it is assumed."""
    if runs is None or runs["n"] < N_ENOUGH or runs["asked_again"] is None:
        return _ASKED_AGAIN
    share = runs["asked_again"]
    return Estimate(1 + share, 1 + share * (1 - MEAN_SPREAD), min(2, 1 + share * (1 + MEAN_SPREAD)))


def _rendered(role: ModelRole, scenes: Sequence[Scene]) -> tuple[Estimate, Estimate, str]:
    """Tokens of prompt and reply, from prompts rendered for a sample of human dialogues."""
    if role in _ASSUMED:
        return *_ASSUMED[role], "assumed"
    words = statistics.mean(len(turn.text.split()) for scene in scenes for turn in scene.history if turn.role == "seeker")
    if role == "verifier":
        asked = [check_request(scene, scene.history, len(scene.history), "x" * int(5 * words)) for scene in scenes]
        return _tokens(asked), _CHECK_REPLY, f"{len(scenes)} rendered prompts; the length of the replies is assumed"
    asked = [request_of(scene, scene.history, len(scene.history)) for scene in scenes]
    spoken, most = words * _TOKENS_A_WORD, float(asked[0].max_tokens)
    # models talk more than people do; one that thinks first fills much of what it may
    controls = scenes[0].genome.controls
    long = controls.reasoning == "think" or controls.deliberation == "steps"
    reply = Estimate(most / 3 if long else min(most, 1.5 * spoken), min(most, spoken), most)
    return _tokens(asked), reply, f"{len(scenes)} rendered prompts; the replies are as long as the humans' turns"


def _timed(speed: Speed) -> tuple[Estimate, Estimate, str]:
    """Tokens of prompt and reply of the calls that were timed. The mean of a whole run lies near theirs, not at a reply's limit."""
    reply = Estimate(1.0, 1 - _SAMPLED_SPREAD, 1 + _SAMPLED_SPREAD) * speed.reply_tokens
    return _about(speed.prompt_tokens), reply, "the calls that were timed"


def _limited(prompt: Estimate, reply: Estimate, source: str, limit: int | None) -> tuple[Estimate, Estimate, str]:
    """The same under a limit of so many tokens a reply, which a model that thinks first may use up; None leaves it to the requests."""
    if limit is None:
        return prompt, reply, source
    return prompt, Estimate(min(reply.value, limit), min(reply.lo, limit), limit), f"{source}, or up to --reply-tokens"


def _tokens(asked: Sequence[Request]) -> Estimate:
    mean = statistics.mean(sum(len(message.content.encode()) for message in request.messages) for request in asked)
    return _BYTES_A_TOKEN * mean


def way_of(models: Models) -> Way:
    """How the calls of a run go out."""
    embedded = all(name == EMBEDDED for name in models.named())
    # the seeker's calls are most of a run's, and more of them than its slots wait for each other
    n_at_once = min(models.concurrency, models.local.n_slots) if models.seeker.startswith(LOCAL) else models.concurrency
    return Way(n_at_once, models.rpm, models.tpm, _CALL_S[embedded], _EVALUATION_S, _START_S)
