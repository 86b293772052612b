"""The model package's contract: ``model.json``, read, checked and written by one class.

A package is untrusted input: sizes are bounded, file names may not leave the folder, and every
ONNX file is held against its SHA-256 before it is opened.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from ..contract import QUALITIES, SAMPLERS
from ..errors import PackageError

FORMAT_VERSION = 1
MAX_CELL = 256  # pixels
MAX_ERROR_VECTORS, MAX_SHARED_ERROR = 8, 2  # a relative error of 200 % says nothing
MANIFEST_NAME = "model.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = 2 << 30
MAX_BANDS = 4096
MAX_STAGES = 16
MAX_TIMESTEPS = 100_000
MAX_KNOTS = 1000
PREDICTIONS = ("epsilon", "x0", "v")
SCHEDULES = ("linear", "cosine")
NULL_CONDITIONS = ("zero", "brightness")


@dataclass(frozen=True)
class InputBand:
    """A band that the model sees: ``wavelength_nm`` is its centre, ``fwhm_nm`` its width."""

    name: str
    wavelength_nm: float
    fwhm_nm: float


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file of the package: its plain name, and the SHA-256 that it must have."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Schedule:
    """The noise schedule of the diffusion.

    ``betas_sha256``: of the float64 betas, as ``diffusion.schedule.digest`` hashes them.
    """

    kind: str
    steps: int
    low: float
    high: float
    betas_sha256: str


@dataclass(frozen=True)
class TruncationThresholds:
    """How large |x_t| of a stage is in the chains of held-out pictures.

    ``thresholds[i][q]`` is its quantile ``levels[q]`` at timestep ``timesteps[i]``; PDT with them
    needs no quantile of the tile.
    """

    timesteps: Tuple[int, ...]
    levels: Tuple[float, ...]
    thresholds: Tuple[Tuple[float, ...], ...]


@dataclass(frozen=True)
class Stage:
    """One diffusion model of the cascade.

    ``denoiser`` maps (x_t, condition, timestep) to ``prediction``. With ``condition_encoder`` the
    denoiser takes that graph's features instead of the condition: they do not depend on the
    timestep, so one pass serves all steps and samples.
    ``final_bands`` are the model's output bands (0-based) that this stage makes.
    ``truncation``: the thresholds of PDT; None: they are quantiles of each tile.
    """

    denoiser: ModelFile
    condition_encoder: Optional[ModelFile]
    condition_bands: int
    output_bands: int
    final_bands: Tuple[int, ...]
    prediction: str
    schedule: Schedule
    guidance_scale: float
    pdt_lower_bound: float
    truncation: Optional[TruncationThresholds] = None


@dataclass(frozen=True)
class Tile:
    """Tile sides in pixels. ``influence``: how far a pixel is seen; None: the whole tile."""

    multiple: int
    size: int
    overlap: int
    influence: Optional[int]


@dataclass(frozen=True)
class Quality:
    """What one ``--quality`` means; ``steps`` are denoiser calls per stage.

    ``guidance_interval``: the first and the last timestep that are guided; None: all.
    """

    sampler: str
    steps: int
    samples: int
    guidance_interval: Optional[Tuple[int, int]] = None


@dataclass(frozen=True)
class Normalisation:
    """Network value = (value - offset) / scale; one offset and one scale per band."""

    input_offset: Tuple[float, ...]
    input_scale: Tuple[float, ...]
    output_offset: Tuple[float, ...]
    output_scale: Tuple[float, ...]


@dataclass(frozen=True)
class SharedNoise:
    """How the noise of a sample hangs together in space, so that its errors do as real ones do.

    ``share`` of its variance is common to pixels closer than about ``cell`` pixels.
    """

    share: float
    cell: int


@dataclass(frozen=True)
class SharedError:
    """What all pixels of a picture err by together, relative to the estimate.

    Vectors of one number a band: the error's covariance over the bands is the sum of their outer
    products. ``known``: of pictures in the model's unit; ``guessed``: of those matched to it.
    """

    known: Tuple[Tuple[float, ...], ...]
    guessed: Tuple[Tuple[float, ...], ...]


@dataclass(frozen=True)
class Domain:
    """What the input bands looked like in training, in the input unit.

    ``values[b][q]`` is the quantile ``levels[q]`` of band b.
    """

    levels: Tuple[float, ...]
    values: Tuple[Tuple[float, ...], ...]


@dataclass(frozen=True)
class Calibration:
    """How the samples' deviation becomes the stated spread: one value per band.

    See diffusion/spread_calibration.py. It was fitted for ``samples`` samples of ``steps`` steps by
    ``sampler``.
    """

    sampler: str
    steps: int
    samples: int
    factor: Tuple[float, ...]
    relative: Tuple[float, ...]


@dataclass(frozen=True)
class Manifest:
    """Everything the runtime needs to know of a model package.

    ``data_consistency``: every estimate is projected onto its input (see projection.py).
    ``pixelwise``: after the first stage's condition encoder, each pixel is worked by itself. The
    cascade then works in strips that stay in the cache, and pixels pick their noise from a bank.
    ``shared_noise``: how that noise hangs together; None: each pixel's is its own.
    ``shared_error``: the error that draws and spreads have in common over a picture; None: none.
    ``null_condition``: what guidance guides away from (see guidance.null_of).
    """

    name: str
    version: str
    licence: str
    card: str
    input_unit: str
    input_bands: Tuple[InputBand, ...]
    output_unit: str
    wavelength_nm: Tuple[float, ...]
    fwhm_nm: Tuple[float, ...]
    normalisation: Normalisation
    stages: Tuple[Stage, ...]
    tile: Tile
    qualities: Dict[str, Quality]
    domain: Optional[Domain] = None
    data_consistency: bool = False
    pixelwise: bool = False
    shared_noise: Optional[SharedNoise] = None
    shared_error: Optional[SharedError] = None
    calibrations: Tuple[Calibration, ...] = ()
    null_condition: str = NULL_CONDITIONS[0]
    format_version: int = FORMAT_VERSION

    def write(self, folder: Path) -> Path:
        """Write ``model.json`` into ``folder``.

        Returns: its path.
        Raises: PackageError when it would not read back.
        """
        data = asdict(self)
        parse(data)
        path = Path(folder) / MANIFEST_NAME
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        return path


@dataclass(frozen=True)
class ModelPackage:
    """A package's folder, its checked manifest, and the SHA-256 of what was read as that."""

    folder: Path
    manifest: Manifest
    sha256: str


