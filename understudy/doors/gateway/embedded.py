"""Rehearsal as litellm calls it: a custom provider in this process. litellm itself is handed in, since one module alone imports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from understudy.completion import Message
from understudy.doors.gateway.reply import EMBEDDED, INTENDED_ACT
from understudy.doors.gateway.response_formats import RESPONSE_FORMAT, schema_in
from understudy.errors import BadInput, UnderstudyError

if TYPE_CHECKING:
    from understudy.rehearsal import Fitted, Surface


def handler(litellm: Any, fitted: Mapping[str, Fitted], surfaces: Mapping[str, Surface]) -> Any:
    """Rehearsal as a custom provider of litellm."""
    from understudy import rehearsal

    class Rehearsal(litellm.CustomLLM):  # type: ignore[misc]
        async def acompletion(
            self, model: str, messages: list[dict[str, str]], model_response: Any, optional_params: dict[str, Any], **_: Any
        ) -> Any:
            known, surface = actors(f"{EMBEDDED}/{model}", fitted, surfaces)
            asked = [Message(message["role"], message["content"]) for message in messages]
            schema = schema_in(optional_params.get(RESPONSE_FORMAT))
            dials = {name: optional_params.get(name, default) for name, default in (("temperature", 1.0), ("top_p", 1.0), ("seed", 0))}
            try:
                quality = rehearsal.parse_model(f"{EMBEDDED}/{model}").critic
                reply = rehearsal.respond(asked, surface=surface, fitted=known, critic=quality, schema=schema, **dials)
            except UnderstudyError as error:
                raise litellm.llms.custom_llm.CustomLLMError(status_code=400, message=error.message) from error
            model_response.model = EMBEDDED
            model_response.system_fingerprint = f"{surface.digest[:12]}-{known.digest[:12]}"
            said = model_response.choices[0]
            said.message.content, said.finish_reason = reply.text, "stop"
            said.message.provider_specific_fields = {INTENDED_ACT: reply.intended_act}
            model_response.usage = litellm.Usage(
                prompt_tokens=reply.prompt_tokens,
                completion_tokens=reply.completion_tokens,
                total_tokens=reply.prompt_tokens + reply.completion_tokens,
            )
            return model_response

    return Rehearsal()


def actors(model: str, fitted: Mapping[str, Fitted], surfaces: Mapping[str, Surface]) -> tuple[Fitted, Surface]:
    """What a rehearsal model's name stands for. Raises BadInput where this run was not given it."""
    from understudy import rehearsal

    name = rehearsal.parse_model(model)
    known = rehearsal.UNFITTED if name.fit_digest is None else fitted.get(name.fit_digest)
    surface = surfaces.get(name.surface)
    if known is None or surface is None:
        raise BadInput(
            f"the rehearsal model {model!r} is not part of this run",
            hint=f"surfaces of this run: {', '.join(sorted(surfaces)) or 'none'}; fits of this run: {', '.join(sorted(fitted)) or 'none'}",
        )
    return known, surface
