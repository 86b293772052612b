"""The cascade: stages in a row, samples, guidance, units, on real ONNX and on functions."""

import json
from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import cascade, noise, samplers, schedule
from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import EstimateRequest, Sampling
from model_runtime.diffusion.stage_sampler import StageSampler
from model_runtime.errors import InputError, PackageError
from model_runtime.package import manifest

HOW = Sampling("dpm-solver++", 3, 1, (0.0, 0.0), seed=5)
RGB = np.random.default_rng(0).uniform(0.02, 0.6, (3, 24, 16)).astype(np.float32)
LINEAR = ("linear", 50, 1e-3, 0.2)
DIFFUSION = manifest.Schedule(*LINEAR, schedule.digest(schedule.betas(*LINEAR)))
FILE = manifest.ModelFile("none.onnx", "0" * 64)


@pytest.fixture(scope="module")
def tiny(tiny_package):
    """The tiny package on the CPU."""
    return load_cascade(tiny_package, manifest.read(tiny_package), "cpu", 1)


def pixelwise(x, condition, timestep):
    """An x0 network that looks at one pixel: bands of the condition repeated, mixed with x."""
    bands = x.shape[1]
    clean = np.resize(np.arange(condition.shape[1]), bands)
    t = timestep[:, None, None, None].astype(np.float32) / 100
    return np.tanh(condition[:, clean] + np.float32(0.3) * x + t).astype(np.float32)


def stage(condition_bands, final_bands, denoise=pixelwise, encode=None, pdt=1.0, prediction="x0"):
    """A stage of the cascade around functions."""
    count = len(final_bands)
    entry = manifest.Stage(
        *(FILE, FILE if encode else None, condition_bands, count, tuple(final_bands)),
        *(prediction, DIFFUSION, 0.0, pdt),
    )
    return StageSampler(entry, denoise, encode)


@pytest.fixture
def of_functions(tiny_package):
    """A function that makes a cascade of ``stages`` with the tiny package's bands and units."""
    model = manifest.read(tiny_package)
    return lambda *stages: Cascade(
        replace(model, stages=tuple(s.stage for s in stages)), list(stages), "cpu"
    )


@pytest.fixture
def in_strips(of_functions):
    """As ``of_functions``, of a package that says that its stages are pixelwise."""

    def make(*stages, threads=2):
        model = replace(of_functions(*stages).manifest, pixelwise=True)
        return Cascade(model, list(stages), "cpu", threads)

    return make


@pytest.mark.parametrize("pixels", [1, 16, 50, 10_000])
@pytest.mark.parametrize("samples", [1, 3])
def test_strips_of_any_height_give_the_same(in_strips, monkeypatch, pixels, samples):
    model, how = in_strips(stage(3, (0, 4)), stage(2, range(8))), replace(HOW, samples=samples)
    whole = model.estimate(RGB, 0, 0, how)
    monkeypatch.setattr(cascade, "STRIP_PIXELS", pixels)
    found = model.estimate(RGB, 0, 0, how)
    np.testing.assert_array_equal(found.mean, whole.mean)
    np.testing.assert_array_equal(found.stages[0], whole.stages[0])
    assert (found.spread is None) == (samples == 1)
    np.testing.assert_array_equal(found.spread, whole.spread)


def test_a_window_of_strips_is_a_part_of_the_whole(in_strips):
    model = in_strips(stage(3, (0, 4)), stage(2, range(8)))
    how = replace(HOW, sampler="ddpm", samples=3)
    whole = model.estimate(RGB, -40, 8, how)
    part = model.estimate(RGB[:, 8:20, 4:10], -32, 12, how)
    np.testing.assert_array_equal(part.mean, whole.mean[:, 8:20, 4:10])
    np.testing.assert_array_equal(part.spread, whole.spread[:, 8:20, 4:10])