def read(folder: Path) -> Manifest:
    """Read and check the manifest of the package in ``folder``.

    Returns: the Manifest.
    Raises: PackageError as ``open_package``.
    """
    return open_package(folder).manifest


def open_package(folder: Path) -> ModelPackage:
    """Read the manifest of the package in ``folder`` once, and check it.

    Returns: the package.
    Raises: PackageError when the folder holds no ``model.json`` or it breaks a rule.
    """
    path = Path(folder) / MANIFEST_NAME
    if not path.is_file():
        raise PackageError(
            f"the folder '{path.parent.absolute()}' holds no {MANIFEST_NAME}",
            f"choose a folder with {MANIFEST_NAME}, or leave --model out",
        )
    if path.is_symlink():
        raise PackageError(f"{path} is a link, which may lead out of the package", _REMEDY)
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise PackageError(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes", _REMEDY)
    try:
        content = path.read_bytes()
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise PackageError(f"{path} cannot be read as JSON ({error})", _REMEDY) from error
    return ModelPackage(Path(folder), parse(data), hashlib.sha256(content).hexdigest())


def verified_bytes(folder: Path, entry: ModelFile) -> bytes:
    """Read a file of the package in ``folder`` and check its hash; it is read only once.

    Returns: its content.
    Raises: PackageError where it is missing, a link, too large or not the manifest's.
    """
    path = Path(folder) / entry.file
    if path.is_symlink() or not path.is_file():
        raise PackageError(f"{entry.file} is not a plain file in {folder}", _REMEDY)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise PackageError(f"{path} is larger than {MAX_FILE_BYTES} bytes", _REMEDY)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error.strerror})", _REMEDY) from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise PackageError(f"{path} has SHA-256 {found}, not {entry.sha256}", _REMEDY)
    return content


