"""The cascade: RGB through every stage's diffusion model to all bands, for one tile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError, PackageError
from ..package.manifest import Manifest, Quality, Stage
from ..spectra import reliability
from ..system import hardware
from ..tiling import Window
from . import (
    data_consistency,
    guidance,
    noise,
    onnx_session,
    samplers,
    schedule,
    shared_error,
    spread_calibration,
)
from .noise import NoiseKey

# Of all bands and features these take about 3 MB: what a core's cache holds.
STRIP_PIXELS = 4096


@dataclass(frozen=True)
class Sampling:
    """How to sample; ``steps`` are denoiser calls a stage, ``guidance`` holds one scale a stage.

    ``guidance_interval``: the first and the last timestep that are guided; None: all.
    ``level_guessed``: the input was matched to the model's unit, so all of it may be off together.
    ``truncation``: PDT's lower bound of each stage, 1 for none; None: the stages' own.
    """

    sampler: str
    steps: int
    samples: int
    guidance: Tuple[float, ...]
    seed: int
    guidance_interval: Optional[Tuple[int, int]] = None
    level_guessed: bool = False
    truncation: Optional[Tuple[float, ...]] = None


def sampling_of_quality(quality: Quality, guidance: Tuple[float, ...], seed: int) -> Sampling:
    """How a package's quality samples.

    Returns: the sampler, steps and samples of ``quality`` with ``guidance`` and ``seed``.
    """
    return Sampling(
        sampler=quality.sampler,
        steps=quality.steps,
        samples=quality.samples,
        guidance=guidance,
        seed=seed,
        guidance_interval=quality.guidance_interval,
    )


@dataclass(frozen=True)
class Estimate:
    """What a tile's sampling gives, in the model's output unit.

    ``mean`` (bands, rows, cols) over the samples; ``spread`` their standard deviation, calibrated
    where the package says how, None for one sample; ``stages`` the mean of each stage's bands.
    ``draws``: the samples, each moved from the mean as far as makes their standard deviation the
    spread. ``relative_spread`` (1, rows, cols): the spread of all bands relative to the mean.
    """

    mean: np.ndarray
    spread: Optional[np.ndarray]
    stages: List[np.ndarray]
    draws: List[np.ndarray] = field(default_factory=list)
    relative_spread: Optional[np.ndarray] = None


Finish = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class EstimateRequest:
    """What is asked for of a tile: rows and cols of it, and which arrays beside the mean.

    ``finish`` makes what is returned of each array of spectra, while they are at hand.
    """

    kept: Tuple[slice, slice] = (slice(None), slice(None))
    spread: bool = True
    stages: bool = True
    finish: Finish = np.asarray
    draws: bool = False
    relative_spread: bool = False


EVERYTHING = EstimateRequest()


class StageSampler:
    """One stage: condition (1, condition bands, rows, cols) to a sample of its bands."""

    def __init__(self, stage: Stage, denoise: Callable, encode: Optional[Callable]):
        self.stage, self._denoise, self._encode = stage, denoise, encode
        self.diffusion = schedule.of_manifest(stage.schedule)

    def features(self, condition: np.ndarray) -> np.ndarray:
        """What the denoiser sees of a condition: itself, or the condition encoder's output.

        Returns: float32 (1, channels, rows, cols).
        """
        return self._encode(condition=condition) if self._encode else condition

    def sample(
        self,
        features: np.ndarray,
        null: Optional[np.ndarray],
        how: Sampling,
        scale: float,
        draw,
        bound: Optional[float] = None,
    ) -> np.ndarray:
        """One sample (1, bands, rows, cols); ``draw(t)`` gives noise, t = T the start.

        ``bound``: PDT's lower bound; None: the stage's own.

        Returns: the sample in the network's normalised unit.
        """
        predict = self.predictor(features, null, scale, how.guidance_interval)
        stage, d = self.stage, self.diffusion
        lower_bound = stage.pdt_lower_bound if bound is None else bound

        def denoise(x_t: np.ndarray, t: int) -> np.ndarray:
            return schedule.x0(stage.prediction, predict(x_t, t), x_t, d, t)

        def truncate(x_t: np.ndarray, t: int) -> np.ndarray:
            if stage.truncation is None:
                return guidance.truncate(x_t, t, d.steps, lower_bound)
            return guidance.truncate_by_thresholds(x_t, t, d.steps, lower_bound, stage.truncation)

        run = samplers.SAMPLER_FUNCTIONS[how.sampler]
        order = samplers.timesteps(d.steps, how.steps)
        return run(draw(d.steps), denoise, d, order, draw, truncate)

    def predictor(
        self,
        features: np.ndarray,
        null: Optional[np.ndarray],
        scale: float,
        interval: Optional[Tuple[int, int]] = None,
    ) -> guidance.Predict:
        """The mixture of what ``features`` and ``null`` give (ICMG), in ``interval``.

        A network that can looks at x once for both.

        Returns: a function (x_t, t) to the network's prediction, shaped like x_t.
        """
        conditional = self._network(features)
        if not scale or null is None:
            mixture = conditional
        elif getattr(self._denoise, "shares_x", False):
            both = self._network(np.concatenate([features, null]))
            mixture = guidance.mix_guidance_of_pair(both, scale)
        else:
            mixture = guidance.mix_guidance(conditional, self._network(null), scale)
        return mixture if interval is None else guidance.within(interval, mixture, conditional)

    def _network(self, features: np.ndarray) -> guidance.Predict:
        name = "features" if self._encode else "condition"

        def predict(x_t: np.ndarray, t: int) -> np.ndarray:
            timestep = np.full(len(x_t), t, np.int64)
            prediction = self._denoise(x=x_t, timestep=timestep, **{name: features})
            # NumPy would repeat a single band in silence.
            if prediction.shape != (len(features), *x_t.shape[1:]):
                raise PackageError(
                    f"a denoiser makes {prediction.shape} of {x_t.shape}",
                    "its prediction has the shape of x: export the model again",
                )
            return prediction

        return predict


@dataclass(frozen=True)
class _Part:
    """What is sampled at once, each (1, bands, rows, cols): the input in its unit, as the first
    stage's condition, what that stage's denoiser sees of it and, guided, of the null condition."""

    rgb: np.ndarray
    condition: np.ndarray
    features: np.ndarray
    null: Optional[np.ndarray]

    def crop(self, rows: slice, cols: slice) -> "_Part":
        def cut(values: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(values[..., rows, cols])

        null = None if self.null is None else cut(self.null)
        return _Part(cut(self.rgb), cut(self.condition), cut(self.features), null)


class Cascade:
    """A loaded model package on a device; ``threads`` work on one tile."""

    def __init__(
        self, manifest: Manifest, stages: List[StageSampler], device: str, threads: int = 1
    ):
        self.manifest, self.stages, self.device = manifest, stages, device
        # One pool for all tiles: new threads would each leave a heap of their own behind.
        self.threads, self._pool = threads, ThreadPoolExecutor(threads)
        self.providers = onnx_session.PROVIDERS[device]
        whole = len(stages[-1].stage.final_bands) == len(manifest.wavelength_nm)
        consistent = manifest.data_consistency and whole
        self._project = data_consistency.onto_input(manifest) if consistent else None
        self.warnings: List[str] = []

    def estimate(
        self,
        rgb: np.ndarray,
        row0: int,
        col0: int,
        how: Sampling,
        wanted: EstimateRequest = EVERYTHING,
    ) -> Estimate:
        """Mean and spread for ``rgb`` (input bands, rows, cols) in the model's input unit.

        (row0, col0) is the tile's absolute position in the raster: it decides the noise. What is
        not ``wanted`` is not worked out: no spread is None, no stages an empty list.

        Returns: what is wanted of the tile, in the model's output unit.
        Raises: InputError for settings that do not fit the package.
        """
        self._check(how)
        condition, first = self._condition(rgb), self.stages[0]
        null = self._null(first, condition, how.guidance[0])
        part = _Part(rgb[None], condition, first.features(condition), null)
        if self.manifest.pixelwise:
            return self._in_strips(part, how, (row0, col0), wanted)

        window = Window(row0, col0, *rgb.shape[1:])

        def draw(key: NoiseKey, bands: int) -> np.ndarray:
            return noise.draw_noise(key, bands, window)

        found = self._sample(part, how, draw, wanted)
        kept = (slice(None), *wanted.kept)
        if found.relative_spread is not None:
            found = replace(found, relative_spread=found.relative_spread[kept])
        return _each(found, lambda values: wanted.finish(values[kept]))

    def _in_strips(
        self, tile: _Part, how: Sampling, origin: Tuple[int, int], wanted: EstimateRequest
    ) -> Estimate:
        """Each pixel by itself: a strip stays in a core's cache through all steps and samples."""
        rows, cols = (range(n)[k] for n, k in zip(tile.rgb.shape[2:], wanted.kept))
        whole = self._empty((len(rows), len(cols)), how.samples, wanted)
        height = len(rows) if self.device != "cpu" else max(1, STRIP_PIXELS // len(cols))

        def work(first: int) -> None:
            found = self._strip(tile, how, origin, rows[first : first + height], cols, wanted)
            _put(_each(found, wanted.finish), whole, slice(first, first + height))

        list(self._pool.map(work, range(0, len(rows), height)))
        return whole

    def _strip(
        self, tile: _Part, how: Sampling, origin, rows: range, cols: range, wanted: EstimateRequest
    ) -> Estimate:
        part = tile.crop(slice(rows.start, rows.stop), slice(cols.start, cols.stop))
        corner = origin[0] + rows.start, origin[1] + cols.start
        window = Window(*corner, len(rows), len(cols))

        def pick(key: NoiseKey, bands: int) -> np.ndarray:
            return noise.pick_noise(key, bands, how.samples, window, self.manifest.shared_noise)

        return self._sample(part, how, pick, wanted)

    def _empty(self, shape: Tuple[int, int], samples: int, wanted: EstimateRequest) -> Estimate:
        kind = wanted.finish(np.zeros((1, 1, 1), np.float32)).dtype

        def room(stage: StageSampler) -> np.ndarray:
            return np.empty((stage.stage.output_bands, *shape), kind)

        last, spread = self.stages[-1], wanted.spread and samples > 1
        stages = [room(stage) for stage in self.stages if wanted.stages]
        draws = [room(last) for _ in range(samples) if wanted.draws]
        several = wanted.relative_spread and samples > 1
        relative = np.empty((1, *shape), np.float32) if several else None
        return Estimate(room(last), room(last) if spread else None, stages, draws, relative)

    def _sample(
        self, part: _Part, how: Sampling, noise_of: Callable, wanted: EstimateRequest
    ) -> Estimate:
        """All samples of ``part``; ``noise_of(key, bands)`` draws."""
        last = len(self.stages) - 1
        means = [_Mean() for _ in self.stages]
        asked = wanted.spread or wanted.draws or wanted.relative_spread
        deviations = _Deviations(self._change, wanted.draws) if asked and how.samples > 1 else None
        for k in range(how.samples):
            condition, features, null = part.condition, part.features, part.null
            for i, stage in enumerate(self.stages):
                if i > 0:
                    features = stage.features(condition)
                    null = self._null(stage, condition, how.guidance[i])
                bands = stage.stage.output_bands

                def draw(t: int, i=i, k=k, bands=bands) -> np.ndarray:
                    return noise_of(NoiseKey(how.seed, i, k, t), bands)[None]

                bound = None if how.truncation is None else how.truncation[i]
                condition = stage.sample(features, null, how, how.guidance[i], draw, bound)
                if wanted.stages or i == last:
                    means[i].add(condition[0])
            if deviations:
                deviations.add(condition[0])
        rgb = part.rgb[0]
        mean = self._spectra(last, means[last].value(), rgb)
        stages = []
        if wanted.stages:
            earlier = enumerate(means[:-1])
            stages = [*(self._spectra(i, run.value(), rgb) for i, run in earlier), mean]
        if deviations is None:
            return Estimate(mean, None, stages, [mean] if wanted.draws else [])
        deviation = deviations.standard()
        own = self._spread(deviation, mean, how)
        vectors = shared_error.vectors_of(self.manifest, how.level_guessed)
        spread = own if vectors is None else _with_shared(own, mean, vectors)
        draws: List[np.ndarray] = []
        if wanted.draws:
            apart = _stretch(list(deviations.from_mean()), deviation, own)
            if vectors is not None:
                shifts = shared_error.shifts(vectors, how.samples, how.seed)
                apart = _shift(apart, mean, spread, shifts)
            draws = [mean + difference for difference in apart]
        relative = reliability.relative_spread(spread, mean) if wanted.relative_spread else None
        return Estimate(mean, spread if wanted.spread else None, stages, draws, relative)

    def _spread(self, deviation: np.ndarray, mean: np.ndarray, how: Sampling) -> np.ndarray:
        settings = spread_calibration.choose(self.manifest, how.sampler, how.steps, how.samples)
        if settings is None:
            return deviation
        return spread_calibration.calibrated_spread(deviation, mean, settings)

    def _check(self, how: Sampling) -> None:
        if len(how.guidance) != len(self.stages):
            raise InputError(
                f"{len(how.guidance)} guidance scales for {len(self.stages)} stages",
                "give one scale for all stages or one a stage",
            )
        if how.truncation and len(how.truncation) != len(self.stages):
            raise InputError(
                f"{len(how.truncation)} bounds of truncation for {len(self.stages)} stages",
                "give one bound a stage",
            )
        guidance.require_thresholds(self.manifest, how.truncation)
        if how.sampler not in samplers.SAMPLER_FUNCTIONS or how.samples < 1:
            raise InputError(
                f"{how.samples} samples by sampler '{how.sampler}'",
                f"take 1 or more by one of {', '.join(samplers.SAMPLER_FUNCTIONS)}",
            )
        fewest = min(stage.diffusion.steps for stage in self.stages)
        if not 1 <= how.steps <= fewest:
            raise InputError(
                f"steps is {how.steps}", f"choose 1 to {fewest}, the model's timesteps"
            )

    def _condition(self, rgb: np.ndarray) -> np.ndarray:
        n = self.manifest.normalisation
        offset = np.array(n.input_offset, np.float32)[:, None, None]
        scale = np.array(n.input_scale, np.float32)[:, None, None]
        return ((rgb - offset) / scale)[None].astype(np.float32)

    def _null(
        self, stage: StageSampler, condition: np.ndarray, scale: float
    ) -> Optional[np.ndarray]:
        if not scale:
            return None
        return stage.features(guidance.null_of(condition, self.manifest.null_condition))

    def _spectra(self, stage: int, sample: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        """A stage's sample in the output unit; the last one's agrees with its input, if asked.

        The mean's is that of the samples' spectra: all of it is affine.
        """
        scale, offset = self._units(stage)
        spectra = sample * scale
        spectra += offset
        last = stage == len(self.stages) - 1
        return self._project(spectra, rgb) if self._project and last else spectra

    def _change(self, difference: np.ndarray) -> np.ndarray:
        """By how much the spectra of two samples of the last stage differ."""
        change = difference * self._units(len(self.stages) - 1)[0]
        return self._project(change, np.zeros((), np.float32)) if self._project else change

    def _units(self, stage: int) -> Tuple[np.ndarray, np.ndarray]:
        """Scale and offset (bands, 1, 1) of a stage's bands."""
        n, bands = self.manifest.normalisation, list(self.stages[stage].stage.final_bands)
        scale, offset = np.array([n.output_scale, n.output_offset], np.float32)[:, bands]
        return scale[:, None, None], offset[:, None, None]


def _each(found: Estimate, change: Finish) -> Estimate:
    spread = None if found.spread is None else change(found.spread)
    stages, draws = ([change(values) for values in each] for each in (found.stages, found.draws))
    return Estimate(change(found.mean), spread, stages, draws, found.relative_spread)


def _put(found: Estimate, whole: Estimate, rows: slice) -> None:
    for values, room in zip(
        [found.mean, *found.stages, *found.draws], [whole.mean, *whole.stages, *whole.draws]
    ):
        room[:, rows] = values
    if whole.spread is not None:
        whole.spread[:, rows] = found.spread
    if whole.relative_spread is not None:
        whole.relative_spread[:, rows] = found.relative_spread


def _stretch(
    differences: Sequence[np.ndarray], deviation: np.ndarray, spread: np.ndarray
) -> List[np.ndarray]:
    """``differences`` from a mean with ``spread`` for their ``deviation``; none stays none."""
    factor = np.divide(spread, deviation, out=np.zeros_like(spread), where=deviation > 0)
    return [factor * difference for difference in differences]


def _with_shared(own: np.ndarray, mean: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.hypot(own, shared_error.relative_error(vectors) * mean)


def _shift(
    apart: Sequence[np.ndarray], mean: np.ndarray, spread: np.ndarray, shifts: np.ndarray
) -> List[np.ndarray]:
    """Draws' differences ``apart``, each shifted as a whole, ``spread`` their deviation."""
    together = [difference + shift * mean for difference, shift in zip(apart, shifts)]
    deviation = np.sqrt(sum(one * one for one in together) / np.float32(len(together) - 1))
    return _stretch(together, deviation, spread)


class _Mean:
    """Of samples as they come."""

    def __init__(self):
        self._count, self._sum = 0, None

    def add(self, sample: np.ndarray) -> None:
        self._count += 1
        self._sum = sample if self._count == 1 else self._sum + sample

    def value(self) -> np.ndarray:
        return self._sum / np.float32(self._count) if self._count > 1 else self._sum


class _Deviations:
    """The standard deviation of samples as they come, of ``change``, which is linear in them.

    Sums of differences from the first sample: as small as the deviation, so none cancels much.
    ``keep``: the differences are kept for ``from_mean``.
    """

    def __init__(self, change: Callable[[np.ndarray], np.ndarray], keep: bool = False):
        self._change, self._count, self._keep = change, 0, keep
        self._first = self._sum = self._squares = np.zeros((), np.float32)
        self._kept: List[np.ndarray] = []

    def add(self, sample: np.ndarray) -> None:
        self._count += 1
        if self._count == 1:
            self._first = sample
            return
        change = self._change(sample - self._first)
        self._sum = self._sum + change
        if self._keep:
            self._kept.append(change.copy())
        change *= change
        self._squares = self._squares + change

    def standard(self) -> np.ndarray:
        squares = self._squares - self._sum * self._sum / np.float32(self._count)
        return np.sqrt(np.maximum(squares, 0) / np.float32(self._count - 1))

    def from_mean(self) -> Iterator[np.ndarray]:
        """By how much each sample differs from the mean of all."""
        mean: np.ndarray = self._sum / np.float32(self._count)
        yield -mean
        yield from (change - mean for change in self._kept)


def load(folder: Path, manifest: Manifest, device: str = "auto", threads: int = 0) -> Cascade:
    """The cascade of the package in ``folder`` on ``threads`` threads, 0 for one a core.

    Returns: the cascade, its sessions open.
    Raises: PackageError for files that are not the manifest's, DeviceError for a device that
    cannot be used.
    """
    device, warnings = onnx_session.pick_device(device)
    threads = threads or hardware.cores()
    stages = [
        _load_stage(Path(folder), manifest, i, device, threads) for i in range(len(manifest.stages))
    ]
    cascade = Cascade(manifest, stages, device, threads)
    cascade.warnings = warnings
    return cascade


def _load_stage(
    folder: Path, manifest: Manifest, number: int, device: str, threads: int
) -> StageSampler:
    """Stage ``number``, from 0.

    Strips are worked side by side, a thread each: splitting one of them would cost more in waiting
    than it gains. Only the first encoder sees a whole tile. So results do not depend on the number
    of threads; those of a model that is not pixelwise do, by their rounding.
    """
    stage = manifest.stages[number]

    def network(entry, inputs, output, alone):
        how = {"pixelwise": alone, "alike": manifest.pixelwise}
        session = onnx_session.session_for(folder, entry, device, 1 if alone else threads, **how)
        return onnx_session.Network(session, inputs, output)

    sees = "features" if stage.condition_encoder else "condition"
    encode = None
    if stage.condition_encoder:
        alone = manifest.pixelwise and number > 0
        encode = network(stage.condition_encoder, ["condition"], "features", alone)
    inputs = ["x", sees, "timestep"]
    denoise = network(stage.denoiser, inputs, "prediction", manifest.pixelwise)
    return StageSampler(stage, denoise, encode)