def test_the_spread_of_a_picture_does_not_hang_on_the_seed(in_strips):
    """Four draws for all pixels would make a picture's spread a single throw."""
    model = in_strips(stage(3, (0, 4)), stage(2, range(8)))
    flat = np.full((3, 40, 40), 0.2, np.float32)
    how = replace(HOW, sampler="ddpm", samples=4)
    medians = [np.median(model.estimate(flat, 0, 0, replace(how, seed=s)).spread) for s in range(6)]
    assert max(medians) < 1.2 * min(medians)


@pytest.mark.parametrize("pixels", [1, 100])
def test_guided_strips_see_the_null_condition_of_the_tile(in_strips, monkeypatch, pixels):
    """The first encoder looks around: of a strip alone it would make something else."""

    def encode(condition):
        rows = condition.shape[2]
        assert rows == RGB.shape[1] + 2 * 8  # mirrored: there is nothing around the tile
        return condition - 0.1 * np.arange(rows, dtype=np.float32)[:, None]

    def denoise(x, features, timestep):
        return np.tanh(features.mean(1, keepdims=True) + np.float32(0.1) * x)

    model = in_strips(stage(3, range(8), denoise=denoise, encode=encode))
    guided = replace(HOW, steps=2, guidance=(1.5,))
    whole = model.estimate(RGB, 0, 0, guided).mean
    assert (
        np.abs(whole - model.estimate(RGB, 0, 0, replace(guided, guidance=(0.0,))).mean).max()
        > 0.01
    )
    monkeypatch.setattr(cascade, "STRIP_PIXELS", pixels)
    np.testing.assert_array_equal(model.estimate(RGB, 0, 0, guided).mean, whole)


def test_a_tile_with_nothing_around_it_is_seen_mirrored(in_strips):
    """And one with enough around it as it is: the same estimate, of the same places' noise."""
    seen = []

    def encode(condition):
        seen.append(condition.shape[2:])
        return condition + np.roll(condition, 3, axis=2)

    def denoise(x, features, timestep):
        return np.tanh(features.mean(1, keepdims=True) + np.float32(0.1) * x)

    model = in_strips(stage(3, range(8), denoise=denoise, encode=encode))
    rows, cols = RGB.shape[1:]
    around = np.pad(RGB, [(0, 0), (8, 8), (8, 8)], mode="reflect")
    kept = EstimateRequest((slice(8, 8 + rows), slice(8, 8 + cols)))
    alone = model.estimate(RGB, 5, 9, one_stage(samples=2))
    given = model.estimate(around, -3, 1, one_stage(samples=2), kept)
    assert seen == [around.shape[1:]] * 2
    np.testing.assert_array_equal(alone.mean, given.mean)
    np.testing.assert_array_equal(alone.spread, given.spread)


@pytest.mark.parametrize("make", ["of_functions", "in_strips"])
def test_what_is_kept_of_a_tile_is_its_part_of_the_whole(request, make):
    model, kept = (
        request.getfixturevalue(make)(stage(3, range(8))),
        EstimateRequest((slice(5, 20), slice(2, 9))),
    )
    how = one_stage(steps=2, samples=2)
    whole, found = model.estimate(RGB, 8, 0, how), model.estimate(RGB, 8, 0, how, kept)
    np.testing.assert_array_equal(found.mean, whole.mean[:, 5:20, 2:9])
    np.testing.assert_array_equal(found.spread, whole.spread[:, 5:20, 2:9])


@pytest.mark.parametrize("make", ["of_functions", "in_strips"])
def test_what_is_not_wanted_is_not_made_and_changes_nothing(request, make):
    model = request.getfixturevalue(make)(stage(3, (0, 4)), stage(2, range(8)))
    how = replace(HOW, sampler="ddpm", samples=3)
    whole = model.estimate(RGB, 0, 0, how)
    found = model.estimate(RGB, 0, 0, how, EstimateRequest(spread=False, stages=False))
    np.testing.assert_array_equal(found.mean, whole.mean)
    assert (found.spread, found.stages) == (None, [])
    assert (whole.spread.shape, len(whole.stages)) == (whole.mean.shape, 2)


def test_what_fails_in_a_strip_is_raised(in_strips):
    def broken(x, condition, timestep):
        raise PackageError("the network is broken", "mend it")

    with pytest.raises(PackageError, match="broken"):
        in_strips(stage(3, range(8), denoise=broken)).estimate(RGB, 0, 0, one_stage())


