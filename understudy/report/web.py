"""The frame of every HTML page: self-contained, as wide as its screen, light or dark as the reader's system is, with drawings to match.

Nothing is fetched and no script runs. Whatever text comes in is escaped by whoever makes the body.
"""

from __future__ import annotations

from html import escape

_LIGHT = "--page:#ffffff;--ink:#222222;--soft:#595959;--line:#d4d4d4;--band:#f4f4f4;--note:#f6f2e6;--fault:#a33e00;--human:#444444"
_DARK = "--page:#16181b;--ink:#e4e4e4;--soft:#a9adb2;--line:#44484e;--band:#24272b;--note:#2d2a1f;--fault:#ff9a5c;--human:#c4c4c4"
# drawings are made for white paper: where a style sheet says otherwise, it goes before the attributes of their marks
_STYLE = (
    f":root{{color-scheme:light dark;{_LIGHT}}}@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    "body{font-family:sans-serif;margin:2rem auto;padding:0 1rem;line-height:1.4;color:var(--ink);background:var(--page)}"
    "a{color:inherit}figure{margin:1.5rem 0;overflow-x:auto}svg{max-width:100%;height:auto}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;"
    "vertical-align:top}th{background:var(--band)}.small{color:var(--soft);font-size:.9rem}"
    "svg>rect{fill:var(--page)}svg text{fill:var(--ink)}"
    'svg [stroke="#eeeeee"],svg [stroke="#dddddd"],svg [stroke="#888"]{stroke:var(--line)}'
    'svg [fill="#444444"]{fill:var(--human)}svg [stroke="#444444"],svg [stroke="black"],svg [stroke="#000"]{stroke:var(--human)}'
)


def web_page(title: str, body: str, *, style: str = "", width_rem: int = 75) -> str:
    """A page with a title (plain text) around a body of HTML; `style` comes after the rules that all pages have."""
    head = (
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}body{{max-width:{width_rem}rem}}{style}</style>"
    )
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def named_drawing(svg: str, title: str) -> str:
    """The drawing with its title as a reader of the screen says it."""
    at = svg.index("<svg")
    end = svg.index(">", at)
    return f'{svg[:end]} role="img"><title>{escape(title)}</title>{svg[end + 1 :]}'
