"""Markdown as HTML, as far as model cards use it: every word escaped, nothing fetched.

Headings, paragraphs, lists, tables, code, bold, emphasis and links to the web. Pictures become
their words: a report is one file.
"""

import re
from html import escape
from typing import Iterator, List, Sequence, Tuple

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(.*)")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)[^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TOP_LEVEL = 3  # a card's own title, inside a page


def html(text: str) -> str:
    """Turn Markdown ``text`` into HTML.

    Returns: HTML.
    """
    lines = _COMMENT.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(_blocks(lines))


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        heading = _HEADING.match(line)
        if not line.strip():
            at += 1
        elif line.lstrip().startswith("```"):
            code, at = _fence(lines, at)
            yield f"<pre>{escape(code)}</pre>"
        elif heading:
            level = min(6, len(heading.group(1)) + TOP_LEVEL - 1)
            yield f"<h{level}>{inline(heading.group(2))}</h{level}>"
            at += 1
        elif "|" in line and at + 1 < len(lines) and _RULE.match(lines[at + 1]):
            rows, at = _while(lines, at, lambda text: "|" in text)
            yield _table(rows)
        elif _ITEM.match(line):
            items, at = _while(lines, at, lambda text: bool(text.strip()))
            yield _list(items)
        else:
            words, at = _while(lines, at, _goes_on)
            yield f"<p>{inline(' '.join(word.strip() for word in words))}</p>"


def _while(lines: Sequence[str], at: int, belongs) -> Tuple[List[str], int]:
    """The lines from ``at`` on that belong together, at least one, and where the next begins."""
    end = at + 1
    while end < len(lines) and belongs(lines[end]):
        end += 1
    return list(lines[at:end]), end


def _goes_on(line: str) -> bool:
    starts = _HEADING.match(line) or _ITEM.match(line) or line.lstrip().startswith("```")
    return bool(line.strip()) and not starts and not line.startswith("|")


def _fence(lines: Sequence[str], at: int) -> Tuple[str, int]:
    code, end = _while(lines, at, lambda text: not text.lstrip().startswith("```"))
    return "\n".join(code[1:]), end + 1


def _list(lines: Sequence[str]) -> str:
    items: List[str] = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append(item.group(1))
        else:
            items[-1] += f" {line.strip()}"
    numbered = lines[0].lstrip()[0].isdigit()
    inner = "".join(f"<li>{inline(item)}</li>" for item in items)
    return f"<ol>{inner}</ol>" if numbered else f"<ul>{inner}</ul>"


def _table(rows: Sequence[str]) -> str:
    head, body = _cells(rows[0]), [_cells(row) for row in rows[2:]]
    top = "".join(f"<th>{inline(cell)}</th>" for cell in head)
    inner = "".join(
        f"<tr>{''.join(f'<td>{inline(cell)}</td>' for cell in row)}</tr>" for row in body
    )
    table = f"<thead><tr>{top}</tr></thead><tbody>{inner}</tbody>"
    return f'<div class="scroll"><table cellpadding="4">{table}</table></div>'


def _cells(row: str) -> List[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def inline(text: str) -> str:
    """Turn a line's code, bold, emphasis and links into HTML.

    Returns: HTML.
    """
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        f"<code>{escape(part[1:-1])}</code>" if part[:1] == "`" and len(part) > 1 else _mark(part)
        for part in parts
    )


def _mark(text: str) -> str:
    text = escape(_PICTURE.sub(r"\1", text), quote=True)
    text = _LINK.sub(_link, text)
    text = re.sub(r"\*\*(?=\S)(.+?)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"(?<![\w*])\*(?=\S)([^*]+?)\*(?![\w*])", r"<em>\1</em>", text)


def _link(found) -> str:
    words, target = found.groups()
    if not target.lower().startswith(("https://", "http://")):
        return words
    return f'<a href="{target}">{words}</a>'
