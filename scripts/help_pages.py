"""The pages of docs/ as HTML for the plugin's folder: the Help button works offline.

Links between pages stay links; what the plugin does not hold is linked at the project's address.
"""

import posixpath
import re
import shutil
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # behind: the tests' assembled plugin goes first

from model_runtime.report import markdown  # noqa: E402

DOCS = ROOT / "docs"
# Stands for a page or a picture beside, while the Markdown is turned into HTML.
BESIDE = "https://beside.invalid/"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_PICTURE = re.compile(rf'<a href="{BESIDE}([^"]+\.png)">(.*?)</a>')
_HEADING = re.compile(r"<h(\d)>(.*?)</h\d>")
_STYLE = (
    "body{max-width:50em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}"
    "img{max-width:100%}pre,code{background:#8882}pre{padding:.5em;overflow:auto}"
    "table{border-collapse:collapse}td,th{border:1px solid #8888}.scroll{overflow:auto}"
    ":root{color-scheme:light dark}"
)


def write_pages(folder: Path, address: str) -> None:
    """Write docs/*.md as ``folder``/*.html, with the pictures that they show."""
    folder.mkdir(parents=True)
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        (folder / f"{page.stem}.html").write_text(html_page(text, address), encoding="utf-8")
        for shown, _words, target in _LINK.findall(text):
            if shown and (DOCS / target).is_file():
                shutil.copyfile(DOCS / target, folder / target)


def html_page(text: str, address: str) -> str:
    """The whole HTML page of a Markdown page in docs/."""
    body = markdown.html(_LINK.sub(lambda found: _resolve(found, address), text))
    body = _PICTURE.sub(r'<img src="\1" alt="\2">', body).replace(BESIDE, "")
    body = _HEADING.sub(_with_anchor, body)
    title = escape(text.lstrip("# ").splitlines()[0])
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n"
        f'<p><a href="README.html">SCDM for QGIS</a></p>\n{body}\n</body></html>\n'
    )


def _resolve(found, address: str) -> str:
    """A link with a target that is right in the plugin's folder."""
    picture, words, target = found.groups()
    words = words.replace("`", "")  # code in a link would hide the link
    path, _, anchor = target.partition("#")
    if re.match(r"[a-z]+:", target) or (not path and not anchor):
        return f"{picture}[{words}]({target})"
    if picture and "/" not in path:
        return f"[{words}]({BESIDE}{path})"
    anchor = f"#{anchor}" if anchor else ""
    if not path or ("/" not in path and path.endswith(".md")):
        page = f"{path[: -len('.md')]}.html" if path else ""
        return f"[{words}]({BESIDE}{page}{anchor})"
    place = posixpath.normpath(posixpath.join("docs", path))
    return f"[{words}]({address}/blob/main/{place}{anchor})"


def _with_anchor(found) -> str:
    """A heading with the anchor that GitHub gives it, one level as in the Markdown."""
    level = int(found[1]) - markdown.TOP_LEVEL + 1
    words = re.sub(r"<[^>]+>", "", found[2])
    anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
    return f'<h{level} id="{anchor}">{found[2]}</h{level}>'