def test_the_same_seed_gives_the_same_result(tiny):
    one, again = tiny.estimate(RGB, 0, 0, HOW), tiny.estimate(RGB, 0, 0, HOW)
    np.testing.assert_array_equal(one.mean, again.mean)
    assert one.mean.shape == (8, 24, 16)
    assert one.mean.dtype == np.float32
    assert one.spread is None


@pytest.mark.parametrize("place, how", [((0, 8), HOW), ((0, 0), replace(HOW, seed=6))])
def test_another_place_or_seed_gives_other_noise(tiny, place, how):
    assert not np.allclose(tiny.estimate(RGB, 0, 0, HOW).mean, tiny.estimate(RGB, *place, how).mean)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm-solver++"])
def test_a_window_of_pixelwise_networks_is_a_part_of_the_whole(of_functions, sampler):
    model = of_functions(stage(3, (0, 4)), stage(2, range(8)))
    how = replace(HOW, sampler=sampler, samples=2)
    whole = model.estimate(RGB, -40, 8, how)
    part = model.estimate(RGB[:, 8:20, 4:10], -32, 12, how)
    np.testing.assert_array_equal(part.mean, whole.mean[:, 8:20, 4:10])
    np.testing.assert_array_equal(part.spread, whole.spread[:, 8:20, 4:10])


def test_a_window_differs_only_at_its_edges_where_networks_see_neighbours(tiny):
    edge = tiny.manifest.tile.influence
    whole, part = tiny.estimate(RGB, 0, 0, HOW), tiny.estimate(RGB[:, 8:], 8, 0, HOW)
    inside = part.mean[:, edge:]
    np.testing.assert_allclose(inside, whole.mean[:, 8 + edge :], atol=1e-6)
    assert np.abs(part.mean[:, :1] - whole.mean[:, 8:9]).max() > 1e-4


def test_mean_and_spread_are_those_of_the_samples(of_functions):
    """A sample is a run whose draws are those of its number."""
    model = of_functions(stage(3, (0, 4)), stage(2, range(8)))
    found = model.estimate(RGB, 0, 0, replace(HOW, sampler="ddpm", samples=5))
    assert found.spread.min() > 0
    draw = noise.draw_noise
    singles = []
    for k in range(5):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                noise, "draw_noise", lambda key, *a, k=k: draw(replace(key, sample=k), *a)
            )
            singles.append(model.estimate(RGB, 0, 0, replace(HOW, sampler="ddpm")))
    each = np.stack([single.mean for single in singles])
    np.testing.assert_allclose(found.mean, each.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.spread, each.std(0, ddof=1), atol=1e-6)
    coarse = np.mean([single.stages[0] for single in singles], axis=0)
    np.testing.assert_allclose(found.stages[0], coarse, atol=1e-6)


def test_normalised_in_and_physical_out(of_functions, tiny_package):
    """The network sees (rgb - offset) / scale; what it says is times scale plus offset."""
    seen = []

    def denoise(x, condition, timestep):
        seen.append(condition)
        return np.ones_like(x)

    n = manifest.read(tiny_package).normalisation
    found = of_functions(stage(3, range(8), denoise)).estimate(RGB, 0, 0, one_stage(steps=1))
    expected = (RGB - n.input_offset[0]) / n.input_scale[0]
    np.testing.assert_allclose(seen[0][0], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.mean, n.output_scale[0] + n.output_offset[0], rtol=1e-6)


def one_stage(**other):
    """Settings for a cascade of a single stage."""
    return replace(HOW, guidance=(0.0,), **other)


