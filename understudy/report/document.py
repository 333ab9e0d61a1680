"""A report as one value, told as Markdown or as one self-contained HTML page. Whatever text comes in is escaped in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from understudy.report.markdown import table
from understudy.report.web import web_page

Op = Literal["same", "gone", "new"]
_STYLE = (
    "del{background:#fde0dc;color:#9b1c1c}ins{background:#d9f2e3;color:#0b5d34;text-decoration:none}"
    ".diff{white-space:pre-wrap;border-left:3px solid var(--line);padding-left:.8rem}.note{color:var(--soft)}"
)
_MARKDOWN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "\\|", "\n": " ", "*": "\\*", "_": "\\_", "`": "\\`", "[": "\\["})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading below the title."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a note is set back."""

    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG of our own making, with its caption; Markdown names it by its caption alone."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Diff:
    """A text before and after, as pieces that stayed, went or came."""

    name: str
    pieces: Sequence[tuple[Op, str]]


Part = Heading | Paragraph | Grid | Picture | Diff


@dataclass(frozen=True, slots=True)
class Document:
    """A titled sequence of parts."""

    title: str
    parts: Sequence[Part]


def as_markdown(document: Document) -> str:
    """The document as Markdown that any renderer takes; pictures are left to the HTML page."""
    return f"# {_md(document.title)}\n\n{parts_as_markdown(document.parts)}"


def parts_as_markdown(parts: Sequence[Part]) -> str:
    """The parts as Markdown, for a page that has its own title."""
    return "\n\n".join(told for part in parts if (told := _markdown(part))) + "\n"


def as_html(document: Document) -> str:
    """The document as one page that needs no other file and no network."""
    body = "\n".join([f"<h1>{escape(document.title)}</h1>", *(_html(part) for part in document.parts)])
    return web_page(document.title, body, style=_STYLE)


def _markdown(part: Part) -> str:
    match part:
        case Heading(text):
            return f"## {_md(text)}"
        case Paragraph(text):
            return _md(text)
        case Grid(header, rows):
            return table(header, rows, escaped=_md)
        case Picture():
            return ""
        case Diff(name, pieces):
            marks = {"same": "", "gone": "~~", "new": "**"}
            told = "".join(_marked(_md(text), marks[op]) for op, text in pieces)
            return f"*{_md(name)}*: {told}"


def _html(part: Part) -> str:
    match part:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Paragraph(text, is_note):
            return f'<p class="note">{escape(text)}</p>' if is_note else f"<p>{escape(text)}</p>"
        case Grid(header, rows):
            top = "".join(f"<th>{escape(cell)}</th>" for cell in header)
            lines = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>\n{lines}\n</tbody></table></div>'
        case Picture(svg, caption):
            return f"<figure>\n{svg}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"
        case Diff(name, pieces):
            tags = {"same": "", "gone": "del", "new": "ins"}
            told = "".join(f"<{tags[op]}>{escape(text)}</{tags[op]}>" if tags[op] else escape(text) for op, text in pieces)
            return f'<p class="diff"><b>{escape(name)}</b>\n{told}</p>'


def _md(text: str) -> str:
    return text.translate(_MARKDOWN)


def _marked(text: str, mark: str) -> str:
    # emphasis ends where a blank stands before its mark
    inner = text.strip()
    if not mark or not inner:
        return text
    start = len(text) - len(text.lstrip())
    return f"{text[:start]}{mark}{inner}{mark}{text[start + len(inner) :]}"
