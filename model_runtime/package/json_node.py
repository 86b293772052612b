"""A JSON value that knows its place: what breaks a rule is refused with the entry's path."""

from typing import Any, Sequence, Tuple

from ..errors import PackageError

REMEDY = "get the model package again from where it came"


class JsonNode:
    """A value of a package's JSON, and ``where`` it stands, such as ``model.json.stages[1].file``.

    Its checks raise PackageError with the path, the value, the rule and the remedy.
    """

    def __init__(self, value: Any, where: str):
        self.value, self.where = value, where

    def fail(self, rule: str) -> PackageError:
        """Make the error of a value that is not ``rule``.

        Returns: it, not raised.
        """
        return PackageError(f"{self.where} is {str(self.value)[:80]!r}: it must be {rule}", REMEDY)

    def get(self, key: str) -> "JsonNode":
        """Take the entry ``key`` of an object, which must have it.

        Returns: its node.
        Raises: PackageError.
        """
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        if key not in self.value:
            raise PackageError(f"{self.where} has no '{key}'", REMEDY)
        return JsonNode(self.value[key], f"{self.where}.{key}")

    def optional(self, key: str, default: Any = None) -> "JsonNode":
        """Take the entry ``key`` of an object that older packages do not know.

        Returns: its node; of ``default`` where it is absent.
        """
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return JsonNode(self.value.get(key, default), f"{self.where}.{key}")

    def text(self, longest: int = 200) -> str:
        """Check for a text; printable, as it goes to terminals, tags and one-line messages.

        Returns: the text.
        """
        text = isinstance(self.value, str) and self.value.isprintable()
        if not text or not 0 < len(self.value) <= longest:
            raise self.fail(f"a text of 1 to {longest} printable characters")
        return self.value

    def one_of(self, allowed: Tuple[str, ...]) -> str:
        """Check for one of the words ``allowed``.

        Returns: the word.
        """
        if self.value not in allowed:
            raise self.fail("one of " + ", ".join(allowed))
        return self.value

    def integer(self, low: int, high: int) -> int:
        """Check for a whole number from ``low`` to ``high``; true and false are not numbers.

        Returns: the number.
        """
        if type(self.value) is not int or not low <= self.value <= high:
            raise self.fail(f"a whole number from {low} to {high}")
        return self.value

    def number(self, low: float, high: float) -> float:
        """Check for a number from ``low`` to ``high``; true and false are not numbers.

        Returns: the number.
        """
        if not _is_number(self.value, low, high):
            raise self.fail(_number_rule(low, high))
        return float(self.value)

    def items(self, low: int, high: int) -> Tuple["JsonNode", ...]:
        """Check for a list of ``low`` to ``high`` items.

        Returns: their nodes.
        """
        return tuple(self._item(i, value) for i, value in enumerate(self._list(low, high)))

    def numbers(self, count: int, low: float, high: float) -> Tuple[float, ...]:
        """Check for a list of ``count`` numbers from ``low`` to ``high``.

        Returns: the numbers.
        """
        values = self._list(count, count)
        for i, value in enumerate(values):
            # A package holds ten thousand numbers: only a wrong one is worth a node.
            if not _is_number(value, low, high):
                raise self._item(i, value).fail(_number_rule(low, high))
        return tuple(map(float, values))

    def _list(self, low: int, high: int) -> Sequence[Any]:
        if not isinstance(self.value, (list, tuple)) or not low <= len(self.value) <= high:
            raise self.fail(f"a list of {low} to {high} items")
        return self.value

    def _item(self, number: int, value: Any) -> "JsonNode":
        return JsonNode(value, f"{self.where}[{number}]")


def _is_number(value: Any, low: float, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high


def _number_rule(low: float, high: float) -> str:
    return f"a number from {low:g} to {high:g}"
