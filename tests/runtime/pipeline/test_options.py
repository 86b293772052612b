"""Which options make another run of it: the identity of a run hangs on these."""

import pickle
from dataclasses import fields, replace

import pytest

from model_runtime.pipeline.options import UpsampleOptions, deciding_options

PLAIN = UpsampleOptions(input="a.tif", output="o.tif")
# Where outputs lie and how they are come by; a spread that is wanted is a fact of the run itself,
# as the polygons of a mask are.
CONDUCT = {
    *("input", "output", "spread", "keep_stages", "draws", "reliability", "report", "threads"),
    *("cluster", "tls_ca_file", "tls_cert", "tls_key", "overwrite", "memory_limit", "resume"),
    *("unfinished", "mask"),
}


def other(value):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value or ''}x"


@pytest.mark.parametrize("name", [item.name for item in fields(UpsampleOptions)])
def test_an_option_decides_the_content_or_is_known_not_to(name):
    changed = replace(PLAIN, **{name: other(getattr(PLAIN, name))})
    same = deciding_options(changed) == deciding_options(PLAIN)
    assert same == (name in CONDUCT)


def test_options_are_named_as_on_the_command_line():
    named = deciding_options(replace(PLAIN, radiometry_from="b.tif", bands=(3, 2, 1)))
    assert named["--radiometry-from"] == "'b.tif'" and named["--bands"] == "(3, 2, 1)"


def test_options_reach_other_processes_whole():
    sent = replace(PLAIN, extent=(1.5, 2.0, 3.0, 4.0), guidance=(0.5,), seed=7)
    assert pickle.loads(pickle.dumps(sent)) == sent


def test_every_option_of_the_command_line_is_handed_on():
    from model_runtime.__main__ import build_parser
    from model_runtime.commands.upsample import options_of

    args = build_parser().parse_args(["upsample", "a.tif", "o.tif"])
    own = {"command", "module", "events", "debug"}
    assert set(vars(args)) - own == {item.name for item in fields(UpsampleOptions)}
    assert options_of(args) == PLAIN
