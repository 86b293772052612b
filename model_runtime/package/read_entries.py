"""The entries of ``model.json``, read and checked: each function makes one of a JSON value.

Sizes are bounded and file names stay in the folder. All raise PackageError that names the first
wrong entry and its rule. Entries that older packages do not know are taken with ``optional``.
"""

import math
from typing import Optional, Tuple

from ..contract import SAMPLERS
from .entries import (
    NULL_CONDITIONS,
    PREDICTIONS,
    SCHEDULES,
    Calibration,
    Domain,
    InputBand,
    Metamers,
    ModelFile,
    Normalisation,
    Quality,
    SampleGraph,
    Schedule,
    SharedError,
    SharedNoise,
    Stage,
    Tile,
    TruncationThresholds,
)
from .json_node import JsonNode

MAX_BANDS = 4096
MAX_STAGES = 16
MAX_TIMESTEPS = 100_000
MAX_KNOTS = 1000
MAX_CELL = 256  # pixels
MAX_SAMPLE_GRAPHS = 20
MAX_ERROR_VECTORS, MAX_SHARED_ERROR = 8, 2  # a relative error of 200 % says nothing
MAX_AXIS, MAX_CELLS = 64, 20_000  # of the colours' grid


def read_file_name(node: JsonNode) -> str:
    """Read a name that cannot lead out of the folder.

    Returns: the name.
    """
    name = node.text(120)
    plain = all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    if not plain or name.startswith("."):
        raise node.fail("a plain file name of letters, digits, '.', '_' and '-'")
    return name


def _read_model_file(node: JsonNode) -> ModelFile:
    digest = _read_sha256(node.get("sha256"))
    return ModelFile(read_file_name(node.get("file")), digest)


def _read_sha256(node: JsonNode) -> str:
    digest = node.text(64)
    if len(digest) != 64 or any(c not in "0123456789abcdef" for c in digest):
        raise node.fail("64 lower-case hexadecimal digits")
    return digest


def read_input_bands(node: JsonNode) -> Tuple[InputBand, ...]:
    """Read the bands that the model sees.

    Returns: the bands in the file's order.
    """
    return tuple(map(_read_input_band, node.items(1, MAX_BANDS)))


def _read_input_band(node: JsonNode) -> InputBand:
    return InputBand(
        node.get("name").text(),
        node.get("wavelength_nm").number(1, 1e6),
        node.get("fwhm_nm").number(1e-3, 1e5),
    )


def read_wavelengths(node: JsonNode, count: int) -> Tuple[float, ...]:
    """Read ``count`` increasing wavelengths in nm.

    Returns: the wavelengths.
    """
    values = node.numbers(count, 1, 1e6)
    if any(a >= b for a, b in zip(values, values[1:])):
        raise node.fail("increasing wavelengths in nm")
    return values


def read_normalisation(node: JsonNode, input_bands: int, bands: int) -> Normalisation:
    """Read an offset and a scale per input band and per band.

    Returns: the Normalisation.
    """
    return Normalisation(
        node.get("input_offset").numbers(input_bands, -1e9, 1e9),
        node.get("input_scale").numbers(input_bands, 1e-9, 1e9),
        node.get("output_offset").numbers(bands, -1e9, 1e9),
        node.get("output_scale").numbers(bands, 1e-9, 1e9),
    )


def read_stages(node: JsonNode, input_bands: int, bands: int) -> Tuple[Stage, ...]:
    """Read the stages: each takes what the one before makes, the last makes all ``bands``.

    Returns: the stages in the cascade's order.
    """
    stages, condition_bands = [], input_bands
    for item in node.items(1, MAX_STAGES):
        stage = _read_stage(item, bands)
        if stage.condition_bands != condition_bands:
            raise item.get("condition_bands").fail(f"{condition_bands}, what comes before makes")
        stages.append(stage)
        condition_bands = stage.output_bands
    if stages[-1].final_bands != tuple(range(bands)):
        raise node.fail(f"stages of which the last makes all {bands} bands in order")
    return tuple(stages)


def _read_stage(node: JsonNode, bands: int) -> Stage:
    encoder = node.get("condition_encoder")
    final_bands = _read_final_bands(node, bands)
    schedule = _read_schedule(node.get("schedule"))
    return Stage(
        denoiser=_read_model_file(node.get("denoiser")),
        condition_encoder=None if encoder.value is None else _read_model_file(encoder),
        condition_bands=node.get("condition_bands").integer(1, MAX_BANDS),
        output_bands=len(final_bands),
        final_bands=final_bands,
        prediction=node.get("prediction").one_of(PREDICTIONS),
        schedule=schedule,
        guidance_scale=node.get("guidance_scale").number(0, 100),
        pdt_lower_bound=node.get("pdt_lower_bound").number(0, 1),
        truncation=_read_truncation(node.optional("truncation"), schedule.steps),
    )


