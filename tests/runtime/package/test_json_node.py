"""A value that breaks a rule is refused with its path, itself, the rule and the remedy."""

import pytest

from model_runtime.errors import PackageError
from model_runtime.package.json_node import REMEDY, JsonNode

ROOT = JsonNode({"stages": [{"steps": 5}, {"steps": True}], "name": "m"}, "model.json")


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            lambda: ROOT.get("stages").items(1, 9)[1].get("steps").integer(1, 10),
            "model.json.stages[1].steps is 'True': it must be a whole number from 1 to 10",
        ),
        (lambda: ROOT.get("card"), "model.json has no 'card'"),
        (lambda: ROOT.get("name").get("x"), "model.json.name is 'm': it must be an object"),
        (
            lambda: ROOT.optional("unit").text(),
            "model.json.unit is 'None': it must be a text of 1 to 200 printable characters",
        ),
        (
            lambda: ROOT.get("name").one_of(("a", "b")),
            "model.json.name is 'm': it must be one of a, b",
        ),
        (
            lambda: JsonNode([1, "x"], "levels").numbers(2, 0, 1),
            "levels[1] is 'x': it must be a number from 0 to 1",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_place(check, message):
    with pytest.raises(PackageError) as caught:
        check()
    assert (caught.value.message, caught.value.remedy) == (message, REMEDY)


def test_what_an_older_package_lacks_has_its_default_and_its_place():
    node = ROOT.optional("calibrations", [])
    assert (node.value, node.where) == ([], "model.json.calibrations")
    assert ROOT.optional("name", "other").value == "m"