_REMEDY = "get the model package again from where it came"


class _Node:
    """A JSON value with its path, so that every refusal names the entry."""

    def __init__(self, value: Any, where: str = MANIFEST_NAME):
        self.value, self.where = value, where

    def fail(self, rule: str) -> PackageError:
        return PackageError(f"{self.where} is {str(self.value)[:80]!r}: it must be {rule}", _REMEDY)

    def get(self, key: str) -> "_Node":
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        if key not in self.value:
            raise PackageError(f"{self.where} has no '{key}'", _REMEDY)
        return _Node(self.value[key], f"{self.where}.{key}")

    def text(self, longest: int = 200) -> str:
        # Printable: it goes to terminals, tags and one-line messages.
        text = isinstance(self.value, str) and self.value.isprintable()
        if not text or not 0 < len(self.value) <= longest:
            raise self.fail(f"a text of 1 to {longest} printable characters")
        return self.value

    def one_of(self, allowed: Tuple[str, ...]) -> str:
        if self.value not in allowed:
            raise self.fail("one of " + ", ".join(allowed))
        return self.value

    def integer(self, low: int, high: int) -> int:
        if type(self.value) is not int or not low <= self.value <= high:
            raise self.fail(f"a whole number from {low} to {high}")
        return self.value

    def number(self, low: float, high: float) -> float:
        if type(self.value) not in (int, float) or not low <= self.value <= high:
            raise self.fail(f"a number from {low:g} to {high:g}")
        return float(self.value)

    def items(self, low: int, high: int) -> Tuple["_Node", ...]:
        if not isinstance(self.value, (list, tuple)) or not low <= len(self.value) <= high:
            raise self.fail(f"a list of {low} to {high} items")
        return tuple(_Node(item, f"{self.where}[{i}]") for i, item in enumerate(self.value))

    def numbers(self, count: int, low: float, high: float) -> Tuple[float, ...]:
        return tuple(item.number(low, high) for item in self.items(count, count))


def parse(data: Any) -> Manifest:
    """Check decoded JSON and make a manifest of it.

    Returns: the Manifest.
    Raises: PackageError that names the first wrong entry.
    """
    root = _Node(data)
    version = root.get("format_version").integer(1, 1 << 31)
    if version != FORMAT_VERSION:
        raise PackageError(
            f"{MANIFEST_NAME} has format_version {version}, this software reads {FORMAT_VERSION}",
            "use a matching version of the plugin",
        )
    input_bands = tuple(_input_band(node) for node in root.get("input_bands").items(1, MAX_BANDS))
    bands = len(root.get("wavelength_nm").items(1, MAX_BANDS))
    stages = _stages(root.get("stages"), len(input_bands), bands)
    fewest = min(stage.schedule.steps for stage in stages)
    qualities = root.get("qualities")
    return Manifest(
        name=root.get("name").text(),
        version=root.get("version").text(),
        licence=root.get("licence").text(),
        card=_file_name(root.get("card")),
        input_unit=root.get("input_unit").text(),
        input_bands=input_bands,
        output_unit=root.get("output_unit").text(),
        wavelength_nm=_increasing(root.get("wavelength_nm"), bands),
        fwhm_nm=root.get("fwhm_nm").numbers(bands, 1e-3, 1e5),
        normalisation=_normalisation(root.get("normalisation"), len(input_bands), bands),
        stages=stages,
        tile=_tile(root.get("tile")),
        qualities={name: _quality(qualities.get(name), fewest) for name in QUALITIES},
        domain=_domain(_Node(data.get("domain"), f"{MANIFEST_NAME}.domain"), len(input_bands)),
        data_consistency=_data_consistency(root),
        pixelwise=_pixelwise(root, stages),
        shared_noise=_shared_noise(root),
        shared_error=_shared_error(root, bands),
        calibrations=_calibrations(root, fewest, bands),
        null_condition=_null_condition(root),
    )


