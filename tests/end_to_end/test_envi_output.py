"""ENVI data as the output of ``upsample``: the numbers and words of the GeoTIFF, in two files."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.cube import read_cube

SKEWED = (500000, 2, 0.5, 4100000, 0, -2)
TURNED = (500000, 1.6, 1.2, 4100000, 1.2, -1.6)


def picture(rows=45, cols=70, seed=1):
    """Reflectance x 10,000 with a masked corner."""
    values = np.random.default_rng(seed).integers(200, 800, (3, rows, cols)).astype(np.uint16)
    values[:, :5, :7] = 0
    return values


@pytest.fixture
def upsample(command, write_raster, tiny_package, tmp_path):
    """A function: (output, *options, **raster) -> the finished process."""

    def run(output, *options, **raster):
        source = write_raster("a.tif", picture(), scale=1e-4, nodata=0, **raster)
        words = ("upsample", source, tmp_path / output, "--model", tiny_package)
        return command(*words, "--samples", 2, *options)

    return run


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("dtype", "more"), [("uint16", ()), ("uint16", ("--format", "envi")), ("float32", ())]
)
def test_it_holds_what_the_geotiff_holds(upsample, tmp_path, dtype, more):
    both = [f"--spread={tmp_path / 's.dat'}", f"--reliability={tmp_path / 'r.img'}"]
    plain = [f"--spread={tmp_path / 's.tif'}", f"--reliability={tmp_path / 'r.tif'}"]
    assert upsample("o.tif", *plain, "--dtype", dtype).returncode == 0
    done = upsample("o.img", *both, "--dtype", dtype, *more)
    assert done.returncode == 0, done.stderr
    for made, own in (("o.img", "o.tif"), ("s.dat", "s.tif"), ("r.img", "r.tif")):
        assert_same(tmp_path / made, tmp_path / own)
    sides = {f"{name}{end}" for name in ("o.img", "s.dat", "r.img") for end in ("", ".aux.xml")}
    tiffs = {"a.tif", "o.tif", "s.tif", "r.tif"}
    assert names(tmp_path) == {*sides, "o.hdr", "s.hdr", "r.hdr", *tiffs}


def assert_same(path, own):
    made, whole = gdal.Open(str(path)), gdal.Open(str(own))
    assert made.GetDriver().ShortName == "ENVI"
    np.testing.assert_array_equal(made.ReadAsArray(), whole.ReadAsArray())
    assert made.GetGeoTransform() == pytest.approx(whole.GetGeoTransform(), abs=1e-9)
    assert made.GetSpatialRef().IsSame(whole.GetSpatialRef())
    assert made.GetMetadata("ENVI") == {**made.GetMetadata("ENVI"), **whole.GetMetadata("ENVI")}
    tags = {key: text for key, text in whole.GetMetadata().items() if key.startswith("SCDM_")}
    assert tags and made.GetMetadata() == {**made.GetMetadata(), **tags}
    for number in range(1, whole.RasterCount + 1):
        band, same = made.GetRasterBand(number), whole.GetRasterBand(number)
        np.testing.assert_equal(band.GetNoDataValue(), same.GetNoDataValue())
        assert (band.GetScale() or 1.0) == pytest.approx(same.GetScale() or 1.0)
        for domain in ("", "IMAGERY"):
            assert band.GetMetadata(domain) == same.GetMetadata(domain)


def test_the_header_alone_says_wavelengths_scale_and_nodata(upsample, tmp_path):
    assert upsample("o.img").returncode == 0
    whole = read_cube(tmp_path / "o.img")
    (tmp_path / "o.img.aux.xml").unlink()
    bare = read_cube(tmp_path / "o.img")
    np.testing.assert_allclose(bare.values, whole.values, rtol=1e-6)
    assert bare.wavelength_nm == pytest.approx(whole.wavelength_nm, abs=0.01)
    assert np.isnan(bare.values[:, :5, :7]).all() and np.nanmax(bare.values) < 2
    header = (tmp_path / "o.hdr").read_text()
    assert "o.img}" in header and str(tmp_path) not in header and ".part" not in header


def test_a_turned_grid_keeps_its_place(upsample, tmp_path):
    done = upsample("o.img", transform=TURNED)
    assert done.returncode == 0, done.stderr
    assert gdal.Open(str(tmp_path / "o.img")).GetGeoTransform() == pytest.approx(TURNED)


@pytest.mark.parametrize(
    ("output", "options", "why"),
    [
        ("o.tif", ("--format", "envi"), "end the output in .img"),
        ("o.vrt", ("--format", "envi"), "end the output in .img"),
        ("o.img", ("--format", "cog"), "end the output in .tif"),
        ("o.img", ("--format", "gtiff"), "end the output in .tif"),
        ("o.hdr", (), "a name that ends in .img"),
        ("o.img", ("--spread", "o.dat"), "o.hdr' is also another output"),
        ("other.dat", (), "header of another raster"),
        ("a.img", ("--spread", "s.vrt"), "end both in .tif, or both in .vrt"),
    ],
)
def test_what_cannot_be_is_refused(upsample, tmp_path, output, options, why):
    (tmp_path / "other.img").write_bytes(b"data")
    (tmp_path / "other.hdr").write_bytes(b"ENVI")
    places = [str(tmp_path / word) if "." in word else word for word in options]
    done = upsample(output, *places)
    assert done.returncode == 2 and why in done.stderr, done.stderr
    assert names(tmp_path) == {"a.tif", "other.img", "other.hdr"}


def test_a_skewed_grid_is_refused_at_the_start(upsample, command, tmp_path):
    """An ENVI header has a place for two pixel sizes and one angle, no more."""
    done = upsample("o.img", transform=SKEWED)
    assert done.returncode == 2 and "skewed" in done.stderr and "gdalwarp" in done.stderr
    words = ("convert", tmp_path / "a.tif", tmp_path / "o.img", "--format", "envi")
    done = command(*words)
    assert done.returncode == 2 and "skewed" in done.stderr
    assert names(tmp_path) == {"a.tif"}


def test_so_are_ground_control_points(command, write_raster, tiny_package, tmp_path):
    write_raster("a.tif", picture(), scale=1e-4, nodata=0)
    points = [gdal.GCP(500000 + 2 * c, 4100000 - 2 * r, 0, c, r) for c in (0, 70) for r in (0, 45)]
    source = tmp_path / "g.tif"
    gdal.Translate(str(source), str(tmp_path / "a.tif"), GCPs=points, outputSRS="EPSG:32617")
    for words in (("upsample", "--model", tiny_package), ("convert", "--format", "envi")):
        done = command(words[0], source, tmp_path / "g.img", *words[1:])
        assert done.returncode == 2 and "ground control points" in done.stderr
    assert names(tmp_path) == {"a.tif", "g.tif"}


def test_many_scenes_become_envi_data(command, write_raster, tiny_package, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    for name in ("b.tif", "c.tif"):
        write_raster(f"many/{name}", picture(), scale=1e-4, nodata=0)
    words = ("upsample", many, tmp_path / "out", "--model", tiny_package, "--format", "envi")
    spread = ("--samples", 2, "--spread", tmp_path / "spread")
    done = command(*words, *spread)
    assert done.returncode == 0, done.stderr
    for folder in ("out", "spread"):
        found = {name for name in names(tmp_path / folder) if name[0] in "bc"}
        assert found == {f"{x}{end}" for x in "bc" for end in (".img", ".hdr", ".img.aux.xml")}
    (tmp_path / "out" / "b.hdr").unlink()
    made = (tmp_path / "out" / "c.img").stat().st_mtime_ns
    assert command(*words, *spread).returncode == 0
    assert (tmp_path / "out" / "b.hdr").is_file(), "a lost header is made again"
    assert (tmp_path / "out" / "c.img").stat().st_mtime_ns == made, "what is whole is not"
