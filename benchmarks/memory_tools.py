"""Peak memory of the commands on cubes by the raster's size: none of them holds the raster.

    python benchmarks/memory_tools.py [--sides 1024 8192] [--bands 10] [--commands index ...]

The cube is a VRT of SIDE x SIDE pixels that repeats one GeoTIFF of 1,024 x 1,024, so that it takes
no room; the outputs are written in full. ``sample`` has 64 polygons that cover the raster.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Dict, List

import numpy as np
from memory_table import MIB, peak
from osgeo import gdal, ogr, osr

gdal.UseExceptions()
PIECE = 1024  # pixels
EPSG = 32632


def write_piece(folder: Path, bands: int) -> Path:
    """A cube of PIECE x PIECE pixels that is repeated."""
    path, rng = folder / "piece.tif", np.random.default_rng(1)
    options = ["TILED=YES", "COMPRESS=ZSTD", "BLOCKXSIZE=256", "BLOCKYSIZE=256"]
    made = gdal.GetDriverByName("GTiff").Create(
        str(path), PIECE, PIECE, bands, gdal.GDT_UInt16, options
    )
    made.SetGeoTransform((500000, 1, 0, 5000000, 0, -1))
    made.WriteArray(rng.integers(200, 6000, (bands, PIECE, PIECE), np.uint16))
    return path


def write_cube(folder: Path, piece: Path, side: int, bands: int) -> Path:
    """The VRT of ``side`` pixels; its bands say their wavelengths."""
    path, system = folder / f"{side}.vrt", osr.SpatialReference()
    system.ImportFromEPSG(EPSG)
    made = gdal.GetDriverByName("VRT").Create(str(path), side, side, 0)
    made.SetGeoTransform((500000, 1, 0, 5000000, 0, -1))
    made.SetSpatialRef(system)
    for number, nm in enumerate(np.linspace(440, 900, bands), start=1):
        made.AddBand(gdal.GDT_UInt16)
        band = made.GetRasterBand(number)
        band.SetScale(1e-4)
        band.SetMetadata({"wavelength": f"{nm:.1f}", "wavelength_units": "nm", "fwhm": "20"})
        sources = {
            f"source_{row}_{col}": f"<SimpleSource><SourceFilename>{piece}</SourceFilename>"
            f"<SourceBand>{number}</SourceBand><SrcRect xOff='0' yOff='0' xSize='{PIECE}' "
            f"ySize='{PIECE}'/><DstRect xOff='{col}' yOff='{row}' xSize='{PIECE}' "
            f"ySize='{PIECE}'/></SimpleSource>"
            for row in range(0, side, PIECE)
            for col in range(0, side, PIECE)
        }
        band.SetMetadata(sources, "new_vrt_sources")
        band.SetMetadata({"wavelength": f"{nm:.1f}", "wavelength_units": "nm", "fwhm": "20"})
    return path


def write_fields(folder: Path, side: int) -> Path:
    """64 squares that cover the raster together."""
    path, system, step = folder / "fields.gpkg", osr.SpatialReference(), side / 8
    system.ImportFromEPSG(EPSG)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = source.CreateLayer("fields", system, ogr.wkbPolygon)
    for number in range(64):
        x, y = 500000 + number % 8 * step, 5000000 - number // 8 * step
        feature = ogr.Feature(layer.GetLayerDefn())
        corners = f"{x} {y}, {x + step} {y}, {x + step} {y - step}, {x} {y - step}, {x} {y}"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({corners}))"))
        layer.CreateFeature(feature)
    return path


def write_library(folder: Path) -> Path:
    """Three spectra."""
    rows = "".join(f"{nm},{nm / 4000},{0.3 - nm / 5000},0.2\n" for nm in range(400, 1001, 50))
    (folder / "library.csv").write_text("nm,a,b,c\n" + rows)
    return folder / "library.csv"


def commands(folder: Path, cube: Path, side: int) -> Dict[str, List[str]]:
    """What is run, by name."""
    out, angle = str(folder / "o.tif"), str(folder / "a.tif")
    library, fields = str(write_library(folder)), str(write_fields(folder, side))
    return {
        "index": ["index", str(cube), out, "--index", "NDVI,EVI"],
        "match-spectra": ["match-spectra", str(cube), out, "--library", library, "--angle", angle],
        "simulate-sensor": ["simulate-sensor", str(cube), out, "--sensor", "sentinel2a"],
        "convert (ENVI)": ["convert", str(cube), str(folder / "o.img"), "--format", "envi"],
        "convert (COG)": ["convert", str(cube), out, "--format", "cog"],
        "sample": ["sample", str(cube), fields, "--csv", str(folder / "o.csv")],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 8192])
    parser.add_argument("--bands", type=int, default=10)
    parser.add_argument("--commands", nargs="+", help="all")
    args = parser.parse_args()
    print("| command | side | peak MiB | of the first | seconds |\n|---|---:|---:|---:|---:|")
    first: Dict[str, int] = {}
    for side in args.sides:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            cube = write_cube(folder, write_piece(folder, args.bands), side, args.bands)
            for said, words in commands(folder, cube, side).items():
                if args.commands and said not in args.commands:
                    continue
                bytes_, seconds = peak([*words, "--overwrite"])
                share = bytes_ / first.setdefault(said, bytes_)
                row = f"| {said} | {side:,} | {bytes_ / MIB:.0f} | {share:.2f} | {seconds:.0f} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
