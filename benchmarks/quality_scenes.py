"""The quality benchmark's rasters: validation scenes, camera pictures, a large one for timing."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from osgeo import gdal

from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.raster.dataset import Georeference, read_cube, write_cube

gdal.UseExceptions()
GROUPS = ("muufl", "berlin", "potsdam", "neon", "residential")


def scenes(data: Path, split: str) -> List[Path]:
    """The reflectance scenes of a split; raises InputError where ``data`` lists none."""
    if not (data / "scenes.json").is_file():
        raise InputError(f"{data} holds no scenes.json", "name the scenes' folder: --data")
    listed = json.loads((data / "scenes.json").read_text(encoding="utf-8"))
    chosen = [s for s in listed if s["split"] == split and s["units"] == "reflectance"]
    return [data / scene["file"] for scene in chosen]


def group_of(name: str) -> str:
    """The group of a scene by its name; each is of one place and one sensor."""
    return next((group for group in GROUPS if group in name), "other")


def camera_pairs(data: Path) -> List[Tuple[Path, Path]]:
    """(camera picture, spectra) of the validation plots that a camera saw too."""
    pairs = [(data / "pairs" / f"{scene.stem}_camera.tif", scene) for scene in scenes(data, "val")]
    return [pair for pair in pairs if pair[0].is_file()]


def camera_bands(model: manifest.Manifest) -> List[int]:
    """The bands (from 1) of a red, green, blue picture in the order of the model's input bands."""
    wavelength_nm = np.array([band.wavelength_nm for band in model.input_bands])
    return (1 + np.argsort(np.argsort(-wavelength_nm))).tolist()


def on_grid_of(scene: Path, camera: Path, bands: List[int], output: Path) -> None:
    """Write ``bands`` of the camera's picture as means over the pixels of ``scene``, float32."""
    grid = gdal.Open(str(scene))
    x0, dx, _, y0, _, dy = grid.GetGeoTransform()
    x1, y1 = x0 + dx * grid.RasterXSize, y0 + dy * grid.RasterYSize
    picked = gdal.Translate("", str(camera), format="VRT", bandList=bands)
    gdal.Warp(
        str(output),
        picked,
        outputBounds=(x0, y1, x1, y0),
        width=grid.RasterXSize,
        height=grid.RasterYSize,
        resampleAlg="average",
        outputType=gdal.GDT_Float32,
    )


def write_large(rgb: Path, side: int, output: Path) -> None:
    """Write ``rgb`` mirrored on and on to ``side`` pixels a side, for timing."""
    seen = read_cube(str(rgb))
    values = np.nan_to_num(seen.values, nan=0.1)
    whole = np.pad(values, [(0, 0), (0, side), (0, side)], mode="symmetric")[:, :side, :side]
    cube = replace(seen, values=whole, georeference=Georeference())
    write_cube(str(output), cube, "float32", {})