def _null_condition(root: _Node) -> str:
    kind = root.value.get("null_condition", NULL_CONDITIONS[0])  # older packages do not know it
    return _Node(kind, f"{MANIFEST_NAME}.null_condition").one_of(NULL_CONDITIONS)


def _input_band(node: _Node) -> InputBand:
    return InputBand(
        node.get("name").text(),
        node.get("wavelength_nm").number(1, 1e6),
        node.get("fwhm_nm").number(1e-3, 1e5),
    )


def _increasing(node: _Node, count: int) -> Tuple[float, ...]:
    values = node.numbers(count, 1, 1e6)
    if any(a >= b for a, b in zip(values, values[1:])):
        raise node.fail("increasing wavelengths in nm")
    return values


def _file_name(node: _Node) -> str:
    name = node.text(120)
    plain = all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    if not plain or name.startswith("."):
        raise node.fail("a plain file name of letters, digits, '.', '_' and '-'")
    return name


def _model_file(node: _Node) -> ModelFile:
    digest = node.get("sha256").text(64)
    if len(digest) != 64 or any(c not in "0123456789abcdef" for c in digest):
        raise node.get("sha256").fail("64 lower-case hexadecimal digits")
    return ModelFile(_file_name(node.get("file")), digest)


def _normalisation(node: _Node, input_bands: int, bands: int) -> Normalisation:
    return Normalisation(
        node.get("input_offset").numbers(input_bands, -1e9, 1e9),
        node.get("input_scale").numbers(input_bands, 1e-9, 1e9),
        node.get("output_offset").numbers(bands, -1e9, 1e9),
        node.get("output_scale").numbers(bands, 1e-9, 1e9),
    )


def _stages(node: _Node, input_bands: int, bands: int) -> Tuple[Stage, ...]:
    stages, condition_bands = [], input_bands
    for item in node.items(1, MAX_STAGES):
        stage = _stage(item, bands)
        if stage.condition_bands != condition_bands:
            raise item.get("condition_bands").fail(f"{condition_bands}, what comes before makes")
        stages.append(stage)
        condition_bands = stage.output_bands
    if stages[-1].final_bands != tuple(range(bands)):
        raise node.fail(f"stages of which the last makes all {bands} bands in order")
    return tuple(stages)


def _stage(node: _Node, bands: int) -> Stage:
    encoder = node.get("condition_encoder")
    output_bands = node.get("output_bands").integer(1, bands)
    final = node.get("final_bands").items(output_bands, output_bands)
    final_bands = tuple(item.integer(0, bands - 1) for item in final)
    if len(set(final_bands)) != output_bands:
        raise node.get("final_bands").fail("bands that differ")
    schedule = _schedule(node.get("schedule"))
    return Stage(
        denoiser=_model_file(node.get("denoiser")),
        condition_encoder=None if encoder.value is None else _model_file(encoder),
        condition_bands=node.get("condition_bands").integer(1, MAX_BANDS),
        output_bands=output_bands,
        final_bands=final_bands,
        prediction=node.get("prediction").one_of(PREDICTIONS),
        schedule=schedule,
        guidance_scale=node.get("guidance_scale").number(0, 100),
        pdt_lower_bound=node.get("pdt_lower_bound").number(0, 1),
        truncation=_truncation(node, schedule.steps),
    )


def _truncation(stage: _Node, timesteps: int) -> Optional[TruncationThresholds]:
    if stage.value.get("truncation") is None:  # older packages do not know it
        return None
    node = stage.get("truncation")
    at = node.get("timesteps").items(1, MAX_KNOTS)
    knots = tuple(item.integer(0, timesteps - 1) for item in at)
    if list(knots) != sorted(set(knots)):
        raise node.get("timesteps").fail("increasing timesteps")
    levels = _levels(node)
    rows = node.get("thresholds").items(len(knots), len(knots))
    for row in rows:
        if list(row.numbers(len(levels), 0, 1e6)) != sorted(row.value):
            raise row.fail("quantiles, which do not fall from level to level")
    thresholds = tuple(row.numbers(len(levels), 0, 1e6) for row in rows)
    return TruncationThresholds(knots, levels, thresholds)


