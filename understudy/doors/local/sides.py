"""Who the seeker is in the chat of a local model: its assistant, as every server has it, or its user.

An assistant's turns are what an instruct model was trained to write, and its user's turns are what a seeker says. With the user's side the
server renders a seeker's request with both roles exchanged, so that the model goes on where its user would: what the recommender says
stands as the assistant's turn. Requests of other roles (critic, judge, verifier, recommender) are rendered by the model's own template.
"""

from __future__ import annotations

from understudy.errors import BadInput

SIDE = "seeker_side"
"""The variable of a template that says whose turn is to be written."""
_BEGIN, _END = "<|im_start|>", "<|im_end|>"
_EXCHANGED = (
    "{%- for message in messages -%}"
    "{%- set speaker = {'user': 'assistant', 'assistant': 'user'}.get(message['role'], message['role']) -%}"
    f"{{{{- '{_BEGIN}' + speaker + '\\n' + message['content'] + '{_END}\\n' -}}}}"
    "{%- endfor -%}"
    f"{{%- if add_generation_prompt -%}}{{{{- '{_BEGIN}user\\n' -}}}}{{%- endif -%}}"
)


def both_sides(template: str) -> str:
    """A template that renders as `template` does, and with SIDE set to `user` with both roles exchanged."""
    return f"{{%- if {SIDE} is defined and {SIDE} == 'user' -%}}{_EXCHANGED}{{%- else -%}}{template}{{%- endif -%}}"


def require_exchangeable(template: str, *, named: str) -> None:
    """Raises BadInput for a template that is not in ChatML: what begins and ends a turn of other forms is not known here."""
    if _BEGIN not in template or _END not in template:
        raise BadInput(
            f"the chat template of {named} is not in ChatML ({_BEGIN} … {_END}), so that the seeker cannot speak as its user",
            hint="leave out --seeker-side, or name a model with turns in ChatML (SmolLM2, Qwen and many others)",
        )


def template_arguments(seeker_side: str, *, role: str) -> dict[str, object]:
    """What is sent with a request of a role, for a server with such a template."""
    return {"extra_body": {"chat_template_kwargs": {SIDE: seeker_side}}} if seeker_side == "user" and role == "seeker" else {}
