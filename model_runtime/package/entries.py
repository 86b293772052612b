"""The entries of ``model.json``, and what each says; ``Manifest`` holds them together."""

import hashlib
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

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
class SampleGraph:
    """All ``steps`` of all stages by ``sampler`` in one graph, of a pixelwise package.

    ``stages_sha256``: of the stages that it was made of (``stages_digest``); a graph of others is
    not used.
    """

    sampler: str
    steps: int
    graph: ModelFile
    stages_sha256: str


def stages_digest(stages: Sequence[Stage]) -> str:
    """Hash what decides a sample of ``stages``: their files, what they predict, their schedules.

    Returns: the SHA-256, 64 hexadecimal digits.
    """
    facts = [
        (
            stage.denoiser.sha256,
            stage.condition_encoder and stage.condition_encoder.sha256,
            stage.prediction,
            stage.schedule.betas_sha256,
        )
        for stage in stages
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


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
    """What all pixels of a picture err by together.

    Vectors of one number per band: the error's covariance over the bands is the sum of their outer
    products. Relative to the estimate are ``known``, of pictures in the model's unit, and
    ``guessed``, of those matched to it. ``of_spread`` is relative to each pixel's own spread and
    no more than a part of it: the squares of a band add up to 1 at most.
    """

    known: Tuple[Tuple[float, ...], ...]
    guessed: Tuple[Tuple[float, ...], ...]
    of_spread: Tuple[Tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Metamers:
    """How far the training data's spectra of one colour lie apart (see diffusion/metamers.py).

    A grid of colours: ``levels``, means of the input bands in the input unit, and ``ratios``, for
    each input band but the first its ratios to the one before. ``deviation[i]`` is that of output
    band ``bands[i]`` (0-based) relative to the level, for every cell, the last axis running
    fastest; bands between are interpolated. ``middle`` likewise: the middle of their range.
    """

    levels: Tuple[float, ...]
    ratios: Tuple[Tuple[float, ...], ...]
    bands: Tuple[int, ...]
    deviation: Tuple[Tuple[float, ...], ...]
    middle: Tuple[Tuple[float, ...], ...] = ()


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
