"""Local models as litellm asks them: servers of this process's own that speak OpenAI's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from understudy.completion import Request
from understudy.doors.gateway.calls import CallFailed
from understudy.doors.local import sides
from understudy.doors.local.naming import reported
from understudy.doors.local.servers import Endpoint, LocalServer
from understudy.errors import ProviderFailed

COMPATIBLE = "openai"
"""How litellm calls servers that speak OpenAI's protocol."""
NONE: Mapping[str, LocalServer] = MappingProxyType({})


def names(model: str) -> tuple[str, str]:
    """The names under which litellm knows a local model, from its name in keys: with the provider, and as the server calls itself."""
    return f"{COMPATIBLE}/{reported(model)}", reported(model)


async def addressed(arguments: Mapping[str, Any], request: Request, server: LocalServer) -> dict[str, Any]:
    """The arguments of a call to a server that answers by then; without a `top_p` it would take .95. Raises CallFailed."""
    endpoint = await _ready(server)
    own = {"model": names(request.model)[0], "top_p": request.top_p, "api_base": f"{endpoint.address}/v1", "api_key": endpoint.key}
    return {**arguments, **own, **sides.template_arguments(server.serving.seeker_side, role=request.role)}


async def _ready(server: LocalServer) -> Endpoint:
    """Where the server answers. Raises CallFailed, which ends the run, where it cannot be started."""
    try:
        return await asyncio.to_thread(server.ready)
    except ProviderFailed as error:
        failure = CallFailed(error.message, transient=False, may_be_charged=False, hint=error.hint, in_a_row=1)
    raise failure
