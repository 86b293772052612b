"""The report of one estimate as a self-contained HTML page."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .. import contract
from ..package.manifest import Manifest
from . import html_page, input_agreement, kmeans, markdown, svg_charts, training_domain
from . import images as pictures

CLASSES = 5
PICTURE_SIDE = 360  # pixels; smaller pictures are enlarged
PREVIEW_SIDE = 512  # pixels; what a caller should read at most
COLOURS = f"{contract.TAG_PREFIX}COLOUR_CORRECTION"
TABLE_NM = (460.0, 550.0, 640.0, 720.0, 860.0)
_INPUT_COLOURS = ("#d62728", "#2ca02c", "#1f77b4")
_NOTE = (
    "The spectra below are estimates. {bands} bands cannot be known from {inputs}: the model draws "
    "spectra that fit the input colours and the scenes it was trained on. Materials of equal "
    "colour get similar spectra, whatever they are."
)

_CHECKED = (
    "The estimate seen again through the input bands, against the input itself. Large errors mean "
    "that the estimate contradicts its own picture; small ones say nothing of the other bands."
)
_BY_CONSTRUCTION = (
    "This model's estimates are made to agree with their input: seen again through the input bands "
    "they give it back by construction, up to rounding and what is clipped at 0. So small errors "
    "here do not mean that the estimate is good, and say nothing of the infrared; large ones would "
    "be a fault."
)
_CORRECTED = (
    "The estimate seen again through the input bands, against the input itself. A camera's red, "
    "green and blue are not the model's: the estimate follows them by one colour correction for "
    "the whole picture (see Settings), and what that changes is part of the errors here, a tint "
    "and a bias above all. Errors of single areas mean that the estimate contradicts its own "
    "picture there; small ones say nothing of the other bands."
)

Encode = Callable[[np.ndarray], bytes]  # uint8 (channels, rows, cols) to PNG


@dataclass(frozen=True)
class Ground:
    """Where a picture lies: metres across its width, grid north clockwise from its up."""

    metres_across: float
    north_degrees: float


@dataclass(frozen=True)
class Result:
    """What a report tells of.

    ``rgb`` (input bands, rows, cols) in the model's input unit, ``cube`` (bands, rows, cols) and
    ``spread`` (the same, or None) in its output unit, ``reliability`` (1, rows, cols) from 0 to
    100 or None, NaN where masked: a preview of at most PREVIEW_SIDE pixels per side, nearest
    pixels, not averages. ``settings`` and ``run`` are shown as they come.
    """

    input_name: str
    rgb: np.ndarray
    cube: np.ndarray
    model: Manifest
    card: str = ""
    spread: Optional[np.ndarray] = None
    reliability: Optional[np.ndarray] = None
    ground: Optional[Ground] = None
    settings: Dict[str, str] = field(default_factory=dict)
    run: Dict[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def write(path: Path, result: Result, encode: Encode) -> None:
    """Write the page to ``path``.

    Raises: StorageError.
    """
    html_page.write(path, html(result, encode))


def html(result: Result, encode: Encode) -> str:
    """Draw the whole page; ``encode`` turns RGBA pictures (4, rows, cols) into PNG.

    Returns: HTML.
    """
    model = result.model
    found, labels = kmeans.cluster_spectra(result.cube, CLASSES)
    agreement = input_agreement.check(
        result.rgb, result.cube, model.wavelength_nm, model.input_bands
    )
    body: List[str] = [
        html_page.heading(f"Hyperspectral estimate of {result.input_name}", 1),
        html_page.paragraph(_subtitle(model), "soft"),
        html_page.warnings(result.warnings),
        html_page.paragraph(_note(model)),
        html_page.heading("Pictures"),
        html_page.gallery(_pictures(result, labels, encode)),
        *_spectra(model, found),
        *_uncertainty(result, encode),
        *_consistency(result, agreement, encode),
        *_domain(result, encode),
        html_page.heading("Settings"),
        html_page.facts(_with_labels(result.settings)),
        html_page.heading("Run"),
        html_page.facts(_with_labels(result.run)),
        *_model(model, result.card),
    ]
    return html_page.document(f"SCDM: {result.input_name}", body)


def _with_labels(entries: Dict[str, str]) -> List[Tuple[str, str]]:
    """Raster tags such as SCDM_RADIOMETRY_WHY as words."""
    named = ((name.replace("SCDM_", "").replace("TIFFTAG_", ""), v) for name, v in entries.items())
    return [(name.replace("_", " ").capitalize(), v.replace("+-", "±")) for name, v in named]


def _subtitle(model: Manifest) -> str:
    nm = model.wavelength_nm
    return f"{len(nm)} bands, {nm[0]:g} to {nm[-1]:g} nm, by {model.name} {model.version}"


def _note(model: Manifest) -> str:
    names = [band.name for band in model.input_bands]
    inputs = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
    return _NOTE.format(bands=len(model.wavelength_nm), inputs=inputs)


def _pictures(result: Result, labels: np.ndarray, encode: Encode) -> Iterator[str]:
    nm, cube = result.model.wavelength_nm, result.cube
    stretch = "{}-{} % stretch".format(*pictures.STRETCH_PERCENT)
    rgb = result.rgb[_red_first(result.model)] if len(result.rgb) == 3 else None
    if rgb is not None:
        shown = pictures.composite(rgb, together=True)
        yield _picture(shown, "Input", f"as the model sees it, {stretch}", result.ground, encode)
    natural = pictures.natural(cube, nm, rgb)
    note = "as the model's camera sees it, "
    note += stretch if rgb is None else "stretched as the input"
    note += ", after the colour correction" if COLOURS in result.settings else ""
    yield _picture(natural, "Estimate in natural colour", note, result.ground, encode)
    infrared = pictures.infrared(cube, nm)
    note = f"{_nm_names(nm, contract.INFRARED_NM)}, stretched from 0"
    yield _picture(infrared, "Estimate in colour infrared", note, result.ground, encode)
    note = "k-means of the estimated spectra; colours as in the chart below"
    yield _picture(pictures.class_map(labels), "Spectral classes", note, result.ground, encode)


def _red_first(model: Manifest) -> List[int]:
    """The input bands from the longest wavelength down: the released models take blue first."""
    return np.argsort([-band.wavelength_nm for band in model.input_bands], kind="stable").tolist()


def _nm_names(wavelength_nm: Sequence[float], wanted: Sequence[float]) -> str:
    chosen = pictures.nearest_bands(wavelength_nm, wanted)
    return " / ".join(f"{wavelength_nm[i]:.0f}" for i in chosen) + " nm as red / green / blue"


def _picture(
    rgba: np.ndarray, title: str, note: str, ground: Optional[Ground], encode: Encode
) -> str:
    images = [_enlargeable(rgba, title, encode)]
    if ground:
        strip = svg_charts.scale_strip(ground.metres_across, ground.north_degrees)
        images.append(html_page.svg_image(strip, _ground_words(ground), PICTURE_SIDE))
    return html_page.figure(images, f"{title}: {note}")


def _enlargeable(rgba: np.ndarray, title: str, encode: Encode) -> str:
    png = encode(pictures.enlarge(rgba, PICTURE_SIDE))
    return html_page.enlargeable(html_page.png_image(png, title, PICTURE_SIDE), title)


def _ground_words(ground: Ground) -> str:
    turn = ground.north_degrees
    north = "north is up" if abs(turn) < 0.5 else f"north is {turn:.0f} degrees clockwise from up"
    return f"{ground.metres_across:.4g} m across, {north}"


def _spectra(model: Manifest, found: Sequence[kmeans.SpectralClass]) -> Iterator[str]:
    yield html_page.heading("Spectra of what the picture holds")
    if not found:
        yield html_page.paragraph("No pixel holds a spectrum.")
        return
    lines = [_class_line(i, one, model.wavelength_nm) for i, one in enumerate(found)]
    words = "Mean spectra of the classes; the same numbers are in the table"
    caption = (
        "Mean of each class and one standard deviation over its pixels. Shaded: the bands the "
        "model was given; everything outside them is inferred."
    )
    yield _chart(model, lines, _axis_title(model.output_unit), words, caption)
    yield _class_table(model, found)


def _axis_title(unit: str) -> str:
    return unit[:1].upper() + unit[1:]


def _class_line(index: int, one: kmeans.SpectralClass, nm: Sequence[float]) -> svg_charts.Line:
    colour = pictures.CLASS_COLOURS[index % len(pictures.CLASS_COLOURS)]
    low, high = one.mean - one.deviation, one.mean + one.deviation
    return svg_charts.Line(_class_name(index, one), colour, nm, one.mean, low, high)


def _class_name(index: int, one: kmeans.SpectralClass) -> str:
    return f"Class {index + 1} ({100 * one.share:.1f} %)"


def _input_ranges(model: Manifest) -> List[svg_charts.Range]:
    return [
        svg_charts.Range(
            band.name,
            _INPUT_COLOURS[i % len(_INPUT_COLOURS)],
            band.wavelength_nm - band.fwhm_nm / 2,
            band.wavelength_nm + band.fwhm_nm / 2,
        )
        for i, band in enumerate(model.input_bands)
    ]


def _class_table(model: Manifest, found: Sequence[kmeans.SpectralClass]) -> str:
    bands = sorted(set(pictures.nearest_bands(model.wavelength_nm, TABLE_NM)))
    head = ["Class (share of the pixels)"] + [f"{model.wavelength_nm[b]:.0f} nm" for b in bands]
    rows = [
        [_class_name(i, one)] + [f"{one.mean[b]:.3f} ± {one.deviation[b]:.3f}" for b in bands]
        for i, one in enumerate(found)
    ]
    return html_page.table(head, rows)


def _uncertainty(result: Result, encode: Encode) -> Iterator[str]:
    yield html_page.heading("What is not known")
    if result.spread is None and result.reliability is None:
        yield html_page.paragraph(
            "Neither the spread nor the reliability was asked for, so this page says nothing of "
            "the estimate's uncertainty. Ask for them to get it per band and pixel."
        )
    if result.spread is not None:
        said = result.settings.get("SCDM_SPREAD", "").replace("+-", "±")  # tags are ASCII
        yield _spread_chart(result.model, result.spread, said)
    maps = list(_uncertainty_maps(result, encode))
    if maps:
        yield html_page.gallery(maps)


def _uncertainty_maps(result: Result, encode: Encode) -> Iterator[str]:
    """A map each of the spread and of the reliability, where they are known."""
    unit, spread, known = result.model.output_unit, result.spread, result.reliability
    if spread is not None and np.isfinite(spread).any():
        whole = np.sqrt((spread.astype(np.float64) ** 2).mean(axis=0))
        top = float(np.nanpercentile(whole, 98)) or 1.0
        title = f"Spread: root mean square over the bands ({unit})"
        yield _map_figure(whole, top, title, encode)
    if known is not None and np.isfinite(known).any():
        title = "Reliability: 100 where nothing speaks against the estimate, 0 where all does"
        yield _map_figure(known[0], 100.0, title, encode)


def _spread_chart(model: Manifest, spread: np.ndarray, said: str) -> str:
    low, middle, high = np.nanpercentile(spread.reshape(len(spread), -1), (5, 50, 95), axis=1)
    line = svg_charts.Line("Spread", contract.BLUE, model.wavelength_nm, middle, low, high)
    title = f"Spread ({model.output_unit})"
    words = "Spread of the samples by wavelength"
    caption = "Median over the pixels, and the range from the 5th to the 95th percentile"
    caption += f". The spread is {said}." if said else "."
    return _chart(model, [line], title, words, caption)


def _chart(
    model: Manifest, lines: Sequence[svg_charts.Line], title: str, words: str, caption: str
) -> str:
    """A chart by wavelength, as wide as its reader's page."""

    def draw(width: int) -> str:
        return svg_charts.line_chart(lines, "Wavelength (nm)", title, _input_ranges(model), width)

    shown = html_page.chart(draw, words, svg_charts.WIDTH, svg_charts.NARROW)
    return html_page.figure([shown], caption)