def test_every_stage_speaks_in_its_own_bands_units(tiny_package):
    """Offsets and scales of a coarse stage are those of the final bands that it makes."""
    bands = range(8)
    n = manifest.Normalisation((0,) * 3, (1,) * 3, tuple(10.0 * b for b in bands), (2.0,) * 8)
    constant = lambda x, condition, timestep: np.ones_like(x)  # noqa: E731
    stages = [stage(3, (1, 5), constant), stage(2, bands, constant)]
    model = replace(manifest.read(tiny_package), normalisation=n)
    found = Cascade(model, stages, "cpu").estimate(RGB, 0, 0, replace(HOW, steps=1))
    assert found.stages[0][:, 0, 0].tolist() == [12, 52]
    assert found.mean[:, 3, 3].tolist() == [10 * b + 2 for b in bands]
    np.testing.assert_array_equal(found.stages[1], found.mean)


class Counted:
    """A network that keeps what it was asked."""

    def __init__(self):
        self.conditions = []

    def __call__(self, x, timestep, condition=None, features=None):
        given = condition if features is None else features
        self.conditions.append(given)
        return pixelwise(x, given[:, :3], timestep)

    @property
    def null(self):
        return sum(not given.any() for given in self.conditions)


@pytest.mark.parametrize("scale, null_calls", [(0.0, 0), (1.5, 3)])
def test_the_null_pass_runs_only_where_guidance_asks(of_functions, scale, null_calls):
    counted = Counted()
    model = of_functions(stage(3, range(8), counted))
    model.estimate(RGB, 0, 0, replace(HOW, guidance=(scale,)))
    assert counted.null == null_calls
    assert len(counted.conditions) == 3 + null_calls


@pytest.mark.parametrize("kind", ["Counted", "OfBoth"])
def test_outside_its_interval_guidance_costs_no_null_pass(of_functions, kind):
    counted = {"Counted": Counted, "OfBoth": OfBoth}[kind]()
    guided = stage(3, range(8), counted)
    first, *_, last = samplers.timesteps(guided.diffusion.steps, 3)
    interval = int(last) + 1, int(first) - 1
    how = replace(HOW, guidance=(1.5,), guidance_interval=interval)
    of_functions(guided).estimate(RGB, 0, 0, how)
    both = sum(len(given) == 2 for given in counted.conditions)
    assert counted.null + both == 1
    assert sum(len(given) for given in counted.conditions) == 3 + 1


class OfBoth(Counted):
    """As Counted, one x for two conditions."""

    shares_x = True

    def __call__(self, x, timestep, condition):
        assert len(x) == len(timestep) == 1
        return super().__call__(np.repeat(x, len(condition), 0), timestep, condition)


def test_a_network_that_can_looks_at_x_once_for_condition_and_null(of_functions):
    plain, shared = Counted(), OfBoth()
    how = replace(HOW, guidance=(1.5,), samples=2)
    expected = of_functions(stage(3, range(8), plain)).estimate(RGB, 0, 0, how)
    found = of_functions(stage(3, range(8), shared)).estimate(RGB, 0, 0, how)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found.spread, expected.spread, rtol=1e-5)
    assert 2 * len(shared.conditions) == len(plain.conditions)


def test_guidance_is_a_stages_own(of_functions):
    one, other = Counted(), Counted()
    model = of_functions(stage(3, (0, 4, 6), one), stage(3, range(8), other))
    model.estimate(RGB, 0, 0, replace(HOW, guidance=(0.0, 2.0)))
    assert (one.null, other.null) == (0, 3)


def test_guidance_changes_the_estimate_as_the_formula_says(of_functions):
    """One step of x0 networks: null + (s + 1)(conditional - null)."""
    model = of_functions(stage(3, range(8)))
    one, guided = (
        model.estimate(RGB, 0, 0, replace(HOW, steps=1, guidance=(s,))).mean for s in (0.0, 2.0)
    )
    offset = model.manifest.normalisation.input_offset[0]
    null = model.estimate(np.full_like(RGB, offset), 0, 0, one_stage(steps=1)).mean
    np.testing.assert_allclose(guided, null + 3 * (one - null), atol=1e-5)


def test_an_encoder_is_asked_once_for_all_steps_and_samples(of_functions):
    asked = []

    def encode(condition):
        asked.append(condition)
        return np.concatenate([condition, condition[:, :1] + 5], axis=1)

    counted = Counted()
    model = of_functions(stage(3, range(8), counted, encode))
    model.estimate(RGB, 0, 0, one_stage(samples=4))
    assert len(asked) == 1
    assert len(counted.conditions) == 12
    assert counted.conditions[0].shape[1] == 4


