"""A web layer in a real qgis_process, by its address alone: tiles that lie in a folder."""

import numpy as np
import pytest
from osgeo import gdal

gdal.UseExceptions()
HALF = 20037508.342789244  # of the world in EPSG:3857
PIXEL = 2 * HALF / 2**2 / 256  # at zoom 2
RNG = np.random.default_rng(0)
WORLD = RNG.integers(20, 230, (3, 1024, 1024)).astype(np.uint8)
ROW0, COL0, ROWS, COLS = 200, 300, 90, 120
REACH = 8  # pixels to which the small model sees at most


@pytest.fixture
def tiles(tmp_path):
    """The address of the tiles of WORLD."""
    for x in range(4):
        for y in range(4):
            tile = gdal.GetDriverByName("MEM").Create("", 256, 256, 3)
            tile.WriteArray(WORLD[:, 256 * y : 256 * y + 256, 256 * x : 256 * x + 256])
            path = tmp_path / "tiles" / "2" / str(x) / f"{y}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            gdal.GetDriverByName("PNG").CreateCopy(str(path), tile)
    address = (tmp_path / "tiles").as_uri()
    return f"wms://type=xyz&url={address}/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmin=2&zmax=2"


def run(qgis_process, tmp_path, *words):
    answer = qgis_process("run", "scdm:upsample", "--", *words, "QUALITY=fast", cwd=tmp_path)
    return answer.returncode, answer.stdout + answer.stderr


def test_tiles_give_what_the_same_file_gives(
    qgis_process, tiles, write_raster, tiny_package, tmp_path
):
    left, top = COL0 * PIXEL - HALF, HALF - ROW0 * PIXEL
    place = (left, PIXEL, 0, top, 0, -PIXEL)
    pixels = WORLD[:, ROW0 : ROW0 + ROWS, COL0 : COL0 + COLS]
    write_raster("file.tif", pixels, 3857, place)
    model = f"MODEL={tiny_package}"
    code, said = run(qgis_process, tmp_path, "INPUT=file.tif", "OUTPUT=a.tif", model)
    assert code == 0, said
    extent = f"EXTENT={left},{left + COLS * PIXEL},{top - ROWS * PIXEL},{top} [EPSG:3857]"
    words = [f"INPUT={tiles}", extent, f"RESOLUTION={PIXEL}", "OUTPUT=b.tif", model]
    code, said = run(qgis_process, tmp_path, *words)
    assert code == 0, said
    one, other = (gdal.Open(str(tmp_path / name)) for name in ("a.tif", "b.tif"))
    # QGIS 3.44.15 draws tiles a pixel larger: the lower one's pixels lie up to a pixel away.
    drawn_alike = 256 - ROW0 - REACH if "3.44" in qgis_process("--version").stdout else ROWS
    for raster in (one, other):
        assert raster.RasterYSize == ROWS
    values, its = (raster.ReadAsArray()[:, :drawn_alike] for raster in (one, other))
    np.testing.assert_array_equal(values, its)
    np.testing.assert_allclose(one.GetGeoTransform(), other.GetGeoTransform())
    assert not list(tmp_path.glob("b.tif.blocks"))


def test_without_a_window_the_resolution_has_to_be_given(qgis_process, tiles, tmp_path):
    words = [f"INPUT={tiles}", "EXTENT=0,1000000,0,1000000 [EPSG:3857]", "OUTPUT=b.tif"]
    code, said = run(qgis_process, tmp_path, *words)
    assert code != 0
    assert "give the side of a pixel as Resolution" in said
    assert not (tmp_path / "b.tif").exists()
