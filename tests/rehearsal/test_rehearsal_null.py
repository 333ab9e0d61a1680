"""On the null surface a reply depends on the conversation alone, whatever the prompt tells or shows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from understudy import rehearsal
from understudy.prompt import template
from understudy.prompt.genome import DISCLOSURES, PERSONAS, VISIBILITIES, Controls, Genome
from understudy.prompt.setting import load_setting, setting_names
from understudy.prompt.template import Exemplar
from understudy.records import Item, Need, Turn

ITEM = Item("1", "A Quiet Harbour", 1994, ("drama", "romance"), ("Ann Example",))
NEED = Need(liked=("Old Bridge (1988)",), seen=("Old Bridge (1988)",), genres=("drama",), people=("Ann Example",))
SHOWN = Exemplar("x", (Turn("seeker", "Hello there, anything odd?"), Turn("recommender", "How about Old Bridge (1988)?")))
HISTORY = [Turn("seeker", "Hi!"), Turn("recommender", "What about A Quiet Harbour (1994)?")]


@settings(max_examples=60, deadline=None)
@given(
    setting=st.sampled_from(setting_names()),
    controls=st.builds(
        Controls,
        temperature=st.floats(0, 1.5),
        disclosure=st.sampled_from(DISCLOSURES),
        persona=st.sampled_from(PERSONAS),
        patience=st.integers(1, 8),
        visibility=st.sampled_from(VISIBILITIES),
    ),
    examples=st.booleans(),
    seed=st.integers(0, 50),
)
def test_no_prompt_changes_a_reply_where_nothing_helps(setting: str, controls: Controls, examples: bool, seed: int) -> None:
    def reply(genome: Genome, exemplars: list[Exemplar], temperature: float) -> str:
        messages = template.render(genome, NEED, HISTORY, exemplars=exemplars, target=ITEM)
        flat = rehearsal.surface("null")
        said = rehearsal.respond(
            messages, surface=flat, fitted=rehearsal.UNFITTED, temperature=temperature, top_p=controls.top_p, seed=seed
        )
        return said.text

    plain = load_setting("zero_shot").genome
    other = Genome(load_setting(setting).genome.sections, controls)
    assert reply(other, [SHOWN] if examples else [], controls.temperature) == reply(plain, [], 0.7)