def _consistency(
    result: Result, agreement: input_agreement.Consistency, encode: Encode
) -> Iterator[str]:
    yield html_page.heading("Agreement with the input")
    yield html_page.paragraph(_agreement_words(result))
    rows = [
        [b.name, _four(b.rmse), _four(b.bias, "+"), _four(b.correlation)] for b in agreement.bands
    ]
    unit = result.model.input_unit
    yield html_page.table(["Input band", f"RMSE ({unit})", f"Bias ({unit})", "Correlation"], rows)
    yield from _error_maps(result, agreement, encode)


def _four(value: float, sign: str = "") -> str:
    """Four decimals; a dash where there is no such number, as the correlation of one pixel."""
    return f"{value:{sign}.4f}" if np.isfinite(value) else "–"


def _agreement_words(result: Result) -> str:
    """What errors mean: it depends on how the estimate was made."""
    if COLOURS in result.settings:
        return _CORRECTED
    return _BY_CONSTRUCTION if result.model.data_consistency else _CHECKED


def _error_maps(
    result: Result, agreement: input_agreement.Consistency, encode: Encode
) -> Iterator[str]:
    """A map of each input band's error and one of all, in the same colours."""
    if not np.isfinite(agreement.error).any():
        return
    # Rounding alone is not an error to be shown: the colours reach 1 % of the picture's brightness.
    least = 0.01 * float(np.nanpercentile(result.rgb, 98))
    top = max(float(np.nanpercentile(agreement.band_error, 98)), least)
    unit = result.model.input_unit
    named = [
        (f"{band.name.capitalize()}: absolute error ({unit})", error)
        for band, error in zip(agreement.bands, agreement.band_error)
    ]
    named.append((f"RMSE over the input bands ({unit})", agreement.error))
    yield html_page.gallery([_map_figure(error, top, title, encode) for title, error in named])


