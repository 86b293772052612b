"""The indices that a command line asks for: names of the catalogue, and a formula."""

from typing import Dict, Optional

from . import index_catalogue, index_formula
from .index_formula import Formula


def choose_formulas(names: str, formula: Optional[str]) -> Dict[str, Formula]:
    """Look up ``names``, with commas between them, and read ``formula``.

    Returns: formulas by the name of their band.
    Raises: InputError for an unknown name or what is not a formula.
    """
    listed = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
    indices = [index_catalogue.look_up(name) for name in listed]
    found = {index.name: index_formula.parse(index.formula) for index in indices}
    if formula and formula.strip():
        found[formula.strip()] = index_formula.parse(formula)
    return found
