"""The memory limit: sizes as people write them, tiles that fit, figures where none does."""

import argparse
from dataclasses import replace
from types import SimpleNamespace

import pytest

from model_runtime import tiling
from model_runtime.commands.upsample import memory_size
from model_runtime.errors import MemoryShortage
from model_runtime.pipeline import memory_budget
from model_runtime.pipeline.job import Job, RuntimeInfo
from model_runtime.pipeline.outputs import Output, OutputSpec
from model_runtime.raster import encoding

MIB = memory_budget.MIB
STORED = encoding.of_dtype("uint16", "reflectance")


@pytest.mark.parametrize(
    ("text", "size"),
    [("800M", 800 * MIB), ("4G", 4096 * MIB), ("2GiB", 2048 * MIB), ("1.5g", 1536 * MIB), ("7", 7)],
)
def test_sizes(text, size):
    assert memory_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "4X", "4 G B", "1e9", "inf", "nan", "9" * 99])
def test_what_is_no_size(text):
    with pytest.raises(argparse.ArgumentTypeError, match="not a memory size"):
        memory_size(text)


@pytest.fixture
def machine(monkeypatch):
    """A function: so much is free, this process holds so much, a trial takes ``a_pixel`` bytes."""

    def be(available, resident=0, a_pixel=1000):
        stand_in = SimpleNamespace(
            memory=lambda: {"available": available},
            resident=lambda: resident,
            growth=lambda action: (action(), a_pixel * memory_budget.PROBE_SIDE**2)[1],
        )
        monkeypatch.setattr(memory_budget, "hardware", stand_in)

    return be


def job(size=512, margin=8):
    cascade = SimpleNamespace(estimate=lambda *_: None)
    model = SimpleNamespace(
        wavelength_nm=(500.0,) * 8, input_bands=(1, 2, 3), output_unit="reflectance"
    )
    from model_runtime.diffusion.settings import Sampling

    layout = tiling.Layout(900, 900, tiling.Window(0, 0, 900, 900), size, 8, margin, 16)
    outputs = OutputSpec((Output("o.tif", tuple(range(8)), "mean"),))
    how = Sampling("ddim", 3, 2, (0.0,), 0)
    return Job(None, model, layout, None, how, outputs, RuntimeInfo("cpu", ()), cascade)


def fitted(limit, which=None, said=None):
    warn = (said if said is not None else []).append
    return memory_budget.fit_layout(which or job(), limit, warn)


def test_a_limit_that_is_far_off_changes_nothing(machine):
    machine(1 << 40)
    said = []
    assert fitted(None, said=said) == job().layout and said == []


def test_tiles_shrink_until_they_fit_and_it_is_said(machine):
    machine(1 << 40)
    said = []
    layout = fitted(150 * MIB, said=said)
    assert layout.size < 512 and layout.margin == 8
    assert len(said) == 1 and "512" in said[0] and str(layout.size) in said[0]


def test_less_memory_never_means_larger_tiles(machine):
    machine(1 << 40)
    sizes = [fitted(limit * MIB).size for limit in (60, 80, 100, 200, 400, 800)]
    assert sizes == sorted(sizes) and len(set(sizes)) > 2


def test_what_the_process_holds_already_counts(machine):
    machine(1 << 40, resident=140 * MIB)
    with_it = fitted(200 * MIB).size
    machine(1 << 40)
    assert with_it < fitted(200 * MIB).size


def test_half_of_what_is_free_is_the_default(machine):
    machine(300 * MIB)
    default = fitted(None).size
    machine(1 << 40)
    assert default == fitted(150 * MIB).size


def test_where_nothing_fits_the_figures_are_said(machine):
    machine(1 << 40)
    with pytest.raises(MemoryShortage, match=r"needs about \d+ MiB of memory, 1 may be used"):
        fitted(MIB)


def test_blended_tiles_are_refused_not_shrunk(machine):
    machine(1 << 40)
    with pytest.raises(MemoryShortage, match="512 pixels") as caught:
        fitted(150 * MIB, job(margin=None))
    assert "--tile" in caught.value.remedy


def test_a_system_that_does_not_tell_has_no_limit(machine):
    machine(None)
    assert fitted(None).size == 512


def test_samples_that_are_kept_take_memory(machine):
    machine(1 << 40)
    plain = job()
    of_many = replace(plain, sampling=replace(plain.sampling, samples=60))
    drawn = replace(of_many, outputs=replace(plain.outputs, draws=True))
    assert fitted(400 * MIB, drawn).size < fitted(400 * MIB, of_many).size
