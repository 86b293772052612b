"""The cascade: RGB through every stage's diffusion model to all bands, for one tile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Callable, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from .. import tiling
from ..errors import InputError
from ..package.manifest import Manifest
from ..spectra import reliability
from ..tiling import Window
from . import (
    colour_correction,
    data_consistency,
    guidance,
    metamers,
    noise,
    onnx_session,
    samplers,
    shared_error,
    spread_calibration,
    statistics,
)
from .noise import NoiseKey
from .sample_graph import GPU_PATCH_SIDE, PATCH_COLS, PATCH_ROWS, SampleGraph
from .settings import EVERYTHING, EstimateRequest, Finish, Sampling, TileEstimate
from .stage_sampler import StageSampler
from .statistics import Deviations, Mean

# number of a sample -> the sample of each stage, or of the last alone, (bands, rows, cols) each
Draw = Callable[[int], List[np.ndarray]]

# Windows of a tile count from here.
WHOLE = Window(0, 0, 0, 0)
# Of all bands and features these take about 3 MB: what a core's cache holds.
STRIP_PIXELS = 4096


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
        self,
        manifest: Manifest,
        stages: List[StageSampler],
        device: str,
        threads: int = 1,
        graphs: Callable[[str, int], Optional[SampleGraph]] = lambda sampler, steps: None,
    ):
        """``graphs``: the package's graph of samples for a sampler and its steps, if it has one."""
        self.manifest, self.stages, self.device = manifest, stages, device
        self._graphs = graphs
        self._units = [_units_of(manifest, stage) for stage in stages]
        # One pool for all tiles: new threads would each leave a heap of their own behind.
        self.threads, self._pool = threads, ThreadPoolExecutor(threads)
        self.providers = onnx_session.PROVIDERS[device]
        whole = len(stages[-1].stage.final_bands) == len(manifest.wavelength_nm)
        consistent = manifest.data_consistency and whole
        self._project = data_consistency.onto_input(manifest) if consistent else None
        # A run has one correction for all its patches.
        self._mover = lru_cache(1)(partial(colour_correction.mover, manifest))
        self._metamers = metamers.of_package(manifest)
        self.warnings: List[str] = []
        self.device_why = ""

    def estimate(
        self,
        rgb: np.ndarray,
        row0: int,
        col0: int,
        how: Sampling,
        wanted: EstimateRequest = EVERYTHING,
    ) -> TileEstimate:
        """Mean and spread for ``rgb`` (input bands, rows, cols) in the model's input unit.

        (row0, col0) is the tile's absolute position in the raster: it decides the noise. What is
        not ``wanted`` is not worked out: no spread is None, no stages an empty list. Where nothing
        lies around what is kept, a pixelwise model sees the tile mirrored.

        Returns: what is wanted of the tile, in the model's output unit.
        Raises: InputError for settings that do not fit the package.
        """
        self._check(how)
        beyond = self._beyond(rgb.shape[1:], wanted)
        if beyond:
            rgb = np.pad(rgb, [(0, 0), (beyond, beyond), (beyond, beyond)], mode="reflect")
            row0, col0, wanted = row0 - beyond, col0 - beyond, _shift(wanted, rgb.shape[1:], beyond)
        condition, first = self._condition(rgb), self.stages[0]
        null = self._null(first.features, condition, how.guidance[0])
        part = _Part(rgb[None], condition, first.features(condition), null)
        if self.manifest.pixelwise:
            return self._in_areas(part, how, (row0, col0), wanted)

        window = Window(row0, col0, *rgb.shape[1:])

        def draw(key: NoiseKey, bands: int) -> np.ndarray:
            return noise.draw_noise(key, bands, window)

        found = self._moments(rgb, how, self._by_steps(part, how, draw), wanted)
        kept = (slice(None), *wanted.kept)
        if found.relative_spread is not None:
            found = replace(found, relative_spread=found.relative_spread[kept])
        return _each(found, lambda values: wanted.finish(values[kept]))

    def _beyond(self, sides: Sequence[int], wanted: EstimateRequest) -> int:
        """Pixels to add on each side of a tile of which more is wanted than its features cover.

        Runs read a margin of the influence, so never there.
        """
        tile = self.manifest.tile
        if not self.manifest.pixelwise or not tile.influence:
            return 0
        spans = [range(length)[kept] for length, kept in zip(sides, wanted.kept)]
        least = min(min(s.start, length - s.stop) for s, length in zip(spans, sides))
        return 0 if least >= tile.influence else tiling.round_up(tile.influence, tile.multiple)

    def _in_areas(
        self, tile: _Part, how: Sampling, origin: Tuple[int, int], wanted: EstimateRequest
    ) -> TileEstimate:
        """Each pixel by itself: an area stays in a core's cache through all steps and samples."""
        rows, cols = (range(n)[k] for n, k in zip(tile.rgb.shape[2:], wanted.kept))
        whole = self._empty((len(rows), len(cols)), how.samples, wanted)
        graph = self._graph_for(how)
        work_on = self._in_strip if graph is None else partial(self._in_patch, graph)

        def work(area: Window) -> None:
            place = Window(area.row0 + rows.start, area.col0 + cols.start, area.rows, area.cols)
            found = work_on(tile, how, origin, place, wanted)
            _put(_each(found, wanted.finish), whole, area)

        height, width = self._area_sides(len(rows), len(cols), graph is not None)
        list(self._pool.map(work, tiling.areas(len(rows), len(cols), height, width)))
        return whole

    def _graph_for(self, how: Sampling) -> Optional[SampleGraph]:
        """The graph that makes these samples; None where only the stages one by one do."""
        bounds = how.truncation or [stage.stage.pdt_lower_bound for stage in self.stages]
        plain = not any(how.guidance) and min(bounds) >= 1
        return self._graphs(how.sampler, how.steps) if plain else None

    def _area_sides(self, rows: int, cols: int, in_graph: bool) -> Tuple[int, int]:
        if in_graph:
            on_gpu = GPU_PATCH_SIDE, GPU_PATCH_SIDE
            return (PATCH_ROWS, PATCH_COLS) if self.device == "cpu" else on_gpu
        return (rows if self.device != "cpu" else max(1, STRIP_PIXELS // cols)), cols

    def _in_strip(
        self, tile: _Part, how: Sampling, origin, place: Window, wanted: EstimateRequest
    ) -> TileEstimate:
        """The part ``place`` of ``tile``, step by step."""
        part = tile.crop(*place.slices(WHOLE))
        window = replace(place, row0=origin[0] + place.row0, col0=origin[1] + place.col0)

        def pick(key: NoiseKey, bands: int) -> np.ndarray:
            return noise.pick_noise(key, bands, how.samples, window, self.manifest.shared_noise)

        return self._moments(part.rgb[0], how, self._by_steps(part, how, pick), wanted)

    def _in_patch(
        self, graph: SampleGraph, tile: _Part, how: Sampling, origin, place: Window, wanted
    ) -> TileEstimate:
        """The part ``place`` of ``tile``, a sample by one graph."""
        rows, cols = place.slices(WHOLE)
        window = replace(place, row0=origin[0] + place.row0, col0=origin[1] + place.col0)
        features = tile.features[0, :, rows, cols].reshape(tile.features.shape[1], -1)
        held = graph.hold(features)

        def sample(number: int) -> List[np.ndarray]:
            return graph.samples(held, window, how, number, wanted.stages)

        return self._moments(tile.rgb[0, :, rows, cols], how, sample, wanted)

    def _empty(self, shape: Tuple[int, int], samples: int, wanted: EstimateRequest) -> TileEstimate:
        kind = wanted.finish(np.zeros((1, 1, 1), np.float32)).dtype

        def room(stage: StageSampler) -> np.ndarray:
            return np.empty((stage.stage.output_bands, *shape), kind)

        last, spread = self.stages[-1], wanted.spread and samples > 1
        stages = [room(stage) for stage in self.stages if wanted.stages]
        draws = [room(last) for _ in range(samples) if wanted.draws]
        several = wanted.relative_spread and samples > 1
        relative = np.empty((1, *shape), np.float32) if several else None
        return TileEstimate(room(last), room(last) if spread else None, stages, draws, relative)

    def _by_steps(self, part: _Part, how: Sampling, noise_of: Callable) -> Draw:
        """Make samples of every stage by the networks; ``noise_of(key, bands)`` draws noise."""
        first = self.stages[0]
        held = first.hold(part.features)
        held_null = None if part.null is None else first.hold(part.null)

        def sample(number: int) -> List[np.ndarray]:
            condition, features, null, made = part.condition, held, held_null, []
            for i, stage in enumerate(self.stages):
                if i > 0:
                    features = stage.held_features(condition)
                    null = self._null(stage.held_features, condition, how.guidance[i])
                bands = stage.stage.output_bands

                def draw(t: int, i=i, bands=bands) -> np.ndarray:
                    return noise_of(NoiseKey(how.seed, i, number, t), bands)[None]

                bound = None if how.truncation is None else how.truncation[i]
                condition = stage.sample(features, null, how, how.guidance[i], draw, bound)
                made.append(condition[0])
            return made

        return sample

    def _moments(
        self, rgb: np.ndarray, how: Sampling, sample: Draw, wanted: EstimateRequest
    ) -> TileEstimate:
        """What is wanted of all samples of the pixels ``rgb`` (input bands, rows, cols)."""
        last = len(self.stages) - 1
        means = [Mean() for _ in (self.stages if wanted.stages else self.stages[last:])]
        asked = wanted.spread or wanted.draws or wanted.relative_spread
        deviations = Deviations(self._change, wanted.draws) if asked and how.samples > 1 else None
        for number in range(how.samples):
            made = sample(number)[-len(means) :]
            for run, one in zip(means, made):
                run.add(one)
            if deviations:
                deviations.add(made[-1])
        mean = self._spectra(last, means[-1].value(), rgb)
        if how.colours is not None:
            mean = self._mover(how.colours)(mean, rgb)
        stages = []
        if wanted.stages:
            earlier = enumerate(means[:-1])
            stages = [*(self._spectra(i, run.value(), rgb) for i, run in earlier), mean]
        if deviations is None:
            return TileEstimate(mean, None, stages, [mean] if wanted.draws else [])
        deviation = deviations.standard()
        own = self._spread(deviation, mean, rgb, how)
        vectors = shared_error.vectors_of(self.manifest, how.level_guessed)
        spread = own if vectors is None else statistics.add_shared_error(own, mean, vectors)
        draws: List[np.ndarray] = []
        if wanted.draws:
            apart = statistics.stretch(list(deviations.from_mean()), deviation, own)
            draws = [mean + one for one in self._share(apart, mean, own, spread, how)]
        relative = reliability.relative_spread(spread, mean) if wanted.relative_spread else None
        return TileEstimate(mean, spread if wanted.spread else None, stages, draws, relative)

    def _spread(
        self, deviation: np.ndarray, mean: np.ndarray, rgb: np.ndarray, how: Sampling
    ) -> np.ndarray:
        settings = spread_calibration.choose(self.manifest, how.sampler, how.steps, how.samples)
        if settings is None:
            return deviation
        scale = self._metamers(rgb, mean) if self._metamers else mean
        return spread_calibration.calibrated_spread(deviation, scale, settings)

    def _share(
        self,
        apart: List[np.ndarray],
        mean: np.ndarray,
        own: np.ndarray,
        spread: np.ndarray,
        how: Sampling,
    ) -> List[np.ndarray]:
        """Draws' differences ``apart``, of which a whole picture shares what the package says."""
        vectors = shared_error.vectors_of(self.manifest, how.level_guessed)
        part = shared_error.vectors_of_spread(self.manifest)
        if vectors is None and not len(part):
            return apart
        alone = np.sqrt(np.maximum(1 - shared_error.relative_error(part) ** 2, 0))
        of_spread = shared_error.shifts(part, how.samples, how.seed, noise.SHIFT_OF_SPREAD_KEY)
        moves: Iterable[np.ndarray] = (shift * own for shift in of_spread)
        if vectors is not None:
            shifts = shared_error.shifts(vectors, how.samples, how.seed)
            moves = (move + shift * mean for move, shift in zip(moves, shifts))
        return statistics.shift([alone * one for one in apart], spread, moves)

    def _check(self, how: Sampling) -> None:
        if len(how.guidance) != len(self.stages):
            raise InputError(
                f"{len(how.guidance)} guidance scales for {len(self.stages)} stages",
                "give one scale for all stages or one per stage",
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

    def _null(self, encode: Callable, condition: np.ndarray, scale: float):
        """What ``encode`` makes of the null condition; None where nothing is guided."""
        if not scale:
            return None
        return encode(guidance.null_of(condition, self.manifest.null_condition))

    def _spectra(self, stage: int, sample: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        """A stage's sample in the output unit; the last one's agrees with its input, if asked.

        The mean's is that of the samples' spectra: all of it is affine.
        """
        scale, offset = self._units[stage]
        spectra = sample * scale
        spectra += offset
        last = stage == len(self.stages) - 1
        return self._project(spectra, rgb) if self._project and last else spectra

    def _change(self, difference: np.ndarray) -> np.ndarray:
        """By how much the spectra of two samples of the last stage differ."""
        change = difference * self._units[-1][0]
        return self._project(change, np.zeros((), np.float32)) if self._project else change


def _shift(wanted: EstimateRequest, sides: Sequence[int], added: int) -> EstimateRequest:
    """``wanted`` of a tile to which ``added`` pixels came on each side, ``sides`` with them."""
    spans = (range(side - 2 * added)[kept] for side, kept in zip(sides, wanted.kept))
    rows, cols = (slice(span.start + added, span.stop + added) for span in spans)
    return replace(wanted, kept=(rows, cols))


def _units_of(manifest: Manifest, stage: StageSampler) -> Tuple[np.ndarray, np.ndarray]:
    """Scale and offset (bands, 1, 1) of a stage's bands."""
    n, bands = manifest.normalisation, list(stage.stage.final_bands)
    scale, offset = np.array([n.output_scale, n.output_offset], np.float32)[:, bands]
    return scale[:, None, None], offset[:, None, None]


def _each(found: TileEstimate, change: Finish) -> TileEstimate:
    spread = None if found.spread is None else change(found.spread)
    stages, draws = ([change(values) for values in each] for each in (found.stages, found.draws))
    return TileEstimate(change(found.mean), spread, stages, draws, found.relative_spread)


def _put(found: TileEstimate, whole: TileEstimate, area: Window) -> None:
    place = (slice(None), *area.slices(WHOLE))
    for values, room in zip(
        [found.mean, *found.stages, *found.draws], [whole.mean, *whole.stages, *whole.draws]
    ):
        room[place] = values
    if whole.spread is not None:
        whole.spread[place] = found.spread
    if whole.relative_spread is not None:
        whole.relative_spread[place] = found.relative_spread