def test_null_features_are_the_encoded_null_condition(of_functions):
    """Not zeros: the encoder may say something of no condition."""
    counted = Counted()
    encode = lambda condition: condition + 7  # noqa: E731
    model = of_functions(stage(3, range(8), counted, encode))
    model.estimate(RGB, 0, 0, replace(HOW, steps=1, guidance=(1.0,)))
    assert any((given == 7).all() for given in counted.conditions)
    assert counted.null == 0


def test_the_package_says_what_every_stage_is_guided_away_from(of_functions):
    seen = []

    def denoise(x, condition, timestep):
        seen.append(condition)
        return np.zeros_like(x) + condition[:, :1]

    model = of_functions(stage(3, (0, 4), denoise), stage(2, range(8), denoise))
    model.manifest = replace(model.manifest, null_condition="brightness")
    model.estimate(RGB, 0, 0, replace(HOW, steps=1, guidance=(1.0, 1.0)))
    assert len(seen) == 4
    for conditional, null in (seen[:2], seen[2:]):
        np.testing.assert_allclose(null, conditional * 0 + conditional.mean(1, keepdims=True))


def test_truncation_reaches_the_sampler(of_functions):
    extreme = []

    def denoise(x, condition, timestep):
        extreme.append(np.abs(x).max())
        return np.zeros_like(x)

    for pdt in (1.0, 0.5):
        of_functions(stage(3, range(8), denoise, pdt=pdt)).estimate(RGB, 0, 0, one_stage(steps=1))
    assert extreme[0] > 3
    assert extreme[1] == pytest.approx(1, abs=0.01)


def test_strips_are_truncated_by_the_thresholds_as_the_whole_is(in_strips, monkeypatch):
    fitted = manifest.TruncationThresholds((0, 49), (0.9, 1.0), ((1.1, 1.2), (1.3, 1.4)))
    stages = stage(3, (0, 4)), stage(2, range(8))
    for one in stages:
        one.stage = replace(one.stage, truncation=fitted)
    model, how = in_strips(*stages), replace(HOW, truncation=(0.9, 0.9))
    whole = model.estimate(RGB, 0, 0, how).mean
    monkeypatch.setattr(cascade, "STRIP_PIXELS", 32)
    np.testing.assert_array_equal(model.estimate(RGB, 0, 0, how).mean, whole)
    plain = model.estimate(RGB, 0, 0, replace(how, truncation=None)).mean
    assert not np.array_equal(plain, whole)


def test_strips_refuse_the_quantile_of_a_tile(in_strips):
    model = in_strips(stage(3, (0, 4)), stage(2, range(8)))
    with pytest.raises(InputError, match="has no thresholds"):
        model.estimate(RGB, 0, 0, replace(HOW, truncation=(0.9, 1.0)))


def test_three_stages(of_functions):
    model = of_functions(stage(3, (0,)), stage(1, (0, 2, 4, 6)), stage(4, range(8)))
    how = replace(HOW, guidance=(0.0, 1.0, 0.5), samples=2)
    found = model.estimate(RGB, 0, 0, how)
    assert [part.shape for part in found.stages] == [(1, 24, 16), (4, 24, 16), (8, 24, 16)]
    assert found.mean.shape == found.spread.shape == (8, 24, 16)
    assert np.isfinite(found.mean).all()


def test_stages_and_samples_draw_their_own_noise(of_functions):
    starts = []

    def denoise(x, condition, timestep):
        starts.append(x[0, 0])
        return np.zeros_like(x)

    model = of_functions(stage(3, (0, 4), denoise), stage(2, range(8), denoise))
    model.estimate(RGB, 0, 0, replace(HOW, steps=1, samples=3))
    assert len(starts) == 6
    pairs = [(a, b) for a in range(6) for b in range(a)]
    assert not any(np.allclose(starts[a], starts[b]) for a, b in pairs)


