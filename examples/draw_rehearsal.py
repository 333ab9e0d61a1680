"""Draws how rehearsal answers to instructions, into docs/pictures: `python examples/draw_rehearsal.py`.

Every level is read from a prompt that is written out and read by rehearsal's own reader, on surface 0. The same code gives the same
bytes; a test holds the stored pictures to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from understudy.prompt.genome import Controls, Genome
from understudy.rehearsal import Surface, surface
from understudy.rehearsal.parameters import read
from understudy.rehearsal.phrases import Option, options
from understudy.rehearsal.reading import Brief
from understudy.rehearsal.truth import brief_for, point_of
from understudy.report.drawing import rendered
from understudy.tasks.studies.fronts import front_picture, true_front

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
FAULTS = ("positivity", "title_leak", "attribute_leak", "sameness", "wordiness", "drift", "parroting")
SURFACE, CONCAVE = "0", "nonconvex-1"
FILLER = "The weather changes over the hills. "
PADDING = (0, 20, 40, 80, 120, 160, 240, 320, 480)
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
Rows = list[dict[str, Any]]


def level(fault: str, said: Sequence[Option], on: Surface) -> float:
    """The level of a fault under a prompt that says these sentences."""
    return point_of(brief(fault, said), on, temperature=0.7, top_p=1.0).faults[fault]


def brief(fault: str, said: Sequence[Option], *, padding: int = 0) -> Brief:
    """A prompt that says these sentences and so many beside the point, as the reader understands it."""
    sections = dict(read("truth.toml")["neutral"])
    for option in said:
        sections[option.section] += f" {option.text}"
    sections["need"] += " " + FILLER * padding
    # each fault gets its occasion: a title that is told, an example that is shown
    shown = ("example",) if fault == "parroting" else ()
    controls = Controls(visibility="title", disclosure="upfront")
    return brief_for(Genome({name: text.strip() for name, text in sections.items()}, controls, shown))


def helpful(fault: str, on: Surface) -> list[tuple[str, str]]:
    """(lever, way) of the levers that lower a fault, the strongest first; only ways that instructions can pull."""
    effects = sorted((effect, lever) for own, lever, effect in on.main if own == fault and effect)
    ways = [(lever, "up" if effect < 0 else "down", abs(effect)) for effect, lever in effects]
    known = [(lever, way, size) for lever, way, size in ways if any(one.name == f"{way} plain" for one in options()[lever])]
    return [(lever, way) for lever, way, _ in sorted(known, key=lambda one: (-one[2], one[0]))]


def option(lever: str, name: str) -> Option:
    """The way of that name to set a lever."""
    return next(one for one in options()[lever] if one.name == name)


def alone(on: Surface) -> Rows:
    """Each helpful lever alone, by how plainly it is told."""
    told = ("faint", "hedged", "plain", "stressed", "twice", "most")
    return [
        {"fault": fault, "told": strength, "lever": f"{lever} {way}", "level": level(fault, [option(lever, f"{way} {strength}")], on)}
        for fault in FAULTS
        for lever, way in helpful(fault, on)
        for strength in told
    ] + [
        {"fault": fault, "told": "not at all", "lever": f"{lever} {way}", "level": level(fault, [], on)}
        for fault in FAULTS
        for lever, way in helpful(fault, on)
    ]


def together(on: Surface) -> Rows:
    """One helpful lever after the other, the strongest first, told plainly or as strongly as can be."""
    rows = []
    for fault in FAULTS:
        known = helpful(fault, on)
        for strength in ("plain", "most"):
            for n in range(len(known) + 1):
                said = [option(lever, f"{way} {strength}") for lever, way in known[:n]]
                rows.append({"fault": fault, "told": strength, "levers": n, "level": level(fault, said, on)})
    return rows


def contradicted(on: Surface) -> Rows:
    """The strongest lever that can be contradicted: said, said with its opposite, the opposite alone."""
    rows = []
    for fault in FAULTS:
        both = [(lever, way) for lever, way in helpful(fault, on) if len({one.name.split()[0] for one in options()[lever]}) == 3]
        if not both:
            continue
        lever, way = both[0]
        other = "down" if way == "up" else "up"
        for name, ways in (("nothing", ()), ("helpful", (way,)), ("both", (way, other)), ("opposite", (other,))):
            said = [option(lever, f"{one} plain") for one in ways]
            rows.append({"fault": fault, "said": name, "lever": lever, "level": level(fault, said, on)})
    return rows


def diluted(on: Surface) -> Rows:
    """All helpful levers told plainly, in ever longer instructions."""
    rows = []
    for fault in FAULTS:
        said = [option(lever, f"{way} plain") for lever, way in helpful(fault, on)]
        for n in PADDING:
            told = brief(fault, said, padding=n)
            there = point_of(told, on, temperature=0.7, top_p=1.0)
            rows.append({"fault": fault, "words": told.instructions.n_words, "level": there.faults[fault]})
    return rows


def small_multiples(rows: Rows, title: str, encode: Callable[[Any], dict[str, Any]], mark: str) -> str:
    """One panel a fault, each with its level from 0 to 1 upwards."""
    import altair as alt

    y = alt.Y("level:Q", title="level of the fault", scale=alt.Scale(domain=[0, 1]))
    panels = []
    for fault in FAULTS:
        own = [row for row in rows if row["fault"] == fault]
        if own:
            chart = alt.Chart(alt.Data(values=own))
            drawn = chart.mark_bar(width=18) if mark == "bar" else chart.mark_line(point=True)
            panels.append(drawn.encode(y=y, **encode(alt)).properties(width=190, height=150, title=fault.replace("_", " ")))
    return rendered(alt.concat(*panels, columns=4).resolve_scale(color="independent"), title)


def pictures() -> dict[str, str]:
    """File name → SVG text of every picture."""
    on = surface(SURFACE)
    palette = {"range": list(COLOURS)}
    order = ["not at all", "faint", "hedged", "plain", "stressed", "twice", "most"]

    def by_lever(alt: Any) -> dict[str, Any]:
        colour = alt.Color("lever:N", title=None, scale=alt.Scale(**palette), legend=alt.Legend(orient="bottom", columns=2))
        return {"x": alt.X("told:N", sort=order, title="how it is told"), "color": colour}

    def by_number(alt: Any) -> dict[str, Any]:
        x = alt.X("levers:O", title="helpful levers pulled", axis=alt.Axis(labelAngle=0))
        return {"x": x, "color": alt.Color("told:N", title=None, scale=alt.Scale(**palette), legend=alt.Legend(orient="bottom"))}

    def by_said(alt: Any) -> dict[str, Any]:
        said = ["nothing", "helpful", "both", "opposite"]
        colour = alt.Color("lever:N", title=None, scale=alt.Scale(**palette), legend=alt.Legend(orient="bottom"))
        return {"x": alt.X("said:N", sort=said, title="what is said", axis=alt.Axis(labelAngle=0)), "color": colour}

    def by_words(alt: Any) -> dict[str, Any]:
        return {"x": alt.X("words:Q", title="words of instruction"), "color": alt.value(COLOURS[0])}

    return {
        "rehearsal-levers.svg": small_multiples(alone(on), "Each helpful lever alone, surface 0", by_lever, "line"),
        "rehearsal-together.svg": small_multiples(together(on), "Helpful levers together, strongest first, surface 0", by_number, "line"),
        "rehearsal-contradiction.svg": small_multiples(contradicted(on), "A lever and its opposite, surface 0", by_said, "bar"),
        "rehearsal-dilution.svg": small_multiples(diluted(on), "All helpful levers in longer prompts, surface 0", by_words, "line"),
        "rehearsal-front.svg": front_picture(true_front(CONCAVE)),
    }


def main() -> int:
    """0."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures().items():
        (FOLDER / name).write_text(svg, encoding="utf-8")
        print(FOLDER / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
