"""The failures that another attempt cannot repair, by what providers say of them: one table of words and statuses.

The words are those of OpenAI, Azure, Anthropic, Gemini, Mistral, Groq, xAI, DeepSeek, OpenRouter, Bedrock, Ollama, vLLM, llama.cpp and
TGI; tests/doors/test_provider_errors.py holds a body of each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from understudy.doors.gateway.provider_errors import ProviderError

EVERY_PROMPT = 3
"""So many prompts in a row that are too long, before any reply, mean that every prompt is."""


@dataclass(frozen=True, slots=True)
class FailureKind:
    """A failure that retries cannot repair: what it is, and what to do.

    `in_a_row`: how many of its kind, with no reply of the model before, end the run; 1 where no other request can succeed, None where
    it concerns one request alone.
    """

    message: str
    hint: str
    in_a_row: int | None = None


CONTEXT = FailureKind(
    "the prompt is longer than the model's context",
    "use a model with a longer context, or a prompt setting with fewer examples and a shorter persona; of local models and Ollama raise "
    "the context with --num-ctx",
    in_a_row=EVERY_PROMPT,
)
REPLY_LIMIT = FailureKind(
    "the model does not write replies as long as was asked for",
    "lower the limit of replies with --reply-tokens, or name another model",
    in_a_row=1,
)
TOO_LARGE = FailureKind(
    "one request has more tokens than the account may send in a minute",
    "use an account with a higher limit of tokens per minute, or a prompt setting with fewer examples and a shorter persona",
    in_a_row=EVERY_PROMPT,
)
FILTER = FailureKind(
    "the provider's content filter refused the request or its reply",
    "the dialogue is recorded as missing; name another provider with --fallback, which may answer it",
)
CREDIT = FailureKind(
    "the account has no credit left", "add credit to the account, or name another model; every reply so far is stored", in_a_row=1
)
QUOTA = FailureKind(
    "the account's quota of this day or month is used up",
    "run the same command again when the provider has renewed the quota, or name another model; every reply so far is stored",
    in_a_row=1,
)
KEY = FailureKind(
    "the provider refused the key",
    "set the environment variable of the provider's key to a valid one, for example OPENAI_API_KEY",
    in_a_row=1,
)
ACCESS = FailureKind("the account may not use this model", "request access to the model, or name another one", in_a_row=1)
REGION = FailureKind(
    "the provider does not serve this country or region", "name a model of a provider that serves it, or a local one", in_a_row=1
)
RETIRED = FailureKind(
    "the model is no longer served", "name the model that the provider gives as its successor", in_a_row=1
)
NO_MODEL = FailureKind(
    "there is no such model or address",
    "check the model's name and --api-base, which usually ends in /v1; of Ollama, get the model with `ollama pull NAME` first",
    in_a_row=1,
)
PARAMETER = FailureKind(
    "the model does not take what every request holds", "name another model, or a server that takes the request as it is", in_a_row=1
)
UNSERVED = FailureKind(
    "the address does not serve chat completions",
    "check --api-base, which usually ends in /v1, and the provider in the model's name",
    in_a_row=1,
)
REDIRECTED = FailureKind(
    "the server answered with a redirect, which is not followed, since the prompts would go to another address",
    "give the address that the server redirects to as --api-base, if you trust it",
    in_a_row=1,
)
REFUSED = FailureKind(
    "the provider refused the request", "read the provider's words in the message; the same request would be refused again"
)
CUT_EMPTY = FailureKind(
    "the reply is empty: it was cut",
    "is it a reasoning model, whose thoughts count as reply? Raise the limit with --reply-tokens, switch its thoughts off at the server, "
    "or name another model",
)
EMPTY = FailureKind("the reply is empty", "name another model, or switch tools and reasoning off at the server")
KINDS = (
    CONTEXT, REPLY_LIMIT, TOO_LARGE, FILTER, CREDIT, QUOTA, KEY, ACCESS, REGION, RETIRED, NO_MODEL, PARAMETER, UNSERVED, REDIRECTED,
    REFUSED, CUT_EMPTY, EMPTY,
)  # fmt: skip

_BAD = (400, 413, 422, 500)
_ANY = (400, 401, 402, 403, 404, 409, 410, 413, 422, 429)
# the first that fits, so what is more exact comes first
_BY_WORDS = tuple(
    (re.compile(f"(?i){words}"), kind, statuses)
    for words, kind, statuses in (
        (
            r"per[ _-]?(?:day|month)|\bTPD\b|\bRPD\b|PerDay|/ ?(?:day|month)\b|daily (?:limit|quota)|monthly (?:limit|quota)|"
            r"(?:usage|spend(?:ing)?) limits?\b.{0,80}(?:reached|exceeded|regain)|(?:reached|exceeded).{0,40}(?:usage|spend(?:ing)?) limit",
            QUOTA, (400, 402, 403, 429),
        ),
        (
            r"request (?:is )?too large\b.*(?:per minute|TPM|per min\b)|reduced in order to run|reduce your message size",
            TOO_LARGE, (413, 429),
        ),
        (
            r"max_(?:completion_|output_)?tokens`?'?\"?:? (?:is too large(?!.*context length)|must be less than)|"
            r"max(?:imum)? (?:allowed )?number of output tokens|supports at most \d+ (?:completion|output) tokens|"
            r"(?<!inputs` tokens \+ `)max_new_tokens.{0,20}must be (?:<=|less)\s*\d+\s*\.",
            REPLY_LIMIT, (400, 422),
        ),
        (
            r"context[_ ](?:length|window|size|limit)|maximum (?:context|model|input) length|too many (?:input )?tokens|"
            r"(?:prompt|input|request) (?:is|was) too (?:long|large)|exceed_context|input tokens exceed|input token count|"
            r"too large for model with|reduce the length of|"
            r"longer than the maximum|inputs` tokens|input length exceeds|exceeds the maximum (?:number of tokens|size)|request_too_large",
            CONTEXT, _BAD,
        ),
        (
            r"content[_ ](?:filter|policy|management)|content filtering|moderation|flagged|safety system|usage polic|responsibleai|"
            r"prohibited_content|guardrail|blocked (?:by|due to|for) .{0,20}(?:safety|policy|filter)",
            FILTER, (400, 403, 422, 451),
        ),
        (
            r"insufficient[_ ](?:quota|balance|credit|funds)|credit balance|out of credits|requires? more credits|billing (?:hard )?limit|"
            r"billing (?:not|is not) active|exceeded your current quota(?!.*(?:per[ _-]?minute|PerMinute))|payment required|prepaid",
            CREDIT, (400, 402, 403, 429),
        ),
        (
            r"api[_ -]?key.{0,30}(?:not valid|invalid|incorrect|expired|revoked|disabled)|"
            r"(?:incorrect|invalid|missing|no|bad) (?:x-)?api[- _]key|"
            r"invalid_api_key|no auth credentials|missing credentials|the api_key client option must be set",
            KEY, (400, 401, 403, 500),
        ),
        (r"(?:location|country|region|territory).{0,40}not (?:supported|available|allowed)|unsupported_country", REGION, (400, 403, 451)),
        (
            r"decommissioned|deprecat|no longer (?:supported|available|served|offered)|"
            r"(?:been|is) (?:retired|discontinued|shut down|sunset)|"
            r"model_(?:retired|deprecated)|end[- ]of[- ]life",
            RETIRED, (400, 403, 404, 410, 422),
        ),
        (
            r"model_not_found|invalid_model|model_not_exist|"
            r"\bmodels?\b.{0,90}(?:do(?:es)? not exist|not exist\b|not found|is not a valid|unknown)|"
            r"(?:invalid|unknown|no such|not a valid) model|not a valid model|no endpoints found",
            NO_MODEL, (400, 403, 404, 422),
        ),
    )
)  # fmt: skip
_BY_STATUS = {
    401: KEY, 402: CREDIT, 403: ACCESS, 404: NO_MODEL, 405: UNSERVED, 407: ACCESS, 410: RETIRED, 413: CONTEXT, 451: REGION, 501: UNSERVED,
    505: UNSERVED,
}  # fmt: skip
# litellm names these itself, from words of providers that the table may not know
_BY_NAME = {"ContextWindowExceededError": CONTEXT, "ContentPolicyViolationError": FILTER}


def kind_of(error: ProviderError) -> FailureKind | None:
    """The kind of a failure that retries cannot repair; None where another attempt may succeed."""
    status = error.status
    if status is not None and 300 <= status < 400:
        return REDIRECTED
    for words, kind, statuses in _BY_WORDS:
        if status in statuses and words.search(error.text):
            return kind
    if error.name in _BY_NAME:
        return _BY_NAME[error.name]
    return None if status is None else _BY_STATUS.get(status)


def hint_of(reason: str) -> str:
    """What to do about a reason that is kept without its hint, as those of missing dialogues are; empty where nothing is known."""
    return next((kind.hint for kind in KINDS if reason.startswith(kind.message)), "")