def _map(values: np.ndarray, title: str, encode: Encode) -> Iterator[str]:
    """A map (rows, cols) from 0 with its scale; nothing where no pixel is known."""
    known = values[np.isfinite(values)]
    if known.size:
        top = float(np.percentile(known, 98)) or float(known.max())
        yield html_page.gallery([_map_figure(values, top, title, encode)])


def _map_figure(values: np.ndarray, top: float, title: str, encode: Encode) -> str:
    ramp = pictures.colour_map(np.linspace(0, 1, 60)[None], 0, 1)[:3, 0].T  # (steps, RGB)
    scale = svg_charts.colour_scale(ramp.tolist(), "0", f"{top:.3g}", "")
    images = [
        _enlargeable(pictures.colour_map(values, 0, top), title, encode),
        html_page.svg_image(scale, f"Colours from 0 to {top:.3g}", PICTURE_SIDE),
    ]
    return html_page.figure(images, f"{title}, colours up to {top:.3g}")


def _domain(result: Result, encode: Encode) -> Iterator[str]:
    if result.model.domain is None:
        return
    yield html_page.heading("The input beside the training scenes")
    head = [
        "Input band",
        "2 %",
        "median",
        "98 %",
        "training 2 %",
        "training median",
        "training 98 %",
    ]
    yield html_page.table(head, [_domain_row(result, i) for i in range(len(result.rgb))])
    yield from _strange_pixels(training_domain.distance(result.rgb, result.model.domain), encode)