@pytest.mark.parametrize(
    "how, match",
    [
        (replace(HOW, guidance=(0.0,)), "1 guidance scales for 2 stages"),
        (replace(HOW, truncation=(0.9,)), "1 bounds of truncation for 2 stages"),
        (replace(HOW, steps=0), "steps is 0: choose 1 to 50"),
        (replace(HOW, steps=51), "steps is 51: choose 1 to 50"),
        (replace(HOW, samples=0), "0 samples"),
        (replace(HOW, sampler="euler"), "'euler'"),
    ],
)
def test_settings_that_do_not_fit_the_package_are_refused(tiny, how, match):
    with pytest.raises(InputError, match=match):
        tiny.estimate(RGB, 0, 0, how)


def test_a_denoiser_of_another_shape_is_not_spread_over_the_bands(of_functions):
    model = of_functions(stage(3, range(8), lambda x, condition, timestep: x[:, :1]))
    with pytest.raises(PackageError, match=r"\(1, 1, 24, 16\) of \(1, 8, 24, 16\)"):
        model.estimate(RGB, 0, 0, one_stage())


def test_a_package_with_another_schedule_is_refused_when_loading(tiny_package, tmp_path):
    data = json.loads((tiny_package / "model.json").read_text())
    data["stages"][1]["schedule"]["high"] = 0.19
    with pytest.raises(PackageError, match="betas"):
        load_cascade(tiny_package, manifest.parse(data), "cpu", 1)


def test_loading_says_what_it_runs_on(tiny):
    assert (tiny.device, tiny.providers, tiny.warnings) == ("cpu", ["CPUExecutionProvider"], [])


@pytest.mark.parametrize("make", ["of_functions", "in_strips"])
@pytest.mark.parametrize("calibrated", [False, True])
def test_draws_have_the_estimate_for_mean_and_the_spread_for_deviation(request, make, calibrated):
    model = request.getfixturevalue(make)(stage(3, (0, 4)), stage(2, range(8)))
    fitted = manifest.Calibration("ddpm", 3, 5, (1.7,) * 8, (0.05,) * 8)
    model.manifest = replace(model.manifest, calibrations=(fitted,) if calibrated else ())
    how = replace(HOW, sampler="ddpm", samples=5)
    found = model.estimate(RGB, 0, 0, how, EstimateRequest(draws=True))
    each = np.stack(found.draws)
    assert each.shape == (5, 8, 24, 16)
    np.testing.assert_allclose(each.mean(0), found.mean, atol=1e-6)
    np.testing.assert_allclose(each.std(0, ddof=1), found.spread, rtol=1e-4, atol=1e-6)
    alone = model.estimate(RGB, 0, 0, how, EstimateRequest(spread=False, draws=True))
    assert alone.spread is None
    np.testing.assert_array_equal(np.stack(alone.draws), each)


def test_uncalibrated_draws_are_the_samples_themselves(of_functions, monkeypatch):
    model = of_functions(stage(3, (0, 4)), stage(2, range(8)))
    how = replace(HOW, sampler="ddpm", samples=3)
    draws = model.estimate(RGB, 0, 0, how, EstimateRequest(draws=True)).draws
    draw = noise.draw_noise
    monkeypatch.setattr(noise, "draw_noise", lambda key, *a: draw(replace(key, sample=1), *a))
    second = model.estimate(RGB, 0, 0, replace(how, samples=1)).mean
    np.testing.assert_allclose(draws[1], second, atol=1e-6)


def test_draws_that_do_not_differ_are_the_mean(of_functions):
    def certain(x, condition, timestep):
        return np.full_like(x, 0.25)

    model = of_functions(stage(3, range(8), denoise=certain))
    fitted = manifest.Calibration("dpm-solver++", 1, 4, (1.0,) * 8, (0.1,) * 8)
    model.manifest = replace(model.manifest, calibrations=(fitted,))
    found = model.estimate(RGB, 0, 0, one_stage(steps=1, samples=4), EstimateRequest(draws=True))
    for one in found.draws:
        np.testing.assert_array_equal(one, found.mean)