def _read_final_bands(stage: JsonNode, bands: int) -> Tuple[int, ...]:
    output_bands = stage.get("output_bands").integer(1, bands)
    final = stage.get("final_bands").items(output_bands, output_bands)
    final_bands = tuple(item.integer(0, bands - 1) for item in final)
    if len(set(final_bands)) != output_bands:
        raise stage.get("final_bands").fail("bands that differ")
    return final_bands


def _read_schedule(node: JsonNode) -> Schedule:
    return Schedule(
        kind=node.get("kind").one_of(SCHEDULES),
        steps=node.get("steps").integer(1, MAX_TIMESTEPS),
        low=node.get("low").number(0, 1),
        high=node.get("high").number(0, 1),
        betas_sha256=node.get("betas_sha256").text(64),
    )


def _read_truncation(node: JsonNode, timesteps: int) -> Optional[TruncationThresholds]:
    if node.value is None:
        return None
    at = node.get("timesteps").items(1, MAX_KNOTS)
    knots = tuple(item.integer(0, timesteps - 1) for item in at)
    if list(knots) != sorted(set(knots)):
        raise node.get("timesteps").fail("increasing timesteps")
    levels = _read_levels(node)
    rows = node.get("thresholds").items(len(knots), len(knots))
    for row in rows:
        if list(row.numbers(len(levels), 0, 1e6)) != sorted(row.value):
            raise row.fail("quantiles, which do not fall from level to level")
    thresholds = tuple(row.numbers(len(levels), 0, 1e6) for row in rows)
    return TruncationThresholds(knots, levels, thresholds)


def _read_levels(node: JsonNode) -> Tuple[float, ...]:
    levels = tuple(level.number(0, 1) for level in node.get("levels").items(2, 101))
    if list(levels) != sorted(set(levels)):
        raise node.get("levels").fail("increasing levels")
    return levels


