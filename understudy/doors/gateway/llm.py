"""The door to language models: the only module that imports litellm. Every model call of the product goes through a Gateway.

The embedded model is registered with litellm as a custom provider and is called like any other.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.completion import Completion, Request
from understudy.doors.gateway import contexts, embedded, served
from understudy.doors.gateway.bodies import SEEN, Seen, raised, reading
from understudy.doors.gateway.budget import Price, priced
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.calls import CallFailed, scrubbed
from understudy.doors.gateway.failure_kinds import PARAMETER
from understudy.doors.gateway.failures import adapted, failed_for_good, failure_of, planted_secrets, without_secrets
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.loaded import LoadedContexts
from understudy.doors.gateway.provider_errors import read_error
from understudy.doors.gateway.refusals import Adaptation, Arguments, Refusals, refused_parameter
from understudy.doors.gateway.reply import EMBEDDED, completion_of, require_within_context, unread
from understudy.doors.gateway.requests import KEEP_WHAT_IS_MARKED, asked_of, cache_prices, holds_cost, is_loopback
from understudy.doors.gateway.response_formats import LIKE_OPENAI, MAKE_GRAMMARS, RESPONSE_FORMAT, response_format
from understudy.doors.gateway.usage import is_beyond
from understudy.doors.local.facts import ServedModel
from understudy.doors.local.servers import LocalServer
from understudy.errors import BadInput
from understudy.parameters import LOCAL

if TYPE_CHECKING:
    from understudy.rehearsal import Fitted, Surface

# providers that litellm calls by the provider's own client
_BY_THEIR_OWN_CLIENT = frozenset({"azure", "azure_ai"})
# providers whose models answer in parts, thoughts among them, of which litellm makes one text
_PARTS_READ = frozenset({"mistral"})
# USD a token, told to litellm alone: at nothing it would look for the reason why
_UNREAD_COST = 1e-12
# models that litellm has no price for; it is asked once, since afterwards it knows the one above
_UNPRICED: set[str] = set()


class Gateway(Exchange):
    """The models of one run, reached through litellm.

    `fitted` by the first 12 digits of the digest, `surfaces` by name, `local` by the model's name in keys.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *, store_path: Path | str, fitted: Mapping[str, Fitted], surfaces: Mapping[str, Surface], run_id: str,
        local: Mapping[str, LocalServer] = served.NONE,
    ) -> None:  # fmt: skip
        provider = _LiteLLM(config, fitted, surfaces, local)
        provider.register()
        super().__init__(config, provider=provider, store_path=store_path, run_id=run_id)


def known_price(config: GatewayConfig, model: str) -> Price | None:
    """USD per token of a hosted model, as given or as litellm knows it; None where nobody says. Raises BadInput for no model."""
    known = Price(0.0, 0.0) if model.startswith(LOCAL) else _LiteLLM(config, {}, {}, served.NONE).price(model)
    return priced(config.prices, contexts.plain(model), known)


def n_tokens(text: str) -> int:
    """Tokens of a text by cl100k_base, which litellm brings along: one measure for the prompts of every model."""
    return len(_litellm().encode(model="", text=text))