def _strange_pixels(distances: np.ndarray, encode: Encode) -> Iterator[str]:
    """Where the input holds colours that training did not."""
    share = training_domain.share_outside(distances)
    if not share > 0:
        if share == 0:
            yield html_page.paragraph(
                "Every pixel lies within the training scenes' range of colours."
            )
        return
    yield html_page.paragraph(
        f"{_percent(share)} of the pixels lie outside the training scenes' range of colours "
        "(lowest to highest quantile of each band): there the estimate is extrapolated."
    )
    title = "Distance from the training colours, in widths of their range"
    yield from _map(distances, title, encode)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "Less than 0.1 %"


def _domain_row(result: Result, band: int) -> List[str]:
    levels = (0.02, 0.5, 0.98)
    domain, values = result.model.domain, result.rgb[band]
    known = values[np.isfinite(values)]
    here = np.quantile(known, levels) if known.size else np.full(3, np.nan)
    there = np.full(3, np.nan)
    if domain is not None:
        there = np.interp(levels, domain.levels, domain.values[band])
    name = result.model.input_bands[band].name
    return [name] + [f"{value:.3f}" for value in (*here, *there)]


def _model(model: Manifest, card: str) -> Iterator[str]:
    yield html_page.heading("Model")
    yield html_page.facts(_model_facts(model))
    if card:
        yield html_page.heading("Model card", 3)
        yield f'<div class="card">{markdown.html(card)}</div>'


def _model_facts(model: Manifest) -> List[Tuple[str, str]]:
    inputs = ", ".join(f"{b.name} {b.wavelength_nm:g}/{b.fwhm_nm:g} nm" for b in model.input_bands)
    stages = " → ".join(
        [str(model.stages[0].condition_bands)] + [str(s.output_bands) for s in model.stages]
    )
    return [
        ("Name", f"{model.name} {model.version}"),
        ("Licence", model.licence),
        ("Input bands (centre/width)", inputs),
        ("Bands of the stages", stages),
        ("Output unit", model.output_unit),
        ("ONNX files (SHA-256)", ", ".join(s.denoiser.sha256[:16] for s in model.stages)),
    ]
