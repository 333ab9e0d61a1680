"""Draws the card of a release as the Hugging Face hub would show it: `python examples/draw_card.py RELEASE_FOLDER PICTURE.png`.

The page is the hub's in what it shows and not in its style: the YAML header as the line of tags and as the box of configurations, the
first rows as its viewer has them, and the Markdown below as a CommonMark renderer with tables reads it, raw HTML escaped. It is written
beside the picture as HTML, and a Chromium that is installed takes the picture of it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from markdown_it import MarkdownIt

from understudy.errors import BadInput
from understudy.release.card import FILE
from understudy.release.verification import verify

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT, WAIT_S = 1200, 4800, 120
N_ROWS, LONGEST = 4, 90
# field of the header → what the hub calls it, in the order of its line of tags
TAGS = {"task_categories": "Tasks", "language": "Languages", "size_categories": "Size", "license": "License", "tags": "Tags"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 14px/1.5 "DejaVu Sans", sans-serif; margin: 0; color: #1f2937; background: #fff; }}
header {{ padding: 20px 32px; border-bottom: 1px solid #e5e7eb; background: #f9fafb; }}
h1.name {{ font-size: 20px; margin: 0 0 10px; font-weight: normal; }}
.tag {{ display: inline-block; margin: 2px 6px 2px 0; padding: 1px 8px; border: 1px solid #d1d5db; border-radius: 8px; font-size: 12px; }}
.kind {{ color: #6b7280; font-size: 12px; margin: 0 4px 0 8px; }}
main {{ display: grid; grid-template-columns: minmax(0, 1fr) 260px; gap: 32px; padding: 20px 32px; }}
aside {{ font-size: 12px; }} aside h2 {{ font-size: 13px; }} aside li {{ margin: 2px 0; }}
table {{ border-collapse: collapse; font-size: 12px; display: block; overflow: hidden; }}
td, th {{ border: 1px solid #e5e7eb; padding: 3px 8px; text-align: left; vertical-align: top; }}
td {{ overflow-wrap: anywhere; min-width: 62px; }} th {{ white-space: nowrap; }}
pre, code {{ font: 12px "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; white-space: pre-wrap; }}
pre {{ background: #f3f4f6; padding: 10px; }} article h1 {{ font-size: 22px; }} article h2 {{ font-size: 17px; }}
.viewer {{ border: 1px solid #e5e7eb; border-radius: 8px; padding: 10px; margin-bottom: 20px; }}
</style></head><body>
<header><h1 class="name">Datasets: {repository}</h1>{tags}</header>
<main><article>{viewer}{card}</article><aside>{configs}</aside></main></body></html>
"""


@dataclass(frozen=True, slots=True)
class Card:
    """The card of a release in its two parts."""

    header: Mapping[str, Any]
    body: str

    @classmethod
    def of(cls, text: str) -> Card:
        """The parts of a card. Raises BadInput where it does not begin with a header."""
        start, _, rest = text.partition("---\n")
        header, fence, body = rest.partition("\n---\n")
        if start or not fence:
            raise BadInput("the card does not begin with a YAML header between two lines of dashes", hint="give the folder of a release")
        return cls(yaml.safe_load(header), body)


def page(folder: Path, owner: str = "owner") -> str:
    """The page of a release that is what was published. Raises UnderstudyError where it is not."""
    name = str(verify(folder)["name"])
    card = Card.of((folder / FILE).read_text(encoding="utf-8"))
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(card.body)
    repository = f"{escape(owner)} / <b>{escape(name)}</b>"
    return PAGE.format(
        title=escape(f"{owner}/{name}"), repository=repository, tags="".join(_tags(card.header)), card=rendered,
        viewer=_viewer(folder, card.header), configs=_configs(card.header),
    )  # fmt: skip


def picture(html: Path, out: Path) -> Path:
    """The picture of a page, taken by an installed browser without a network. Raises BadInput where there is none, or it takes none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise BadInput(f"none of {', '.join(BROWSERS)} is installed", hint="install chromium; the HTML page is there without it")
    with tempfile.TemporaryDirectory() as profile:
        words = (
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
            f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={out.resolve()}", html.resolve().as_uri(),
        )  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S, check=False)
    if done.returncode or not out.is_file():
        raise BadInput(f"{browser} took no picture: {done.stderr[-300:]}", hint="open the HTML page in another browser")
    return out


def main(folder: str, out: str) -> None:
    """Writes the page beside the picture, then the picture."""
    target = Path(out)
    html = target.with_suffix(".html")
    html.write_text(page(Path(folder)), encoding="utf-8")
    print(picture(html, target))


def _tags(header: Mapping[str, Any]) -> Iterator[str]:
    for field, called in TAGS.items():
        values = header.get(field, [])
        listed = [values] if isinstance(values, str) else values
        if listed:
            yield f'<span class="kind">{called}:</span>' + "".join(f'<span class="tag">{escape(str(one))}</span>' for one in listed)


def _configs(header: Mapping[str, Any]) -> str:
    """The configurations with their splits, as the hub's viewer offers them."""
    lines = []
    for config in header["configs"]:
        splits = "".join(f"<li>{escape(one['split'])}: <code>{escape(one['path'])}</code></li>" for one in config["data_files"])
        default = " (default)" if config.get("default") else ""
        lines.append(f"<li><b>{escape(config['config_name'])}</b>{default}<ul>{splits}</ul></li>")
    named = escape(str(header["pretty_name"]))
    return f"<h2>{named}</h2><h2>Subsets and splits</h2><ul>{''.join(lines)}</ul>"


def _viewer(folder: Path, header: Mapping[str, Any]) -> str:
    """The first rows of the configuration that is loaded where nobody names one."""
    config = next(one for one in header["configs"] if one.get("default"))
    first = config["data_files"][0]
    rows = pl.read_parquet(folder / first["path"], n_rows=N_ROWS)
    told = f"<p><b>Dataset viewer</b> · subset {escape(config['config_name'])} · split {escape(first['split'])}</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in rows.columns)
    return f'<div class="viewer">{told}<table><tr>{head}</tr>{"".join(map(_row, rows.iter_rows()))}</table></div>'


def _row(values: Sequence[Any]) -> str:
    shown = (text if len(text := str(one)) <= LONGEST else f"{text[:LONGEST]}…" for one in values)
    return f"<tr>{''.join(f'<td>{escape(one)}</td>' for one in shown)}</tr>"


if __name__ == "__main__":
    main(*sys.argv[1:])