class _LiteLLM:
    """The provider of all providers. Made on the main thread: litellm must not be imported first on another one."""

    def __init__(
        self, config: GatewayConfig, fitted: Mapping[str, Fitted], surfaces: Mapping[str, Surface], local: Mapping[str, LocalServer],
    ) -> None:  # fmt: skip
        self._litellm = _litellm()
        self._config, self._fitted, self._surfaces, self._local = config, fitted, surfaces, local
        self._providers: dict[str, str] = {}
        self._schemas: dict[str, bool] = {}
        self._refusals = Refusals(is_capped=holds_cost(config))
        self._secrets = planted_secrets() | {server.key for server in local.values()}
        self._loaded = LoadedContexts()
        self._client: Any = None

    def register(self) -> None:
        """Makes the embedded model known to litellm, in the place of one that was known before."""
        handler = embedded.handler(self._litellm, self._fitted, self._surfaces)
        self._litellm.custom_provider_map = [{"provider": EMBEDDED, "custom_handler": handler}]

    def price(self, model: str) -> Price | None:
        if model.startswith(LOCAL):
            return self._free_of_local(model)
        if model.startswith(f"{EMBEDDED}/"):
            return self._free(model)
        supported = self._litellm.get_supported_openai_params(contexts.plain(model), custom_llm_provider=self.provider_of(model))
        if supported is not None:
            self._refusals.suppose(model, supported)
        return self._listed_price(contexts.plain(model))

    def _listed_price(self, name: str) -> Price | None:
        """The price in litellm's list; None where it has none, now or when it was asked before."""
        if name in _UNPRICED:
            return None
        known, provider = self._listed(name), self.provider_of(name)
        prompt, reply = known.get("input_cost_per_token"), known.get("output_cost_per_token")
        if prompt is not None and reply is not None:
            return Price(float(prompt), float(reply), *cache_prices(known))
        _UNPRICED.add(name)
        self._register((name, name.removeprefix(f"{provider}/")), provider)
        return None

    def _listed(self, model: str) -> Mapping[str, Any]:
        """What litellm's list says of a model; nothing where it does not know it, which is an answer."""
        try:
            found: Mapping[str, Any] = self._litellm.get_model_info(contexts.plain(model))
        except Exception:
            return {}
        return found

    def provider_of(self, model: str) -> str:
        if model.startswith(LOCAL):
            return served.COMPATIBLE
        model = contexts.plain(model)
        if model not in self._providers:
            address = self._config.api_base if self._config.api_base_for in (None, model) else None
            try:
                _, self._providers[model], _, _ = self._litellm.get_llm_provider(model, api_base=address)
            except Exception:
                self._providers[model] = ""
        if not self._providers[model]:
            raise BadInput(f"litellm does not know the model {model!r}", hint="name it as PROVIDER/MODEL, for example ollama/llama3.2")
        return self._providers[model]

    def is_in_process(self, model: str) -> bool:
        # the server of local weights is a child that ends with this process
        return model.startswith((f"{EMBEDDED}/", LOCAL))

    def n_at_once(self, model: str) -> int | None:
        return self._local[model].serving.n_slots if model in self._local else None

    def served(self, model: str) -> ServedModel | None:
        return self._local[model].facts if model in self._local else None

    async def send(self, request: Request) -> Completion:
        server = self._local.get(request.model)
        asked = self._arguments(request) if server is None else await served.addressed(self._arguments(request), request, server)
        while True:
            arguments = self._refusals.fitted(request.model, asked)
            SEEN.set(seen := Seen(reads_parts=self.provider_of(request.model) in _PARTS_READ))
            # raised outside of the handler: litellm's error may quote what a server echoed, and a traceback would show it
            try:
                answer = await self._litellm.acompletion(**arguments)
            except Exception as error:
                failed = unread() if seen.is_whole else self._failure(request.model, arguments, error)
            else:
                completion = await self._seen_cut(request, completion_of(answer, request, count=n_tokens))
                if server is not None:
                    require_within_context(request, completion, context=server.context)
                return without_secrets(completion, self._secrets)
            if failed is not None:
                raise failed

    def context_of(self, model: str) -> int | None:
        if (server := self._local.get(model)) is not None:
            return server.context
        told = contexts.tokens_of(model)
        return told if told is not None or self.is_in_process(model) else self._listed(model).get("max_input_tokens")

    async def _seen_cut(self, request: Request, completion: Completion) -> Completion:
        """The reply, marked where its prompt was longer than the context that its server has."""
        context = None if completion.prompt_is_cut else await self._loaded.of(request.model, self._address(request.model))
        return replace(completion, prompt_is_cut=True) if is_beyond(request, context, count=n_tokens) else completion

    def takes_schema(self, model: str) -> bool:
        return self._refusals.takes_schema(model) and self._knows_schemas(model)

    def wants_words(self, model: str) -> None:
        self._refusals.wants_words(model)

    def _knows_schemas(self, model: str) -> bool:
        """Whether a model is asked by schema until its server refuses: servers that make grammars, and what litellm says of others."""
        if self._makes_grammar(model):
            return True
        if model not in self._schemas:
            self._schemas[model] = bool(self._litellm.supports_response_schema(contexts.plain(model), self.provider_of(model)))
        return self._schemas[model]

    def _makes_grammar(self, model: str) -> bool:
        """Whether a model answers in this process, or behind an address of the user's own: llama.cpp, vLLM, SGLang, Ollama."""
        if self.is_in_process(model):
            return True
        provider = self.provider_of(model)
        return provider in MAKE_GRAMMARS or (provider in LIKE_OPENAI and self._address(model) is not None)

    def adaptations(self, model: str) -> tuple[Adaptation, ...]:
        return self._refusals.applied(model)

    def _failure(self, model: str, arguments: Arguments, error: Exception) -> CallFailed | None:
        """What an error of litellm means; None where litellm itself refused a parameter, before anything was sent."""
        if (failed := raised(error)) is not None:
            return failed
        refusal = read_error(error)
        if self._refusals.learn(model, arguments, refusal):
            if RESPONSE_FORMAT in arguments and not self._refusals.takes_schema(model):
                # the question has another form, in words
                return replace(adapted(refusal, self._secrets), refuses_schema=True)
            return adapted(refusal, self._secrets) if refusal.was_answered else None
        if refused_parameter(refusal, arguments) is not None:
            return failed_for_good(PARAMETER, scrubbed(refusal.message, self._secrets))
        return failure_of(refusal, self._secrets)

    async def close(self) -> None:
        if self._client is not None:
            self._litellm.aclient_session = None
            await self._client.close()
        await self._litellm.close_litellm_async_clients()

    def _http(self) -> Any:
        """The client of every provider that litellm reaches by its own HTTP handler. It belongs to the loop of the calls."""
        if self._client is None:
            handler = self._litellm.llms.custom_httpx.http_handler.AsyncHTTPHandler
            # whoever redirects would get the whole prompt sent to where he says
            self._client = handler(event_hooks={"response": [reading(self._config.max_reply_bytes)]}, follow_redirects=False)
            # the clients that providers bring along send by this one
            self._litellm.aclient_session = self._client.client
        return self._client

    def _free_of_local(self, model: str) -> Price:
        """Raises BadInput for local weights that this run does not serve."""
        if model not in self._local:
            raise BadInput(f"the local model {model!r} is not part of this run", hint="name it as local/NAME or local/PATH.gguf")
        self._register(served.names(model), served.COMPATIBLE)
        return Price(0.0, 0.0)

    def _free(self, model: str) -> Price:
        embedded.actors(model, self._fitted, self._surfaces)
        self._register((EMBEDDED, model, model.removeprefix(f"{EMBEDDED}/")), EMBEDDED)
        return Price(0.0, 0.0)

    def _register(self, names: tuple[str, ...], provider: str) -> None:
        # litellm puts a cost of its own on every reply; of a model it does not know it does so by guessing, which takes a
        # fifth of its time. Nobody reads that cost: ours is reckoned from our own price, or is unknown.
        cost = {"input_cost_per_token": _UNREAD_COST, "output_cost_per_token": _UNREAD_COST}
        entry = {**cost, "litellm_provider": provider, "mode": "chat"}
        self._litellm.register_model(dict.fromkeys(names, entry))

    def _arguments(self, request: Request) -> dict[str, Any]:
        arguments = asked_of(request, timeout_s=self._config.timeout_of(request.model), is_marked=self._keeps_marked(request.model))
        if not request.model.startswith(f"{EMBEDDED}/"):
            client = self._http()
            arguments |= {} if self.provider_of(request.model) in _BY_THEIR_OWN_CLIENT else {"client": client}
        if request.schema:
            arguments[RESPONSE_FORMAT] = response_format(request.schema, keeps_lengths=self._makes_grammar(request.model))
        address = self._address(request.model)
        if address is not None:
            arguments["api_base"] = address
            if is_loopback(address) and "OPENAI_API_KEY" not in os.environ:
                arguments["api_key"] = "none-needed-on-loopback"
        return arguments

    def _keeps_marked(self, model: str) -> bool:
        """Whether a provider keeps in its cache what is marked, and nothing else."""
        if self.is_in_process(model) or self.provider_of(model) not in KEEP_WHAT_IS_MARKED:
            return False
        return bool(self._litellm.utils.supports_prompt_caching(contexts.plain(model)))

    def _address(self, model: str) -> str | None:
        owner = self._config.api_base_for
        if self._config.api_base is None or self.is_in_process(model):
            return None
        return self._config.api_base if owner is None or self.provider_of(owner) == self.provider_of(model) else None


@cache
def _litellm() -> Any:
    """litellm, silent, without its look-ups on the network and its telemetry."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    # requests to OpenAI-compatible servers by litellm's own HTTP handler, as to most others: OpenAI's client walks every message
    # through its types first, which takes a quarter of a call's processor time
    os.environ.setdefault("EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER", "True")
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = False
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm
