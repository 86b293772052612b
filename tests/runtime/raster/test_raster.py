"""Rasters through the real GDAL: masks, places, damage, and the conventions of what is written."""

import contextlib
import math
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

from model_runtime.errors import InputError, StorageError
from model_runtime.raster import encoding, georeference, overviews
from model_runtime.raster.cube import read_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.raster.png import png_bytes
from model_runtime.raster.reader import RasterReader
from model_runtime.raster.writer import FileLayout, Writer, _Filled, _refuse_holes, check_name
from model_runtime.tiling import Window

gdal.UseExceptions()

ROWS, COLS = 5, 9


def numbers(bands=3, kind=np.uint8, rows=ROWS, cols=COLS):
    return np.arange(1, 1 + bands * rows * cols).reshape(bands, rows, cols).astype(kind)


def test_reads_a_window_and_mirrors_only_beyond_the_raster(write_raster):
    values = numbers()
    picture = RasterReader(write_raster("a.tif", values), None)
    read, valid = picture.read(Window(-2, 7, 9, 4))
    expected = np.pad(values, ((0, 0), (2, 2), (0, 2)), mode="reflect")[:, :, 7:]
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == np.float32 and valid.all()


def test_a_raster_of_one_pixel_stands_everywhere(write_raster):
    picture = RasterReader(write_raster("a.tif", numbers(rows=1, cols=1)), None)
    read, _ = picture.read(Window(-8, -8, 16, 24))
    assert (read == np.array([1, 2, 3])[:, None, None]).all()


def test_bands_by_colour_else_first_three_else_as_named(write_raster):
    r, g, b, alpha = (
        gdal.GCI_RedBand,
        gdal.GCI_GreenBand,
        gdal.GCI_BlueBand,
        gdal.GCI_AlphaBand,
    )
    swapped = write_raster("bgr.tif", numbers(4), colours=[b, g, r, alpha])
    plain = write_raster("plain.tif", numbers(4), colours=[gdal.GCI_Undefined] * 4)
    assert RasterReader(swapped, None).bands == [3, 2, 1]
    assert RasterReader(plain, None).bands == [1, 2, 3]
    assert RasterReader(plain, (4, 2, 2)).bands == [4, 2, 2]


@pytest.mark.parametrize(
    ("bands", "named", "says"),
    [
        (1, None, "has 1 band, the model needs 3"),
        (2, None, "has 2 bands"),
        (3, (1, 2, 4), "no band 4"),
        (3, (0, 1, 2), "no band 0"),
        (3, (-1, 1, 2), "no band -1"),
        (3, (1, 2), "2 bands are named"),
    ],
)
def test_bands_that_are_not_there_are_refused(write_raster, bands, named, says):
    path = write_raster("a.tif", numbers(bands))
    with pytest.raises(InputError, match=says) as caught:
        RasterReader(path, named)
    assert caught.value.remedy


def described(write_raster, tmp_path, names=(), wavelengths=(), tags=None):
    path = write_raster("named.tif", numbers(max(len(names), len(wavelengths))).astype(np.uint16))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number, name in enumerate(names, start=1):
        dataset.GetRasterBand(number).SetDescription(name)
    for number, nm in enumerate(wavelengths, start=1):
        said = {"wavelength": str(nm), "wavelength_units": "Nanometers"}
        dataset.GetRasterBand(number).SetMetadata(said)
    dataset.SetMetadata(tags or {})
    return path


def test_a_sentinel_2_stack_in_the_order_of_its_bands_is_not_taken_as_rgb(write_raster, tmp_path):
    picture = RasterReader(described(write_raster, tmp_path, ("B2", "B3", "B4", "B8")), None)
    assert picture.bands == [3, 2, 1]
    assert picture.bands_taken.startswith("Red = band 3 (B4), Green = band 2 (B3)")


def test_a_band_far_from_the_models_colour_is_refused(write_raster, tmp_path):
    path = described(write_raster, tmp_path, wavelengths=(482, 561, 655, 865))
    assert RasterReader(path, None).bands == [3, 2, 1]
    with pytest.raises(InputError, match=r"Band 1 is blue \(482 nm\) but is used as red"):
        RasterReader(path, (1, 2, 3))


@pytest.mark.parametrize("content", ["mean of the samples", "spread of the estimate"])
def test_an_estimate_of_ours_is_not_taken_for_a_picture(write_raster, tmp_path, content):
    path = described(write_raster, tmp_path, ("a", "b", "c"), tags={"SCDM_CONTENT": content})
    with pytest.raises(InputError, match="is an estimate that this software made") as refused:
        RasterReader(path, None)
    assert content in refused.value.message
    with pytest.raises(InputError, match="estimate"):
        RasterReader(path, (1, 2, 3))


def test_an_alpha_band_is_no_colour(write_raster):
    path = write_raster("ga.tif", numbers(3), colours=[1, gdal.GCI_Undefined, gdal.GCI_AlphaBand])
    with pytest.raises(InputError, match="alpha"):
        RasterReader(path, None)


def test_what_is_valid_of_the_whole_is_read_once_but_again_where_zeros_become_nodata(
    write_raster, monkeypatch
):
    values = numbers(3)
    values[:, 0, 0] = 0
    reader = RasterReader(str(write_raster("a.tif", values)), None)
    first, _ = reader.thin_validity(512)
    reader.mask_zeros()
    second, _ = reader.thin_validity(512)
    assert first.all() and not second[0, 0]
    monkeypatch.setattr(reader, "preview", None)
    assert np.array_equal(reader.thin_validity(512)[0], second)


def test_luma_and_chroma_are_not_read_as_red_green_and_blue(write_raster):
    colours = [gdal.GCI_YCbCr_YBand, gdal.GCI_YCbCr_CbBand, gdal.GCI_YCbCr_CrBand]
    path = write_raster("ycc.tif", numbers(3), colours=colours)
    with pytest.raises(InputError, match="is its YCbCr_Y band"):
        RasterReader(str(path), None)


def test_nodata_in_any_band_masks_the_pixel(write_raster):
    values = numbers()
    values[0, 1, 1] = values[2, 3, 4] = 0
    picture = RasterReader(write_raster("a.tif", values, nodata=0), None)
    _, valid = picture.read(picture.whole)
    assert sorted(zip(*np.nonzero(~valid))) == [(1, 1), (3, 4)]


def test_alpha_and_nodata_count_both(write_raster):
    values = numbers(4)
    values[3] = 255
    values[3, 2, 2] = 0
    values[:3, 0, 0] = 7
    colours = [gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand]
    path = write_raster("a.tif", values, nodata=7, colours=colours)
    picture = RasterReader(path, None)
    _, valid = picture.read(picture.whole)
    assert not valid[2, 2] and not valid[0, 0]


@pytest.mark.parametrize("internal", ["YES", "NO"])
def test_a_mask_does_not_hide_the_nodata_value(write_raster, internal):
    """As GDAL's own mask does, whether it lies in the file or beside it."""
    values = numbers(kind=np.int16)
    values[1, 0, 0] = -9999
    path = write_raster("a.tif", values, nodata=-9999)
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", internal)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
    mask = np.full((ROWS, COLS), 255, np.uint8)
    mask[2, 2] = 0
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(mask)
    del dataset
    picture = RasterReader(path, None)
    _, valid = picture.read(picture.whole)
    assert sorted(zip(*np.nonzero(~valid))) == [(0, 0), (2, 2)]
    cube = read_cube(path, need_wavelengths=False).values
    assert np.isnan(cube).sum() == 4 and np.isnan(cube[:, 2, 2]).all() and np.isnan(cube[1, 0, 0])


@pytest.mark.parametrize(
    "kind, fill", [(np.int16, -9999), (np.int16, -32768), (np.float32, -3.4028235e38)]
)
def test_fill_values_count_though_the_file_does_not_say_so(write_raster, kind, fill):
    values = numbers(kind=kind)
    values[1, 2, 3] = fill
    path = write_raster("a.tif", values)
    picture = RasterReader(path, None)
    picture.sample(COLS)
    _, valid = picture.read(picture.whole)
    assert not valid[2, 3] and valid.sum() == ROWS * COLS - 1
    (said,) = picture.values_doubts
    assert said.startswith(f"2.2 % of the pixels hold {np.float32(fill):.7g} or the like: taken as")
    assert np.isnan(read_cube(path, need_wavelengths=False).values).sum() == 1


@pytest.mark.parametrize(
    ("names", "bands", "masked"),
    [
        (("Red", "Green", "Blue", "NIR"), [1, 2, 3], False),
        (("NIR", "Red", "Green", "Blue"), [2, 3, 4], False),
        (("", "", "", ""), [1, 2, 3], True),
    ],
)
def test_a_band_of_light_is_no_alpha_though_gdal_says_so(write_raster, names, bands, masked):
    """GDAL marks any four bytes as red, green, blue and alpha."""
    values = np.full((4, 5, 6), 90, np.uint8)
    values[3, 2, 3] = 0
    path = write_raster("a.tif", values)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number, name in enumerate(names, start=1):
        dataset.GetRasterBand(number).SetDescription(name)
    assert dataset.GetRasterBand(4).GetColorInterpretation() == gdal.GCI_AlphaBand
    del dataset
    picture = RasterReader(path, None)
    assert picture.bands == bands
    assert picture.read(picture.whole)[1][2, 3] != masked


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ((gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand), True),
        ((gdal.GCI_GrayIndex, gdal.GCI_Undefined, gdal.GCI_Undefined), False),
    ],
)
def test_whether_bands_are_marked_as_colours_is_a_fact(write_raster, marks, shown):
    path = write_raster("a.tif", np.ones((3, 4, 5), np.float32))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number, mark in enumerate(marks, start=1):
        dataset.GetRasterBand(number).SetColorInterpretation(mark)
    del dataset
    assert RasterReader(path, None).facts.shown == shown


def test_an_extent_on_the_ground_of_a_raster_without_a_grid_says_to_warp_it(write_raster):
    path = write_raster("a.tif", np.ones((3, 40, 50), np.uint8), epsg=None, transform=None)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    corners = [(0, 0), (50, 0), (0, 40), (50, 40)]
    points = [gdal.GCP(500_000 + 2 * x, 4_100_000 - 2 * y, 0, x, y) for x, y in corners]
    dataset.SetGCPs(points, "")
    del dataset
    picture = RasterReader(path, None)
    with pytest.raises(InputError, match="ground control points") as refused:
        picture.window((500_010, 4_099_950, 500_050, 4_099_990))
    assert "gdalwarp" in refused.value.remedy
    assert picture.window((10, -30, 20, -5)) == Window(5, 10, 25, 10)  # pixels, as QGIS counts


@pytest.mark.parametrize("tags", [{"BOA_ADD_OFFSET": "-1000"}, {}])
def test_zero_of_a_product_with_a_negative_offset_is_its_nodata(write_raster, tags):
    """Sentinel-2's and Landsat's; without an offset 0 is a dark pixel."""
    values = numbers(kind=np.uint16) + 1000
    values[:, 0, 0] = values[1, 1, 1] = 0
    path = write_raster("a.tif", values)
    gdal.Open(str(path), gdal.GA_Update).SetMetadata(tags)
    picture = RasterReader(path, None)
    _, valid = picture.read(picture.whole)
    assert valid[1, 1] and valid[0, 0] == (not tags)


def test_large_numbers_of_unsigned_types_are_values(write_raster):
    picture = RasterReader(write_raster("a.tif", numbers(kind=np.uint16) + 55400), None)
    assert picture.read(picture.whole)[1].all() and not picture.values_doubts


def test_bands_of_different_types_are_told_and_read_as_the_widest(write_raster, tmp_path):
    """As 8 bits of the first, numbers up to 10,000 of the others were read as white and more."""
    names = [write_raster(f"{kind}.tif", numbers(1, kind)) for kind in ("uint8", "uint16", "int32")]
    path = str(tmp_path / "m.vrt")
    made = gdal.BuildVRT(path, [str(name) for name in names], separate=True)
    del made
    picture = RasterReader(path, None)
    assert (picture.integer, picture.bits, picture.type_name) == (True, 32, "Int32")
    assert picture.values_doubts[0].startswith("the bands have different types (Byte, UInt16, Int")


def test_one_band_for_all_colours_is_told(write_raster):
    picture = RasterReader(write_raster("a.tif", numbers()), (2, 2, 2))
    assert picture.values_doubts == [
        "one band is used for several colours: the estimate knows no colour then"
    ]


def test_a_scale_of_some_bands_is_told(write_raster):
    path = write_raster("a.tif", numbers())
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetScale(0.5)
    del dataset
    assert RasterReader(path, None).values_doubts[0].startswith("not all of the bands have a scale")


def test_hue_is_no_red(write_raster):
    colours = [gdal.GCI_HueBand, gdal.GCI_SaturationBand, gdal.GCI_LightnessBand]
    path = write_raster("a.tif", numbers(), colours=colours)
    with pytest.raises(InputError, match=r"band 1 of .* is its hue band"):
        RasterReader(path, None)


def test_not_a_number_and_infinity_mask_the_pixel(write_raster):
    values = numbers(kind=np.float32)
    values[0, 0, 0], values[1, 0, 1], values[2, 0, 2] = math.nan, math.inf, -math.inf
    picture = RasterReader(write_raster("a.tif", values), None)
    _, valid = picture.read(picture.whole)
    assert (~valid).sum() == 3


def test_float64_too_large_for_float32_is_masked_not_infinite(write_raster):
    values = numbers(kind=np.float64)
    values[0, 0, 0] = 1e300
    picture = RasterReader(write_raster("a.tif", values), None)
    assert not picture.read(picture.whole)[1][0, 0]


def test_an_internal_mask_masks(write_raster):
    path = write_raster("a.tif", numbers())
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
    mask = np.full((ROWS, COLS), 255, np.uint8)
    mask[4, 8] = 0
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(mask)
    dataset = None
    picture = RasterReader(path, None)
    _, valid = picture.read(picture.whole)
    assert not valid[4, 8] and valid.sum() == ROWS * COLS - 1


@pytest.mark.parametrize(
    "kind", [gdal.GDT_CInt16, gdal.GDT_CInt32, gdal.GDT_CFloat32, gdal.GDT_CFloat64]
)
def test_complex_numbers_are_refused(write_raster, kind):
    path = write_raster("a.tif", numbers(), kind=kind)
    with pytest.raises(InputError, match="complex"):
        RasterReader(path, None)


def test_a_web_service_is_refused(tmp_path):
    path = tmp_path / "map.xml"
    path.write_text(
        '<GDAL_WMS><Service name="TMS"><ServerUrl>http://0.0.0.0/${z}/${x}/${y}.png</ServerUrl>'
        "</Service><DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>1</UpperLeftY>"
        "<LowerRightX>1</LowerRightX><LowerRightY>0</LowerRightY><TileLevel>1</TileLevel>"
        "</DataWindow><BandsCount>3</BandsCount></GDAL_WMS>"
    )
    with pytest.raises(InputError, match="WMS service"):
        RasterReader(path, None)


def test_a_missing_file_and_no_raster_are_told_apart(tmp_path):
    (tmp_path / "text.tif").write_text("not a raster")
    with pytest.raises(InputError, match="does not exist"):
        RasterReader(tmp_path / "none.tif", None)
    with pytest.raises(InputError, match="cannot be read"):
        RasterReader(tmp_path / "text.tif", None)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    "options", [[], ["COMPRESS=DEFLATE"], ["TILED=YES"], ["COMPRESS=LZW", "INTERLEAVE=BAND"]]
)
def test_a_file_cut_short_is_refused_never_zeros(write_raster, share, options):
    noise = np.random.default_rng(0).integers(1, 255, (3, 300, 200)).astype(np.uint8)
    path = write_raster("a.tif", noise, options=options)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError) as caught:
        RasterReader(path, None).sample(1024)
    assert "damaged" in caught.value.remedy or "give a raster" in caught.value.remedy


def test_a_damaged_mask_beside_the_file_is_refused(write_raster):
    path = write_raster("a.tif", numbers())
    Path(f"{path}.msk").write_bytes(b"II*\0\x08\0\0\0")
    with pytest.raises(InputError, match="cannot be read"):
        RasterReader(path, None).files()


def test_a_mask_of_another_size_is_refused(write_raster):
    path = write_raster("a.tif", numbers())
    values = np.full((1, 30, 40), 255, np.uint8)
    mask = gdal.Open(str(write_raster("a.tif.msk", values)), gdal.GA_Update)
    mask.SetMetadataItem("INTERNAL_MASK_FLAGS_1", str(gdal.GMF_PER_DATASET))
    del mask
    with pytest.raises(InputError, match="mask of 40 x 30 pixels does not fit"):
        RasterReader(path, None)
    with pytest.raises(InputError, match="mask of 40 x 30 pixels does not fit"):
        read_cube(path, need_wavelengths=False)


def test_damaged_keys_of_the_place_are_refused(write_raster):
    path = write_raster("a.tif", numbers())
    content = path.read_bytes()
    key = struct.pack("<4H", 1024, 0, 1, 1)  # GTModelTypeGeoKey: one value, projected
    assert content.count(key) == 1
    path.write_bytes(content.replace(key, struct.pack("<4H", 0, 0, 10240, 1)))
    with pytest.raises(InputError, match="cannot be read"):
        RasterReader(path, None).files()


def test_keys_that_are_left_out_for_want_of_memory_are_no_damage(write_raster, monkeypatch):
    said = "a.tif: GeoTIFF tags apparently corrupt, they are being ignored."
    monkeypatch.setattr(georeference, "_gdal_messages", lambda: contextlib.nullcontext([said]))
    with pytest.raises(InputError, match="apparently corrupt"):
        RasterReader(write_raster("a.tif", numbers()), None)
    monkeypatch.setattr(georeference, "MEMORY_TRIAL", 1 << 60)
    with pytest.raises(MemoryError):
        RasterReader(write_raster("a.tif", numbers()), None)


def test_a_control_point_with_a_name_in_another_encoding_is_moved(tmp_path):
    bands = "".join(f'<VRTRasterBand dataType="Byte" band="{i}"/>' for i in (1, 2, 3))
    point = '<GCPList><GCP Id="\xe9" Pixel="2" Line="3" X="5" Y="6"/></GCPList>'
    text = f'<VRTDataset rasterXSize="4" rasterYSize="4">{point}{bands}</VRTDataset>'
    path = tmp_path / "a.vrt"
    path.write_bytes(text.encode("latin-1"))
    (moved,) = RasterReader(path, None).georeference.of(Window(1, 1, 2, 2)).gcps
    assert (moved.GCPPixel, moved.GCPLine, moved.GCPX, moved.GCPY) == (1, 2, 5, 6)


def test_garbage_inside_is_an_error_not_zeros(write_raster):
    noise = np.random.default_rng(0).integers(1, 255, (3, 300, 200)).astype(np.uint8)
    path = write_raster("a.tif", noise, options=["COMPRESS=DEFLATE"])
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = b"\xa5" * 2000
    path.write_bytes(content)
    picture = RasterReader(path, None)
    with pytest.raises(InputError, match="cannot be read"):
        picture.sample(1024)
    with pytest.raises(StorageError):
        picture.read(picture.whole)


def test_a_raster_without_a_valid_pixel_is_refused(write_raster):
    picture = RasterReader(write_raster("a.tif", numbers() * 0, nodata=0), None)
    with pytest.raises(InputError, match="no valid pixel"):
        picture.sample(16)


def test_a_sample_that_misses_the_valid_pixels_does_not_say_there_are_none(write_raster):
    values = np.zeros((3, 40, 40), np.uint8)
    values[:, 0, 0] = 9
    picture = RasterReader(write_raster("a.tif", values, nodata=0), None)
    with pytest.raises(InputError, match="no valid pixel among the 4 x 4") as refused:
        picture.sample(4)
    assert "-srcwin" in refused.value.remedy


def test_the_sample_holds_valid_pixels_of_the_whole_raster(write_raster):
    values = numbers(rows=100, cols=40)
    values[:, :50] = 0
    picture = RasterReader(write_raster("a.tif", values, nodata=0), None)
    assert picture.sample(1000).shape == (3, (values != 0).all(axis=0).sum())
    assert picture.sample(20).shape[1] <= 20 * 20


def test_overviews_do_not_change_the_sample(write_raster):
    rng = np.random.default_rng(0)
    path = write_raster("a.tif", rng.integers(0, 255, (3, 256, 256)).astype(np.uint8))
    before = RasterReader(path, None).sample(64)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.BuildOverviews("AVERAGE", [2, 4])
    dataset = None
    np.testing.assert_array_equal(RasterReader(path, None).sample(64), before)


NORTH_UP = (100.0, 2.0, 0.0, 50.0, 0.0, -5.0)
ROTATED = (100.0, 1.5, 0.5, 50.0, 0.5, -1.5)


@pytest.mark.parametrize(
    ("transform", "extent", "window"),
    [
        (NORTH_UP, (100, 25, 118, 50), (0, 0, 5, 9)),
        (NORTH_UP, (102, 40, 106, 45), (1, 1, 1, 2)),
        (NORTH_UP, (102.000000001, 40, 106, 44.999999999), (1, 1, 1, 2)),
        (NORTH_UP, (103, 41, 105, 44), (1, 1, 1, 2)),
        (NORTH_UP, (-1000, -1000, 1000, 1000), (0, 0, 5, 9)),
        (NORTH_UP, (117, 20, 500, 26), (4, 8, 1, 1)),
        ((-10.0, 0.5, 0, -20, 0, -0.5), (-9, -21, -8, -20.5), (1, 2, 1, 2)),
        (None, (2, -3, 4, -1), (1, 2, 2, 2)),
        (ROTATED, (101.5, 48, 103, 49.5), (0, 0, 2, 2)),
    ],
)
def test_an_extent_takes_the_pixels_it_touches(write_raster, transform, extent, window):
    picture = RasterReader(write_raster("a.tif", numbers(), transform=transform), None)
    assert picture.window(extent) == Window(*window)


@pytest.mark.parametrize(
    "extent",
    [
        (104, 40, 104, 45),
        (106, 40, 104, 45),
        (102, 45, 106, 40),
        (math.nan, 40, 106, 45),
        (0, 0, math.inf, 45),
        (500, 40, 600, 45),
        (118, 25, 130, 50),
    ],
)
def test_an_extent_that_is_empty_or_beside_is_refused(write_raster, extent):
    picture = RasterReader(write_raster("a.tif", numbers(), transform=NORTH_UP), None)
    with pytest.raises(InputError, match="extent"):
        picture.window(extent)


SPECTRAL = encoding.Spectral((400.0, 550.0), (10.0, 12.5), "reflectance")


def write(path, values, dtype="uint16", place=None, tags=None):
    stored = encoding.of_dtype(dtype, "reflectance")
    place = place or Georeference()
    with Writer(path, values.shape[1:], SPECTRAL, stored, place, tags or {}) as writer:
        writer.write(0, 0, values)
        writer.close()
        writer.commit()


def stored_values(path):
    dataset = gdal.Open(str(path))
    return dataset.ReadAsArray()


def test_the_file_says_what_the_conventions_ask(tmp_path):
    path = tmp_path / "ü é.tif"
    write(path, np.full((2, 3, 4), 0.25, np.float32), tags={"SCDM_SEED": "7"})
    dataset = gdal.Open(str(path))
    assert dataset.GetMetadataItem("SCDM_SEED") == "7"
    assert dataset.GetMetadata("ENVI") == {
        "wavelength": "{400.00, 550.00}",
        "wavelength_units": "Nanometers",
        "fwhm": "{10.00, 12.50}",
    }
    structure = dataset.GetMetadata("IMAGE_STRUCTURE")
    assert structure["COMPRESSION"] == "ZSTD"
    band = dataset.GetRasterBand(2)
    assert band.GetBlockSize() == [256, 256]
    assert band.GetDescription() == "550.0 nm"
    said = {"wavelength": "550.00", "wavelength_units": "Nanometers", "fwhm": "12.50"}
    assert band.GetMetadata() == said
    assert band.GetMetadata("IMAGERY") == {"CENTRAL_WAVELENGTH_UM": "0.55", "FWHM_UM": "0.0125"}
    assert (band.GetScale(), band.GetNoDataValue()) == (0.0001, 65535)
    assert (band.ReadAsArray() == 2500).all()
    assert list(tmp_path.iterdir()) == [path]


def test_uint16_clips_and_never_wraps_or_becomes_nodata(tmp_path):
    values = np.array([[-0.5, -1e9, 6.5534, 6.5535], [1e9, np.nan, 0.00006, 0.5]], np.float32)
    path = tmp_path / "o.tif"
    write(path, np.stack([values, values]))
    stored = stored_values(path)[1]
    assert stored.tolist() == [[0, 0, 65534, 65534], [65534, 65535, 1, 5000]]


def test_float32_keeps_values_and_masks_with_nan(tmp_path):
    values = np.array([[[-0.5, np.nan, 7.25]]] * 2, np.float32)
    path = tmp_path / "o.tif"
    write(path, values, "float32")
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    np.testing.assert_array_equal(band.ReadAsArray(), values[0])
    assert math.isnan(band.GetNoDataValue())
    assert band.GetMaskBand().ReadAsArray().tolist() == [[255, 0, 255]]


def test_what_is_written_reads_back_as_a_cube(tmp_path):
    values = np.linspace(0, 1, 24).reshape(2, 3, 4).astype(np.float32)
    values[:, 1, 1] = np.nan
    write(tmp_path / "o.tif", values)
    cube = read_cube(tmp_path / "o.tif")
    np.testing.assert_allclose(cube.values, values, atol=5.1e-5)
    assert cube.wavelength_nm.tolist() == [400, 550]
    np.testing.assert_allclose(cube.fwhm_nm, [10, 12.5])
    assert cube.units == "reflectance"


def test_envi_copies_keep_the_wavelengths(tmp_path):
    write(tmp_path / "o.tif", np.full((2, 3, 4), 0.25, np.float32))
    gdal.Translate(str(tmp_path / "o.dat"), str(tmp_path / "o.tif"), format="ENVI")
    cube = read_cube(tmp_path / "o.dat")
    assert cube.wavelength_nm.tolist() == [400, 550]
    np.testing.assert_allclose(cube.fwhm_nm, [10, 12.5])
    np.testing.assert_allclose(cube.values, 0.25)


def test_a_width_without_a_unit_is_not_guessed(write_raster):
    path = write_raster("a.tif", numbers(1))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetMetadata({"wavelength": "550", "fwhm": "0.012"})
    dataset = None
    assert read_cube(path).fwhm_nm is None


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, None])
@pytest.mark.parametrize("epsg", [32617, 4326, None])
def test_the_place_is_carried_exactly_also_of_a_part(write_raster, tmp_path, transform, epsg):
    source = write_raster("a.tif", numbers(), epsg=epsg, transform=transform)
    picture = RasterReader(source, None)
    place = picture.georeference.of(Window(2, 3, 2, 4))
    write(tmp_path / "o.tif", np.zeros((2, 2, 4), np.float32), place=place)
    original, made = gdal.Open(str(source)), gdal.Open(str(tmp_path / "o.tif"))
    if transform:
        corner = gdal.ApplyGeoTransform(original.GetGeoTransform(), 3, 2)
        assert gdal.ApplyGeoTransform(made.GetGeoTransform(), 0, 0) == pytest.approx(corner)
        far = gdal.ApplyGeoTransform(original.GetGeoTransform(), 7, 4)
        assert gdal.ApplyGeoTransform(made.GetGeoTransform(), 4, 2) == pytest.approx(far)
    if epsg:
        assert made.GetSpatialRef().IsSame(original.GetSpatialRef())
        assert made.GetSpatialRef().GetAuthorityCode(None) == str(epsg)
    else:
        assert made.GetSpatialRef() is None


def test_a_part_of_a_raster_without_a_place_lies_on_its_pixels(write_raster):
    """As QGIS counts them: y from 0 at the top downwards."""
    place = RasterReader(write_raster("a.tif", numbers(), None, None), None).georeference
    assert place.of(Window(0, 0, 2, 2)).geotransform is None
    assert place.of(Window(2, 3, 2, 2)).geotransform == (3, 1, 0, -2, 0, -1)


def test_rational_polynomials_move_with_the_window(write_raster, tmp_path):
    """Of an unrectified satellite picture: GDAL finds the same ground by both rasters."""
    source = write_raster("a.tif", numbers(rows=30, cols=40), epsg=None, transform=None)
    rows = [[0, 0, -1], [0, 1, 0]]
    line, sample = (" ".join(map(str, [*row, *[0] * 17])) for row in rows)
    one = " ".join(map(str, [1, *[0] * 19]))
    rpc = {"LINE_NUM_COEFF": line, "LINE_DEN_COEFF": one, "SAMP_NUM_COEFF": sample}
    rpc.update({"SAMP_DEN_COEFF": one, "LINE_OFF": 15.5, "SAMP_OFF": 20, "LINE_SCALE": 15})
    rpc.update({"SAMP_SCALE": 20, "LAT_OFF": 48, "LONG_OFF": 8, "HEIGHT_OFF": 100})
    rpc.update({"LAT_SCALE": 0.1, "LONG_SCALE": 0.1, "HEIGHT_SCALE": 100})
    dataset = gdal.Open(str(source), gdal.GA_Update)
    dataset.SetMetadata({key: str(value) for key, value in rpc.items()}, "RPC")
    dataset = None
    place = RasterReader(source, None).georeference.of(Window(4, 7, 10, 12))
    write(tmp_path / "o.tif", np.zeros((2, 10, 12), np.float32), place=place)
    ground = [
        gdal.Transformer(gdal.Open(str(path)), None, ["METHOD=RPC"]).TransformPoint(0, col, row)[1]
        for path, col, row in ((source, 10, 9), (tmp_path / "o.tif", 3, 5))
    ]
    np.testing.assert_allclose(ground[1], ground[0], atol=1e-9)
    assert abs(ground[0][0] - 8) < 0.1


def test_ground_control_points_move_with_the_window(write_raster):
    source = write_raster("a.tif", numbers(), epsg=None, transform=None)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    gcps = [gdal.GCP(10 + i, 20 + j, 0, 4 * i, 3 * j) for i in (0, 1) for j in (0, 1)]
    dataset = gdal.Open(str(source), gdal.GA_Update)
    dataset.SetGCPs(gcps, reference)
    dataset = None
    place = RasterReader(source, None).georeference.of(Window(1, 2, 3, 3))
    assert [(p.GCPPixel, p.GCPLine) for p in place.gcps] == [(-2, -1), (-2, 2), (2, -1), (2, 2)]
    assert "4326" in place.crs_wkt


def test_ground_scale_and_north(write_raster):
    flat = RasterReader(write_raster("a.tif", numbers(), transform=NORTH_UP), None)
    assert flat.georeference.ground(ROWS, COLS) == pytest.approx((18.0, 0.0))
    turned = (0.0, 0.0, 1.0, 0.0, 1.0, 0.0)  # columns go north, the picture's up goes west
    side = RasterReader(write_raster("b.tif", numbers(), transform=turned), None)
    across, north = side.georeference.ground(ROWS, COLS)
    assert across == pytest.approx(9.0)
    assert north == pytest.approx(90.0)
    degrees = RasterReader(
        write_raster("c.tif", numbers(), epsg=4326, transform=(0, 0.1, 0, 60.25, 0, -0.1)), None
    )
    across, _ = degrees.georeference.ground(ROWS, COLS)
    assert across == pytest.approx(0.9 * 111_320 / 2)


def test_nothing_is_left_when_it_is_not_committed(tmp_path):
    stored = encoding.of_dtype("uint16", "reflectance")
    place = Georeference()
    with (
        pytest.raises(KeyboardInterrupt),
        Writer(tmp_path / "o.tif", (4, 4), SPECTRAL, stored, place, {}) as writer,
    ):
        writer.write(0, 0, np.zeros((2, 4, 4), np.float32))
        assert writer.part.exists()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_an_error_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands for the full disk."""
    noise = np.random.default_rng(0).random((2, 600, 600), np.float32)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StorageError, match="cannot be written"):
            write(tmp_path / "o.tif", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_an_older_output_is_replaced_with_what_lay_beside_it(tmp_path):
    path = tmp_path / "o.tif"
    write(path, np.zeros((2, 4, 4), np.float32))
    (tmp_path / "o.tif.aux.xml").write_text("<PAMDataset>old statistics</PAMDataset>")
    (tmp_path / "o.tif.ovr").write_text("old overviews")
    write(path, np.full((2, 4, 4), 0.5, np.float32))
    assert list(tmp_path.iterdir()) == [path]
    assert (stored_values(path) == 5000).all()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("o.png", "must be a GeoTIFF"),
        ("none/o.tif", "does not exist"),
        ("folder.tif", "is a folder"),
    ],
)
def test_outputs_that_cannot_be_meant_are_refused(tmp_path, name, says):
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(InputError, match=says):
        check_name(str(tmp_path / name))


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path):
    stored = encoding.of_dtype("uint16", "reflectance")
    with pytest.raises(StorageError, match="cannot be written"):
        Writer(tmp_path / "no" / "o.tif", (4, 4), SPECTRAL, stored, Georeference(), {})


def test_wavelengths_of_the_envi_domain(write_raster):
    path = write_raster("a.tif", numbers(2))
    lists = {"wavelength": "{0.4, 0.5}", "fwhm": "{0.01, 0.02}"}
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.SetMetadata(lists, "ENVI")
    dataset = None
    cube = read_cube(path)
    np.testing.assert_allclose(cube.wavelength_nm, [400, 500])
    np.testing.assert_allclose(cube.fwhm_nm, [10, 20])


def test_a_cube_without_wavelengths_is_refused(write_raster):
    with pytest.raises(InputError, match="wavelengths"):
        read_cube(write_raster("a.tif", numbers(2)))


def test_real_scenes_are_read_with_scale_and_wavelengths(shared_data):
    cube = read_cube(shared_data / "train" / "neon_mlbs_10.tif")
    assert cube.values.shape[1:] == (20, 20)
    assert cube.wavelength_nm[0] == pytest.approx(383.4)
    assert 0 < np.nanmedian(cube.values) < 1


def test_png_bytes_read_back_the_same():
    values = numbers(4, rows=6, cols=7)
    name = "/vsimem/check.png"
    gdal.FileFromMemBuffer(name, png_bytes(values))
    np.testing.assert_array_equal(gdal.Open(name).ReadAsArray(), values)
    gdal.Unlink(name)


def made(path, values, form, dtype="uint16"):
    stored = encoding.of_dtype(dtype, "reflectance")
    place = Georeference((0, 1, 0, 0, 0, -1))
    with Writer(path, values.shape[1:], SPECTRAL, stored, place, {"A": "b"}, form) as writer:
        writer.write(0, 0, values)
        writer.close()
        writer.commit()
    return gdal.Open(str(path))


def noisy(rows, cols):
    return np.random.default_rng(0).uniform(0, 0.5, (2, rows, cols)).astype(np.float32)


def test_overviews_are_the_means_and_leave_nodata_out(tmp_path):
    values = noisy(300, 520)
    values[:, :, :10] = np.nan
    dataset = made(tmp_path / "o.tif", values, FileLayout(overviews=True))
    band = dataset.GetRasterBand(2)
    assert [band.GetOverview(i).XSize for i in range(band.GetOverviewCount())] == [260, 130]
    thinned = band.GetOverview(0).ReadAsArray()
    assert (thinned[:, :5] == 65535).all() and (thinned[:, 5:] != 65535).all()
    means = values[1, :, 10:].reshape(150, 2, 255, 2).mean(axis=(1, 3)) * 10_000
    np.testing.assert_allclose(thinned[:, 5:], means, atol=1.5)


@pytest.mark.parametrize(("side", "stored"), [(256, "uint16"), (96, "uint16"), (128, "float32")])
def test_overviews_are_one_whoever_makes_them(tmp_path, side, stored):
    """Blocks that thin to whole blocks fill them as they come, others are thinned at the end."""
    values = noisy(700, 1300)
    values[:, 300:500, :650] = np.nan
    spectral = encoding.Spectral((500, 600), (10, 10), "reflectance")
    kept = encoding.of_dtype(stored, "reflectance")
    form = FileLayout(side, overviews=True)
    shape, place = values.shape[1:], Georeference()
    with Writer(str(tmp_path / "o.tif"), shape, spectral, kept, place, {}, form) as writer:
        for row0 in range(0, 700, side):
            for col0 in range(0, 1300, side):
                writer.write(row0, col0, values[:, row0 : row0 + side, col0 : col0 + side])
        writer.close()
        writer.commit()
    dataset = gdal.Open(str(tmp_path / "o.tif"))
    band = dataset.GetRasterBand(2)
    expected = kept.encode(values)
    for i, shape in enumerate([(350, 650), (175, 325), (88, 163)]):
        expected = overviews.halve(expected, kept)
        assert expected.shape[1:] == shape
        np.testing.assert_array_equal(band.GetOverview(i).ReadAsArray(), expected[1])
        assert band.GetOverview(i).GetNoDataValue() == pytest.approx(kept.nodata, nan_ok=True)
    assert band.GetOverviewCount() == 3


def test_what_a_killed_run_left_beside_the_name_is_not_taken_over(tmp_path):
    stale = [tmp_path / f"o.tif.part{end}" for end in (".aux.xml", ".cog", ".cog.aux.xml")]
    for path in stale:
        path.write_text("<PAMDataset><Metadata><MDI key='of'>old</MDI></Metadata></PAMDataset>")
    dataset = made(tmp_path / "o.tif", noisy(20, 20), FileLayout())
    assert dataset.GetMetadataItem("of") is None
    assert [path.name for path in tmp_path.iterdir()] == ["o.tif"]


def test_a_closed_raster_leaves_gdals_cache_as_it_was(tmp_path):
    before = gdal.GetCacheMax()
    dataset = made(tmp_path / "o.tif", noisy(300, 520), FileLayout(overviews=True))
    assert dataset.GetRasterBand(1).GetOverviewCount() == 2
    assert gdal.GetCacheMax() == before


def test_small_rasters_get_no_overviews(tmp_path):
    dataset = made(tmp_path / "o.tif", noisy(200, 256), FileLayout(overviews=True))
    assert dataset.GetRasterBand(1).GetOverviewCount() == 0


@pytest.mark.parametrize("overviews", [True, False])
def test_a_cloud_optimised_file_keeps_what_is_known_of_its_bands(tmp_path, overviews):
    plain = made(tmp_path / "p.tif", noisy(300, 520), FileLayout(overviews=overviews))
    dataset = made(tmp_path / "o.tif", noisy(300, 520), FileLayout(64, overviews, cog=True))
    assert dataset.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
    np.testing.assert_array_equal(dataset.ReadAsArray(), plain.ReadAsArray())
    band, same = dataset.GetRasterBand(2), plain.GetRasterBand(2)
    assert band.GetOverviewCount() == same.GetOverviewCount() == 2 * overviews
    for domain in ("", "IMAGERY"):
        assert band.GetMetadata(domain) == same.GetMetadata(domain)
    assert dataset.GetMetadata("ENVI") == plain.GetMetadata("ENVI")
    assert dataset.GetMetadataItem("A") == "b" and band.GetDescription() == "550.0 nm"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"o.tif", "o.tif.aux.xml", "p.tif"}


@pytest.mark.parametrize(("side", "magic"), [(1000, b"II*\x00"), (33_000, b"II+\x00")])
def test_what_may_pass_four_gigabytes_is_bigtiff(tmp_path, side, magic):
    """33,000 x 33,000 x 2 bands x 2 bytes are 4.06 GiB; only one block of them has values."""
    stored = encoding.of_dtype("uint16", "reflectance")
    path, shape = tmp_path / "o.tif", (side, side)
    with Writer(path, shape, SPECTRAL, stored, Georeference(), {}) as writer:
        writer.write(256, 512, noisy(256, 256))
        writer.close()
        writer.commit()
    with path.open("rb") as stream:
        assert stream.read(4) == magic
    assert path.stat().st_size < 2_000_000
    dataset = gdal.Open(str(path))
    assert (dataset.GetRasterBand(2).ReadAsArray(0, 0, 300, 200) == 65535).all()
    assert (dataset.GetRasterBand(2).ReadAsArray(512, 256, 256, 256) != 65535).all()


def test_a_block_that_was_lost_is_noticed(tmp_path):
    """As a disk does that says yes and writes nothing."""
    filled = _Filled((64, 64), 32)
    filled.note(40, 8, np.ones((2, 4, 4), bool))
    stored = encoding.of_dtype("uint16", "reflectance")
    place, form = Georeference(), FileLayout(32)
    with Writer(tmp_path / "o.tif", (64, 64), SPECTRAL, stored, place, {}, form) as writer:
        writer.close()
        with pytest.raises(RuntimeError, match=r"block 0,1 of band 1"):
            _refuse_holes(writer.part, filled)
