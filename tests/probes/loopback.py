"""A provider on loopback that answers by a script, through the real gateway and litellm."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Says = Callable[[list[dict[str, str]], int], str | None]


@contextmanager
def provider(says: Says) -> Iterator[str]:
    """The address of a server that answers `says(messages, seed)`; where that is None, with a 400."""

    async def chat(request: Request) -> Response:
        body: dict[str, Any] = json.loads(await request.body())
        if shape := body.get("response_format"):
            # a script reads the fields that are asked for from what it is told
            body["messages"][-1]["content"] += json.dumps(shape["json_schema"]["schema"])
        text = says(body["messages"], int(body.get("seed") or 0))
        if text is None:
            return JSONResponse({"error": {"message": "no", "type": "invalid_request_error", "code": 400}}, status_code=400)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        told = {"id": "c", "object": "chat.completion", "created": 0, "model": "planted", "choices": [choice], "usage": usage}
        return JSONResponse(told)

    app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(10)
