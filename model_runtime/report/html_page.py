"""Parts of a self-contained HTML page: every value escaped, nothing fetched, light and dark."""

import base64
from html import escape
from pathlib import Path
from typing import Callable, Iterable, Sequence

from ..contract import PART_SUFFIX
from ..errors import InputError
from ..system.durable_files import storage_errors, write_durably
from ..system.final_names import give_name

NARROW_PAGE = "45rem"
_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1f23; --soft: #5b636d;
  --line: #d9dde2; --warn: #8a4b00; --warn-paper: #fff4e0; }
@media (prefers-color-scheme: dark) { :root { --paper: #1a1d21; --ink: #e6e6e6; --soft: #a7b0ba;
  --line: #3a3f46; --warn: #ffc266; --warn-paper: #33270f; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3, li, p, td { overflow-wrap: break-word; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; line-height: 1.2; margin-bottom: .3rem; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
p.soft, figcaption { color: var(--soft); }
figcaption { font-size: .88rem; }
figure { margin: 0 0 1rem; }
figure p { margin: 0; }
figcaption p { margin: .3rem 0 0; }
figure img { display: block; max-width: 100%; height: auto; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr));
  gap: 1rem; align-items: start; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(28rem, 100%), 1fr));
  gap: 1rem; }
.pictures img { width: 100%; image-rendering: pixelated; }
.enlarge { display: block; cursor: zoom-in; }
.enlarge input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.enlarge input:focus-visible + img { outline: 3px solid var(--soft); }
.enlarge input:checked + img { position: fixed; top: 0; left: 0; width: 100vw; height: 100vh;
  object-fit: contain; background: var(--paper); z-index: 1; cursor: zoom-out; }
.warnings { background: var(--warn-paper); border-left: 4px solid var(--warn);
  padding: .4rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .9rem .25rem 0; text-align: left;
  vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
td.facts { overflow-wrap: anywhere; }
.card { border: 1px solid var(--line); padding: 0 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line);
  padding: .8rem; font-size: .85rem; }
"""


def document(title: str, body: Iterable[str]) -> str:
    """Wrap ``body``, whose parts are HTML already, into a whole page.

    Returns: HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def heading(words: str, level: int = 2) -> str:
    """Make a heading of ``words``.

    Returns: HTML.
    """
    return f"<h{level}>{escape(words)}</h{level}>"


def paragraph(words: str, kind: str = "") -> str:
    """Make a paragraph of ``words``.

    Returns: HTML.
    """
    return f'<p class="{kind}">{escape(words)}</p>' if kind else f"<p>{escape(words)}</p>"


def warnings(messages: Sequence[str]) -> str:
    """Make a box of warnings.

    Returns: HTML, "" where there are none.
    """
    if not messages:
        return ""
    items = "".join(f"<li>{escape(message)}</li>" for message in messages)
    return f'<div class="warnings"><p><strong>Warnings</strong></p><ul>{items}</ul></div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table whose first column is words and whose others are numbers.

    Returns: HTML.
    """
    top = "".join(_cell("th", words, i) for i, words in enumerate(head))
    body = "".join(
        f"<tr>{''.join(_cell('td', words, i) for i, words in enumerate(row))}</tr>" for row in rows
    )
    inner = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    # cellpadding is for QGIS's result viewer, which reads no padding.
    return f'<div class="scroll"><table cellpadding="4">{inner}</table></div>'


def _cell(tag: str, words: str, column: int) -> str:
    if not column:
        return f"<{tag}>{escape(words)}</{tag}>"
    return f'<{tag} class="number" align="right">{escape(words)}</{tag}>'


def facts(pairs: Iterable[Sequence[str]]) -> str:
    """Make a table of names and values in words.

    Returns: HTML.
    """
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="facts">{escape(value)}</td></tr>'
        for name, value in pairs
    )
    return f'<table cellpadding="4"><tbody>{rows}</tbody></table>'


def figure(images: Iterable[str], caption: str) -> str:
    """Put images above a caption.

    Returns: HTML.
    """
    # The paragraphs are for QGIS's result viewer, which knows no <figure>.
    shown = "".join(f"<p>{image}</p>" for image in images)
    return f"<figure>{shown}<figcaption><p>{escape(caption)}</p></figcaption></figure>"


def gallery(figures: Iterable[str], kind: str = "pictures") -> str:
    """Put figures side by side where there is room: "pictures", or the wider "charts".

    Returns: HTML.
    """
    return f'<div class="{kind}">{"".join(figures)}</div>'


def png_image(png: bytes, words: str, width: int) -> str:
    """Put a PNG into the page; ``words`` describe it, ``width`` is for viewers without styles.

    Returns: HTML.
    """
    return _image("image/png", png, words, width)


def svg_image(svg: str, words: str, width: int) -> str:
    """Put in an SVG as an image: a viewer that knows no SVG shows ``words``, not loose labels.

    Returns: HTML.
    """
    return _image("image/svg+xml", svg.encode(), words, width)


def chart(draw: Callable[[int], str], words: str, wide: int, narrow: int) -> str:
    """Put in the chart that ``draw(width)`` gives as SVG: a narrow one where the page is.

    A viewer that knows no <picture> shows the wide one.

    Returns: HTML.
    """
    small = _data("image/svg+xml", draw(narrow).encode())
    source = f'<source media="(max-width: {NARROW_PAGE})" srcset="{small}"/>'
    return f"<picture>{source}{svg_image(draw(wide), words, wide)}</picture>"


def enlargeable(image: str, words: str) -> str:
    """Show ``image`` over the whole window when it is clicked or, focused, the space bar pressed.

    Returns: HTML.
    """
    box = f'<input type="checkbox" aria-label="Enlarge: {escape(words)}"/>'
    return f'<label class="enlarge">{box}{image}</label>'


def _image(kind: str, content: bytes, words: str, width: int) -> str:
    return f'<img src="{_data(kind, content)}" alt="{escape(words)}" width="{width}">'


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def check_name(path: Path) -> None:
    """Refuse a ``path`` where no page can be written: known before hours of work.

    Raises: InputError.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(
            f"the report '{path}' must be an HTML file", "use a name that ends in .html"
        )
    if not path.parent.is_dir():
        raise InputError(f"the folder '{path.parent}' does not exist", "make it first")


def write(path: Path, html: str, overwrite: bool = True) -> None:
    """Write the page whole or not at all.

    Raises: StorageError.
    """
    path = Path(path)
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        with storage_errors(path, "choose a folder that you may write to"):
            write_durably(part, html.encode("utf-8", "replace"))
            give_name(part, path, overwrite)
    finally:
        part.unlink(missing_ok=True)
