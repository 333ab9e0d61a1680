"""The door to TextGrad (`textgrad`): one prompt tuned for one reply, as the paper does it. It is in the environment of the peers.

The package opens a log file when it is imported and writes prompts into it; both are kept from it here.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from understudy.completion import MissingReply

NOT_INSTALLED = "the package textgrad is not installed here: run the command in the environment of the peers (`make install-peers`)"
EPOCHS = 3
Purpose = Literal["forward", "tune"]
Generate = Callable[[str, str, Purpose], str]
"""A reply to a prompt with a system prompt; `forward` replies are the task's own, `tune` ones are TextGrad's."""


@dataclass(frozen=True, slots=True)
class TunedReply:
    """The reply to the tuned prompt, how many of the epochs' steps brought no new prompt, and how many of these for a missing call."""

    prompt: str
    reply: str
    n_failed_steps: int
    n_missing_calls: int = 0


def is_installed() -> bool:
    """Whether TextGrad can be used."""
    return find_spec("textgrad") is not None


def tuned(prompt: str, evaluator: str, generate: Generate, *, epochs: int = EPOCHS) -> TunedReply:
    """A prompt after `epochs` of forward, loss, backward and step, and the reply to it. Raises what `generate` raises.

    A step whose answer holds no new prompt between TextGrad's tags leaves the prompt as it is, and is counted. So is an epoch of which a
    call is missing: that of 16 calls one fails is likely with a small model, and 15 that were paid for are not thrown away. Where the
    last reply is missing MissingReply is raised.
    """
    textgrad = _textgrad()
    forward, tuning = _engine(generate, "forward"), _engine(generate, "tune")
    variable = textgrad.Variable(prompt, requires_grad=True, role_description="prompt to a model that plays a person")
    model, loss = textgrad.BlackboxLLM(forward), textgrad.TextLoss(evaluator, engine=tuning)
    optimizer = textgrad.TextualGradientDescent(parameters=[variable], engine=tuning)
    n_failed = n_missing = 0
    for _ in range(epochs):
        optimizer.zero_grad()
        before = variable.value
        try:
            loss(model(variable)).backward(tuning)
            optimizer.step()
        except MissingReply:
            n_missing += 1
        except IndexError:
            n_failed += 1
        if not variable.value.strip():
            variable.set_value(before)
    return TunedReply(variable.value, generate(variable.value, "", "forward"), n_failed + n_missing, n_missing)


def _engine(generate: Generate, purpose: Purpose) -> Any:
    from textgrad.engine import EngineLM

    class GatewayEngine(EngineLM):  # type: ignore[misc]
        """The engine that TextGrad calls, for one purpose."""

        system_prompt = ""
        model_string = "understudy"

        def generate(self, prompt: Any, system_prompt: str | None = None, **_: Any) -> str:
            """A reply."""
            return generate(str(prompt), system_prompt or "", purpose)

        def __call__(self, *args: Any, **keywords: Any) -> str:
            return self.generate(*args, **keywords)

    return GatewayEngine()


def _textgrad() -> Any:
    with tempfile.TemporaryDirectory(prefix="textgrad-") as folder:
        os.environ.setdefault("TEXTGRAD_LOG_DIR", folder)
        # it imports litellm, which would ask the network for prices
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        import textgrad

        log = logging.getLogger("textgrad")
        log.disabled = True
        for handler in list(log.handlers):
            handler.close()
            log.removeHandler(handler)
    return textgrad