def read_tile(node: JsonNode) -> Tile:
    """Read the tile's sides, which fit the networks' multiple and leave something uncut.

    Returns: the Tile.
    """
    influence = node.get("influence")
    tile = Tile(
        multiple=node.get("multiple").integer(1, 1024),
        size=node.get("size").integer(8, 8192),
        overlap=node.get("overlap").integer(0, 4096),
        influence=None if influence.value is None else influence.integer(0, 4096),
    )
    if tile.size % tile.multiple or tile.overlap % tile.multiple or 2 * tile.overlap > tile.size:
        raise node.fail("size and overlap in multiples of 'multiple', overlap at most half of size")
    cut = -(-(tile.influence or 0) // tile.multiple) * tile.multiple
    if 2 * cut >= tile.size:
        raise node.fail("a size that leaves something when 'influence' is cut on both sides")
    return tile


def read_quality(node: JsonNode, timesteps: int) -> Quality:
    """Read one quality; no stage of the package has fewer than ``timesteps``.

    Returns: the Quality.
    """
    return Quality(
        node.get("sampler").one_of(SAMPLERS),
        node.get("steps").integer(1, timesteps),
        node.get("samples").integer(1, 1000),
        _read_guidance_interval(node.optional("guidance_interval"), timesteps),
    )


def _read_guidance_interval(node: JsonNode, timesteps: int) -> Optional[Tuple[int, int]]:
    if node.value is None:
        return None
    first, last = (item.integer(0, timesteps - 1) for item in node.items(2, 2))
    if first > last:
        raise node.fail("the first and the last timestep that are guided")
    return first, last


def read_domain(root: JsonNode, input_bands: int) -> Optional[Domain]:
    """Read what the input bands looked like in training.

    Returns: the Domain; None where the package does not say.
    """
    node = root.optional("domain")
    if node.value is None:
        return None
    levels = _read_levels(node)
    bands = node.get("values").items(input_bands, input_bands)
    return Domain(levels, tuple(band.numbers(len(levels), -1e9, 1e9) for band in bands))


def read_in_one_unit(root: JsonNode, key: str) -> bool:
    """Read whether estimates are made to agree with their input, which takes one unit for both.

    Returns: whether they are.
    """
    node = root.optional(key, False)
    same_unit = root.get("input_unit").value == root.get("output_unit").value
    if node.value is not False and not (node.value is True and same_unit):
        raise node.fail("false, or true where input_unit and output_unit are the same")
    return node.value


def read_pixelwise(root: JsonNode, stages: Tuple[Stage, ...]) -> bool:
    """Read whether each pixel is worked by itself, which no quantile of a tile may prevent.

    Returns: whether it is.
    """
    node = root.optional("pixelwise", False)
    by_tile = any(stage.pdt_lower_bound < 1 and stage.truncation is None for stage in stages)
    if node.value is not False and not (node.value is True and not by_tile):
        raise node.fail("false, or true where each stage has pdt_lower_bound 1 or truncation")
    return node.value


def read_shared_noise(root: JsonNode) -> Optional[SharedNoise]:
    """Read how the noise of a sample hangs together in space; of pixelwise packages alone.

    Returns: the SharedNoise; None: each pixel's noise is its own.
    """
    node = root.optional("shared_noise")
    if node.value is None:
        return None
    if root.optional("pixelwise", False).value is not True:
        raise node.fail("absent, or the package pixelwise")
    return SharedNoise(node.get("share").number(0, 1), node.get("cell").integer(2, MAX_CELL))


def read_shared_error(root: JsonNode, bands: int) -> Optional[SharedError]:
    """Read the vectors of what all pixels of a picture err by together.

    Returns: the SharedError; None where the package does not say.
    """
    node = root.optional("shared_error")
    if node.value is None:
        return None
    of_spread = node.optional("of_spread", [])
    shared = SharedError(
        _read_vectors(node.get("known"), bands),
        _read_vectors(node.get("guessed"), bands),
        _read_vectors(of_spread, bands),
    )
    if any(sum(part * part for part in band) > 1.001 for band in zip(*shared.of_spread)):
        raise of_spread.fail("vectors whose squares add up to 1 at most in each band")
    return shared


def _read_vectors(node: JsonNode, bands: int) -> Tuple[Tuple[float, ...], ...]:
    vectors = node.items(0, MAX_ERROR_VECTORS)
    return tuple(one.numbers(bands, -MAX_SHARED_ERROR, MAX_SHARED_ERROR) for one in vectors)


def read_metamers(root: JsonNode, input_bands: int, bands: int) -> Optional[Metamers]:
    """Read how far spectra of one colour lie apart.

    Returns: the Metamers; None where the package does not say.
    """
    node = root.optional("metamers")
    if node.value is None:
        return None
    axes = (node.get("levels"), *node.get("ratios").items(input_bands - 1, input_bands - 1))
    levels, *ratios = (_read_axis(axis) for axis in axes)
    cells = math.prod(map(len, (levels, *ratios)))
    if cells > MAX_CELLS:
        raise node.get("levels").fail(f"a grid of at most {MAX_CELLS} cells, with the ratios")
    at = tuple(item.integer(0, bands - 1) for item in node.get("bands").items(1, bands))
    if list(at) != sorted(set(at)):
        raise node.get("bands").fail("increasing bands")

    def read(part: JsonNode, fewest: int) -> Tuple[Tuple[float, ...], ...]:
        rows = part.items(fewest, len(at))
        if len(rows) not in (fewest, len(at)):
            raise part.fail(f"{len(at)} lists, one per band, or none")
        return tuple(row.numbers(cells, 0, 1e6) for row in rows)

    middle = node.optional("middle")
    middles = () if middle.value is None else read(middle, 0)
    return Metamers(levels, tuple(ratios), at, read(node.get("deviation"), len(at)), middles)


def _read_axis(node: JsonNode) -> Tuple[float, ...]:
    places = tuple(item.number(1e-9, 1e9) for item in node.items(2, MAX_AXIS))
    if list(places) != sorted(set(places)):
        raise node.fail("increasing numbers above 0")
    return places


def read_calibrations(root: JsonNode, timesteps: int, bands: int) -> Tuple[Calibration, ...]:
    """Read how deviations of samples become spreads, per sampler, steps and samples.

    Returns: the calibrations, which may be none.
    """
    nodes = root.optional("calibrations", []).items(0, 20)
    return tuple(_read_calibration(node, timesteps, bands) for node in nodes)


def _read_calibration(node: JsonNode, timesteps: int, bands: int) -> Calibration:
    return Calibration(
        node.get("sampler").one_of(SAMPLERS),
        node.get("steps").integer(1, timesteps),
        node.get("samples").integer(2, 1000),
        node.get("factor").numbers(bands, 0, 1e3),
        node.get("relative").numbers(bands, 0, 10),
    )


def read_sample_graphs(root: JsonNode, timesteps: int) -> Tuple[SampleGraph, ...]:
    """Read the graphs that hold whole samples; of pixelwise packages alone.

    Returns: the graphs, which may be none.
    """
    node = root.optional("sample_graphs", [])
    nodes = node.items(0, MAX_SAMPLE_GRAPHS)
    if nodes and root.optional("pixelwise", False).value is not True:
        raise node.fail("absent, or the package pixelwise")
    return tuple(_read_sample_graph(one, timesteps) for one in nodes)


def _read_sample_graph(node: JsonNode, timesteps: int) -> SampleGraph:
    return SampleGraph(
        node.get("sampler").one_of(SAMPLERS),
        node.get("steps").integer(1, timesteps),
        _read_model_file(node.get("graph")),
        _read_sha256(node.get("stages_sha256")),
    )


def read_null_condition(root: JsonNode) -> str:
    """Read what guidance guides away from.

    Returns: the word.
    """
    return root.optional("null_condition", NULL_CONDITIONS[0]).one_of(NULL_CONDITIONS)
