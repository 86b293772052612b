"""What the tests of the documentation read: its pages, their links and their code blocks."""

import re
import subprocess
from pathlib import Path
from typing import Iterator, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced code block: its language, and its text."""

    language: str
    text: str


def pages() -> List[Path]:
    """Every Markdown file of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def blocks(page: Path) -> List[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(*found) for found in _FENCE.findall(page.read_text(encoding="utf-8"))]


def links(page: Path) -> Iterator[Tuple[str, str]]:
    """(path, anchor) of each relative link of a page; either may be empty."""
    text = _SPAN.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    # A link's text may be code: take the targets from the text with its spans kept.
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if f"]({target})" in text and not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> List[str]:
    """The anchors that GitHub gives a page's headings."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(text)
    ]
