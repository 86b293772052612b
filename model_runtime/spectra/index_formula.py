"""Formulas of spectral indices: ``(r860 - r670) / (r860 + r670)``, r860 the value at 860 nm.

They are read as Python's grammar reads them and worked out here: no name, no attribute and no call
but those below gets through, so a formula is data and not a program.
"""

import ast
import operator
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Tuple

import numpy as np

from ..errors import InputError

LONGEST = 1000  # characters
LARGEST = 1e9  # number
DEEPEST = 40  # brackets and operations within one another
BAND = re.compile(r"r(\d+(?:_\d+)?)")
FUNCTIONS: Dict[str, Callable] = {"sqrt": np.sqrt, "log": np.log, "exp": np.exp, "abs": np.abs}
OPERATIONS: Dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
RULE = "write numbers, r860 for the value at 860 nm (r860_5: 860.5), + - * / ** and brackets, and "
RULE += "sqrt, log, exp or abs of these"


@dataclass(frozen=True)
class Formula:
    """A formula and the wavelengths (nm) that it needs, in order."""

    text: str
    wavelength_nm: Tuple[float, ...]
    _tree: ast.expr

    def evaluate(self, values: np.ndarray) -> np.ndarray:
        """Work out the index of ``values`` (wavelengths, ...), in the order of ``wavelength_nm``.

        Returns: float32 (...), NaN where it is not a finite number.
        """
        at = dict(zip(self.wavelength_nm, np.asarray(values, np.float32)))
        with np.errstate(all="ignore"):
            found = np.broadcast_to(_value(self._tree, at), values.shape[1:])
        return np.where(np.isfinite(found), found, np.nan).astype(np.float32)


def parse(text: str) -> Formula:
    """Read a formula.

    Returns: the Formula.
    Raises: InputError for one that is none, or that names no wavelength.
    """
    if len(text) > LONGEST:
        raise InputError(f"the formula has {len(text)} characters", f"at most {LONGEST} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        found = sorted(set(_wavelengths(tree, 0)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(f"the formula '{text}' cannot be read ({why})", RULE) from None
    if not found:
        raise InputError(f"the formula '{text}' names no wavelength", RULE)
    return Formula(text.strip(), tuple(found), tree)


def _wavelengths(node: Any, depth: int) -> Iterator[float]:
    """The wavelengths in ``node``; raises ValueError for what a formula does not hold."""
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} brackets and operations within one another")
    if isinstance(node, ast.Name):
        yield _wavelength(node.id)
    elif isinstance(node, ast.Constant):
        _number(node)
    else:
        for part in _parts(node):
            yield from _wavelengths(part, depth + 1)


def _parts(node: Any) -> Tuple[ast.expr, ...]:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return node.left, node.right
    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATIONS:
        return (node.operand,)
    if _function_of(node) in FUNCTIONS and len(node.args) == 1 and not node.keywords:
        return (node.args[0],)
    raise ValueError(f"'{ast.unparse(node)}' is not part of a formula")


def _number(node: ast.Constant) -> float:
    if not isinstance(node.value, (int, float)) or abs(node.value) > LARGEST:
        raise ValueError(f"'{node.value!r}' is not a number up to {LARGEST:g}")
    return float(node.value)


def _function_of(node: Any) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _wavelength(name: str) -> float:
    match = BAND.fullmatch(name)
    if match is None:
        raise ValueError(f"'{name}' is not a wavelength")
    return float(match.group(1).replace("_", "."))


def _value(node: Any, at: Dict[float, np.ndarray]) -> Any:
    if isinstance(node, ast.Name):
        return at[_wavelength(node.id)]
    if isinstance(node, ast.Constant):
        return np.float32(_number(node))
    values = [_value(part, at) for part in _parts(node)]
    if isinstance(node, ast.Call):
        return FUNCTIONS[_function_of(node)](*values)
    return OPERATIONS[type(node.op)](*values)
