"""The text of a package's model card."""

from pathlib import Path

from . import manifest


def card_text(folder: Path, model: manifest.Manifest) -> str:
    """Read the model card of the package in ``folder``.

    Returns: its text; "" where the package has none, or one that is a link or too large.
    """
    card = Path(folder) / model.card
    if card.is_symlink() or not card.is_file() or card.stat().st_size > manifest.MAX_MANIFEST_BYTES:
        return ""
    return card.read_text(encoding="utf-8", errors="replace")
