"""The VRT over sheets names each sheet in its place, for each band."""

import xml.etree.ElementTree as ElementTree

from model_runtime.pipeline import vrt_mosaic
from model_runtime.tiling import Window

DESCRIBED = (
    '<VRTDataset rasterXSize="30" rasterYSize="20">'
    '<VRTRasterBand band="1"></VRTRasterBand><VRTRasterBand band="2"></VRTRasterBand></VRTDataset>'
)
WHOLE = Window(100, 200, 20, 30)
SHEETS = [Window(100, 200, 16, 16), Window(100, 216, 16, 14)]


def sources(text):
    """[(band, file, column, row, columns, rows)] of a VRT's text."""
    found = []
    for band in ElementTree.fromstring(text).iter("VRTRasterBand"):
        for source in band.iter("SimpleSource"):
            place = source.find("DstRect").attrib
            numbers = (int(place[key]) for key in ("xOff", "yOff", "xSize", "ySize"))
            assert source.find("SourceBand").text == band.get("band")
            found.append((band.get("band"), source.find("SourceFilename").text, *numbers))
    return found


def test_every_band_has_every_sheet_where_it_lies():
    left, right = "o.sheets/run/100_200.tif", "o.sheets/run/100_216.tif"
    expected = [(left, 0, 0, 16, 16), (right, 16, 0, 14, 16)]
    found = sources(vrt_mosaic.text(DESCRIBED, WHOLE, SHEETS, "o.sheets/run"))
    assert found == [(band, *sheet) for band in "12" for sheet in expected]


def test_without_sheets_the_raster_is_as_it_was_described():
    assert vrt_mosaic.text(DESCRIBED, WHOLE, [], "o.sheets/run") == DESCRIBED


def test_words_of_xml_in_a_folder_are_escaped():
    (first, *_) = sources(vrt_mosaic.text(DESCRIBED, WHOLE, SHEETS[:1], "a & <b>"))
    assert first[1] == "a & <b>/100_200.tif"