def _levels(node: _Node) -> Tuple[float, ...]:
    levels = tuple(level.number(0, 1) for level in node.get("levels").items(2, 101))
    if list(levels) != sorted(set(levels)):
        raise node.get("levels").fail("increasing levels")
    return levels


def _schedule(node: _Node) -> Schedule:
    return Schedule(
        kind=node.get("kind").one_of(SCHEDULES),
        steps=node.get("steps").integer(1, MAX_TIMESTEPS),
        low=node.get("low").number(0, 1),
        high=node.get("high").number(0, 1),
        betas_sha256=node.get("betas_sha256").text(64),
    )


def _tile(node: _Node) -> Tile:
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


def _quality(node: _Node, timesteps: int) -> Quality:
    return Quality(
        node.get("sampler").one_of(SAMPLERS),
        node.get("steps").integer(1, timesteps),
        node.get("samples").integer(1, 1000),
        _guidance_interval(node, timesteps),
    )


def _guidance_interval(quality: _Node, timesteps: int) -> Optional[Tuple[int, int]]:
    if quality.value.get("guidance_interval") is None:  # older packages do not know it
        return None
    node = quality.get("guidance_interval")
    first, last = (item.integer(0, timesteps - 1) for item in node.items(2, 2))
    if first > last:
        raise node.fail("the first and the last timestep that are guided")
    return first, last


def _data_consistency(root: _Node) -> bool:
    node = _Node(root.value.get("data_consistency", False), f"{MANIFEST_NAME}.data_consistency")
    same_unit = root.get("input_unit").value == root.get("output_unit").value
    if node.value is not False and not (node.value is True and same_unit):
        raise node.fail("false, or true where input_unit and output_unit are the same")
    return node.value


def _calibrations(root: _Node, timesteps: int, bands: int) -> Tuple[Calibration, ...]:
    nodes = _Node(root.value.get("calibrations", []), f"{MANIFEST_NAME}.calibrations")
    return tuple(_calibration(node, timesteps, bands) for node in nodes.items(0, 20))


def _calibration(node: _Node, timesteps: int, bands: int) -> Calibration:
    return Calibration(
        node.get("sampler").one_of(SAMPLERS),
        node.get("steps").integer(1, timesteps),
        node.get("samples").integer(2, 1000),
        node.get("factor").numbers(bands, 0, 1e3),
        node.get("relative").numbers(bands, 0, 10),
    )


def _shared_noise(root: _Node) -> Optional[SharedNoise]:
    node = _Node(root.value.get("shared_noise"), f"{MANIFEST_NAME}.shared_noise")
    if node.value is None:
        return None
    if root.value.get("pixelwise", False) is not True:
        raise node.fail("absent, or the package pixelwise")
    return SharedNoise(node.get("share").number(0, 1), node.get("cell").integer(2, MAX_CELL))


def _shared_error(root: _Node, bands: int) -> Optional[SharedError]:
    node = _Node(root.value.get("shared_error"), f"{MANIFEST_NAME}.shared_error")
    if node.value is None:
        return None

    def vectors(name: str) -> Tuple[Tuple[float, ...], ...]:
        each = node.get(name).items(0, MAX_ERROR_VECTORS)
        return tuple(one.numbers(bands, -MAX_SHARED_ERROR, MAX_SHARED_ERROR) for one in each)

    return SharedError(vectors("known"), vectors("guessed"))


def _pixelwise(root: _Node, stages: Tuple[Stage, ...]) -> bool:
    node = _Node(root.value.get("pixelwise", False), f"{MANIFEST_NAME}.pixelwise")
    by_tile = any(stage.pdt_lower_bound < 1 and stage.truncation is None for stage in stages)
    if node.value is not False and not (node.value is True and not by_tile):
        raise node.fail("false, or true where each stage has pdt_lower_bound 1 or truncation")
    return node.value


def _domain(node: _Node, input_bands: int) -> Optional[Domain]:
    if node.value is None:
        return None
    levels = _levels(node)
    bands = node.get("values").items(input_bands, input_bands)
    return Domain(levels, tuple(band.numbers(len(levels), -1e9, 1e9) for band in bands))
