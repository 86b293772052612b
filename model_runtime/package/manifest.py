"""The model package's contract: ``model.json``, read, checked and written by one class.

A package is untrusted input: sizes are bounded, file names may not leave the folder
(``read_entries.py``), and every ONNX file is held against its SHA-256 before it is opened
(``verified_file.py``).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from ..contract import QUALITIES
from ..errors import PackageError
from . import read_entries as entry
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
    stages_digest,
)
from .json_node import REMEDY, JsonNode

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST_NAME",
    "MAX_MANIFEST_BYTES",
    "NULL_CONDITIONS",
    "PREDICTIONS",
    "SCHEDULES",
    "Calibration",
    "Domain",
    "InputBand",
    "Manifest",
    "Metamers",
    "ModelFile",
    "ModelPackage",
    "Normalisation",
    "Quality",
    "SampleGraph",
    "Schedule",
    "SharedError",
    "SharedNoise",
    "Stage",
    "Tile",
    "TruncationThresholds",
    "open_package",
    "parse",
    "read",
    "stages_digest",
]

FORMAT_VERSION = 1
MANIFEST_NAME = "model.json"
MAX_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """Everything the runtime needs to know of a model package.

    ``data_consistency``: every estimate is projected onto its input
    (see diffusion/data_consistency.py).
    ``colour_correction``: of a camera's picture, red, green and blue of the mean
    follow the picture's by one function all over it (see diffusion/colour_correction.py).
    ``pixelwise``: after the first stage's condition encoder, each pixel is worked by itself. The
    cascade then works in strips that stay in the cache, and pixels pick their noise from a bank.
    ``shared_noise``: how that noise hangs together; None: each pixel's is its own.
    ``shared_error``: the error that draws and spreads have in common over a picture; None: none.
    ``metamers``: how far spectra of one colour lie apart; None: it is not known.
    ``null_condition``: what guidance guides away from (see guidance.null_of).
    ``sample_graphs``: all steps by a sampler in one graph (diffusion/sample_graph.py).
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
    colour_correction: bool = False
    pixelwise: bool = False
    shared_noise: Optional[SharedNoise] = None
    shared_error: Optional[SharedError] = None
    metamers: Optional[Metamers] = None
    calibrations: Tuple[Calibration, ...] = ()
    null_condition: str = NULL_CONDITIONS[0]
    sample_graphs: Tuple[SampleGraph, ...] = ()
    format_version: int = FORMAT_VERSION

    def sample_graph(self, sampler: str, steps: int) -> Optional[ModelFile]:
        """Find the graph of these stages for these settings.

        Returns: its file; None where the package has none.
        """
        made_of = stages_digest(self.stages)
        for one in self.sample_graphs:
            if (one.sampler, one.steps, one.stages_sha256) == (sampler, steps, made_of):
                return one.graph
        return None

    @property
    def graph_files(self) -> Tuple[ModelFile, ...]:
        """All ONNX files of the package."""
        of_stages = [
            file for s in self.stages for file in (s.condition_encoder, s.denoiser) if file
        ]
        return (*of_stages, *(one.graph for one in self.sample_graphs))

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
        raise PackageError(f"{path} is a link, which may lead out of the package", REMEDY)
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise PackageError(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes", REMEDY)
    try:
        content = path.read_bytes()
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise PackageError(f"{path} cannot be read as JSON ({error})", REMEDY) from error
    return ModelPackage(Path(folder), parse(data), hashlib.sha256(content).hexdigest())


def parse(data: Any) -> Manifest:
    """Check decoded JSON and make a manifest of it.

    Returns: the Manifest.
    Raises: PackageError that names the first wrong entry.
    """
    root = JsonNode(data, MANIFEST_NAME)
    _check_version(root)
    input_bands = entry.read_input_bands(root.get("input_bands"))
    bands = len(root.get("wavelength_nm").items(1, entry.MAX_BANDS))
    stages = entry.read_stages(root.get("stages"), len(input_bands), bands)
    fewest = min(stage.schedule.steps for stage in stages)
    qualities = root.get("qualities")
    return Manifest(
        name=root.get("name").text(),
        version=root.get("version").text(),
        licence=root.get("licence").text(),
        card=entry.read_file_name(root.get("card")),
        input_unit=root.get("input_unit").text(),
        input_bands=input_bands,
        output_unit=root.get("output_unit").text(),
        wavelength_nm=entry.read_wavelengths(root.get("wavelength_nm"), bands),
        fwhm_nm=root.get("fwhm_nm").numbers(bands, 1e-3, 1e5),
        normalisation=entry.read_normalisation(root.get("normalisation"), len(input_bands), bands),
        stages=stages,
        tile=entry.read_tile(root.get("tile")),
        qualities={name: entry.read_quality(qualities.get(name), fewest) for name in QUALITIES},
        domain=entry.read_domain(root, len(input_bands)),
        data_consistency=entry.read_in_one_unit(root, "data_consistency"),
        colour_correction=entry.read_in_one_unit(root, "colour_correction"),
        pixelwise=entry.read_pixelwise(root, stages),
        shared_noise=entry.read_shared_noise(root),
        shared_error=entry.read_shared_error(root, bands),
        metamers=entry.read_metamers(root, len(input_bands), bands),
        calibrations=entry.read_calibrations(root, fewest, bands),
        null_condition=entry.read_null_condition(root),
        sample_graphs=entry.read_sample_graphs(root, fewest),
    )


def _check_version(root: JsonNode) -> None:
    version = root.get("format_version").integer(1, 1 << 31)
    if version != FORMAT_VERSION:
        raise PackageError(
            f"{MANIFEST_NAME} has format_version {version}, this software reads {FORMAT_VERSION}",
            "use a matching version of the plugin",
        )
