"""Writes the catalogue of spectral indices and its page: ``python scripts/take_indices.py DATA``.

DATA is the folder ``data`` of the package spyndex (the Awesome Spectral Indices catalogue, MIT):
spectral-indices-dict.json and constants.json. What needs bands beyond 1000 nm, or a constant that
has no default, is left out; band letters become the wavelengths of Sentinel-2A (PlanetScope's for
yellow and the first green), constants their defaults.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, Optional

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime.errors import InputError  # noqa: E402
from model_runtime.spectra import index_catalogue, index_formula  # noqa: E402

PAGE = ROOT / "docs" / "indices.md"
BANDS_NM = {
    **{"A": 443, "B": 492, "G1": 531, "G": 560, "Y": 605, "R": 665},
    **{"RE1": 704, "RE2": 740, "RE3": 783, "N": 833, "N2": 865, "WV": 945},
}
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


def entry(index: Dict[str, Any], constants: Dict[str, Any]) -> Optional[Dict[str, str]]:
    """An index as the catalogue has it; None for one that the visible and near infrared lack."""

    def put(match) -> str:
        name = match.group()
        return f"r{BANDS_NM[name]}" if name in BANDS_NM else str(float(constants[name]["default"]))

    try:
        formula = NAME.sub(put, index["formula"])
        index_formula.parse(formula)
    except (KeyError, TypeError, InputError):
        return None
    said = {"title": index["long_name"], "domain": index["application_domain"]}
    return {**said, "formula": formula, "reference": index["reference"]}


def page(text: str, catalogue: Dict[str, Dict[str, str]]) -> str:
    """docs/indices.md with its table written anew."""
    head = "| index | used on | formula | reference |\n|---|---|---|---|\n"
    rows = (
        f"| **{name}** {_cell(said['title'])} | {said['domain']} | `{_cell(said['formula'])}` | "
        f"<{said['reference']}> |\n"
        for name, said in catalogue.items()
    )
    return text[: text.index("| index |")] + head + "".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write both files."""
    data = Path(sys.argv[1])
    constants = json.loads((data / "constants.json").read_text(encoding="utf-8"))
    listed = json.loads((data / "spectral-indices-dict.json").read_text(encoding="utf-8"))
    found = {
        name: made
        for name, index in sorted(listed["SpectralIndices"].items())
        if (made := entry(index, constants)) is not None
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    index_catalogue.PATH.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main()
