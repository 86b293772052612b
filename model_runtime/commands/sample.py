"""The ``sample`` command: spectra of points and polygons, with intervals from draws."""

import time
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from .. import __version__
from ..errors import InputError
from ..spectra import index_choice, spectra_text
from ..system import final_names
from ..system.durable_files import storage_errors, sync_folder, write_durably

CENTRE, TOUCHED = "pixels whose centre lies inside", "all pixels that are touched"
SUFFIXES = {"gpkg": ".gpkg", "csv": ".csv", "library": ".sli"}
LONGEST_LIST = 5


def add_arguments(parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("cube", metavar="CUBE", help="raster with wavelengths, such as upsample's")
    add("features", metavar="FEATURES", help="points or polygons: GeoPackage, shapefile, GeoJSON")
    add("--layer", metavar="NAME", help="of FEATURES, where it holds several")
    add("--name-field", metavar="FIELD", help="that names the features (their number)")
    add("--index", metavar="NAME[,NAME...]", default="", help="also indices of docs/indices.md")
    add("--formula", metavar="TEXT", help="also one of your own, such as 'r860/r670'")
    add("--draws", metavar="FOLDER", help="of upsample --draws: adds 90 %% intervals")
    add("--all-touched", action="store_true", help="count all pixels that a polygon touches")
    add("--gpkg", metavar="PATH.gpkg", help="write the features with their spectra")
    add("--csv", metavar="PATH.csv", help="write a row for each feature and band")
    add("--library", metavar="PATH.sli", help="write an ENVI spectral library of the means")
    add("--overwrite", action="store_true", help="replace files that exist")


def run(args, events) -> None:
    """Sample the features' spectra and write them.

    Raises: InputError, StorageError.
    """
    from ..pipeline.sample_features import sample_features
    from ..raster.cube import cube_shape, describe_reading, read_cube
    from ..raster.draws import find_draws, refuse_other_run
    from ..raster.feature_file import check_columns
    from ..raster.features import open_layer, place_on
    from ..tiling import Window

    since = time.monotonic()
    draws = find_draws(args.draws) if args.draws else []
    indices = index_choice.choose_formulas(args.index, args.formula)
    wanted = _check_outputs(args, draws)
    for draw in draws:
        refuse_other_run(args.cube, draw)
    layer = open_layer(args.features, args.layer, args.name_field)
    corner = read_cube(args.cube, window=Window(0, 0, 1, 1))
    shape = cube_shape(args.cube)[1:]
    placed = place_on(layer, corner.georeference, shape, args.all_touched)
    if args.gpkg:
        check_columns(
            _names_of_columns(np.asarray(corner.wavelength_nm), tuple(indices), bool(draws))
        )
    found = sample_features(args.cube, draws, placed, indices, events.progress)
    said = describe_reading(args.cube), _warnings(found, layer.names, args.all_touched)
    for message in (*placed.warnings, *said[0], *said[1]):
        events.warning(message)
    _write(args, layer, found, _about(args, draws, corner.units))
    events.done(wanted[0], time.monotonic() - since, features=len(layer.names))


def _check_outputs(args, draws: Sequence[str]) -> List[str]:
    """The outputs' names; raises InputError where one cannot be written."""
    from ..raster.dataset import files_read
    from ..raster.features import files_of_layer
    from ..raster.writer import check_folder

    asked = {name: getattr(args, name) for name in SUFFIXES if getattr(args, name)}
    if not asked:
        raise InputError("no output is asked for", "give --gpkg, --csv or --library with a path")
    for name, path in asked.items():
        if Path(path).suffix.lower() != SUFFIXES[name]:
            raise InputError(
                f"the output '{path}' of --{name} has another ending",
                f"use a name that ends in {SUFFIXES[name]}",
            )
        check_folder(path)
    targets = [
        final_names.envi(p) if n == "library" else final_names.page(p) for n, p in asked.items()
    ]
    read = [name for raster in (args.cube, *draws) for name in files_read(raster)]
    final_names.check(targets, [*read, *files_of_layer(args.features)], args.overwrite)
    return list(asked.values())


def _warnings(found, names: Sequence[str], all_touched: bool) -> Iterator[str]:
    empty = [name for name, pixels in zip(names, found.pixels) if not pixels]
    if len(empty) == len(names):
        raise InputError(
            "no feature holds a valid pixel of the raster",
            "see that both lie in the same place (reference systems), and that polygons are larger "
            "than a pixel or --all-touched is given",
        )
    if empty:
        more = f" and {len(empty) - LONGEST_LIST} more" if len(empty) > LONGEST_LIST else ""
        remedy = "" if all_touched else "; --all-touched counts what small polygons touch"
        yield (
            f"{len(empty)} of {len(names)} features hold no valid pixel: "
            f"{', '.join(empty[:LONGEST_LIST])}{more}{remedy}"
        )


def _about(args, draws: Sequence[str], units: str) -> List[str]:
    rule = TOUCHED if args.all_touched else CENTRE
    said = f"standard deviations are from pixel to pixel; intervals (90 %) of {len(draws)} draws"
    return [
        f"spectra of features, SCDM {__version__}",
        f"raster: {args.cube}",
        f"features: {args.features}",
        f"values: {units or 'as the raster has them'}; wavelengths in nm",
        f"polygons: {rule}; points: the pixel in which they lie",
        said if draws else said.partition(";")[0],
    ]


def _write(args, layer, found, about: List[str]) -> None:
    from ..raster.feature_file import write_features

    if args.library:
        kept = found.pixels > 0
        names = [name for name, keep in zip(layer.names, kept) if keep]
        means = found.mean[kept, : len(found.wavelength_nm)]
        parts = spectra_text.library(names, found.wavelength_nm, means, "; ".join(about))
        header = Path(args.library).with_suffix(".hdr")
        _write_bytes({header: parts[1], Path(args.library): parts[0]}, args.overwrite)
    if args.csv:
        table = spectra_text.table(about, _csv_columns(found), _csv_rows(found, layer.names))
        _write_bytes({Path(args.csv): table}, args.overwrite)
    if args.gpkg:
        write_features(args.gpkg, layer, _columns(found), args.overwrite)


def _write_bytes(contents: Dict[Path, bytes], overwrite: bool) -> None:
    from ..raster.writer import part_path

    parts = {path: part_path(str(path)) for path in contents}
    try:
        for path, content in contents.items():
            with storage_errors(path):
                write_durably(parts[path], content)
        for path, part in parts.items():
            with storage_errors(path):
                final_names.give_name(part, path, overwrite)
                sync_folder(path.parent)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _kinds(found) -> Dict[str, np.ndarray]:
    """The numbers of each column by the word for them."""
    kinds = {"mean": found.mean, "sd": found.deviation, "low": found.low, "high": found.high}
    return {word: values for word, values in kinds.items() if values is not None}


def _csv_columns(found) -> Tuple[str, ...]:
    return ("feature", "variable", "wavelength_nm", "pixels", *_kinds(found))


def _csv_rows(found, names: Sequence[str]) -> Iterator[Tuple]:
    variables = [("spectrum", f"{nm:.10g}") for nm in found.wavelength_nm]
    variables += [(name, "") for name in found.names]
    for row, name in enumerate(names):
        for col, variable in enumerate(variables):
            numbers = (float(values[row, col]) for values in _kinds(found).values())
            yield (name, *variable, int(found.counts[row, col]), *numbers)


def _columns(found) -> Dict[str, np.ndarray]:
    """The GeoPackage's columns by name, in the order of ``_names_of_columns``."""
    names = _names_of_columns(found.wavelength_nm, found.names, found.uncertainty is not None)
    columns: List[np.ndarray] = [found.pixels]
    bands, kinds = len(found.wavelength_nm), _kinds(found)
    order = [*range(bands, found.mean.shape[1]), *range(bands)]
    for col in order:
        columns += [values[:, col] for word, values in kinds.items() if col < bands or word != "sd"]
    return dict(zip(names, columns))


def _names_of_columns(
    wavelength_nm: np.ndarray, indices: Sequence[str], has_interval: bool
) -> List[str]:
    """``pixels``, ``NDVI``, ``NDVI_low``, ..., ``mean_550``, ``sd_550``, ``low_550``, ..."""
    ends = ("_low", "_high") if has_interval else ()
    names = ["pixels"]
    for index in indices:
        names += [index, *(f"{index}{end}" for end in ends)]
    words = ("mean", "sd", "low", "high") if has_interval else ("mean", "sd")
    said = [f"{nm:.6g}".replace(".", "_") for nm in wavelength_nm]
    for number, text in enumerate(said):
        # Two bands at one wavelength, as where detectors overlap, go by their numbers too.
        unique = text if said.count(text) == 1 else f"{text}_band{number + 1}"
        names += [f"{word}_{unique}" for word in words]
    return names
