"""Pictures that hold numbers of a palette's colours, read as those colours."""

from .gdal_setup import gdal

DOUBT = (
    "the file has a palette, whose colours are taken: if it is a map of classes and no picture, "
    "the estimate means nothing"
)
_PROFILE = "COLOR_PROFILE"
_OPAQUE = 255


def has_palette(dataset) -> bool:
    """Tell whether a raster holds numbers of a palette's colours.

    Returns: True for one or two bands with a colour table.
    """
    return dataset.RasterCount < 3 and dataset.GetRasterBand(1).GetColorTable() is not None


def expand(dataset):
    """Lay red, green and blue over a dataset with a palette, and alpha where it has any.

    Nothing is copied: a colour is looked up when its pixel is read.

    Returns: GDAL's dataset of three or four bands.
    """
    bands = "rgba" if _is_transparent(dataset.GetRasterBand(1).GetColorTable()) else "rgb"
    expanded = gdal.Translate(
        "", dataset, format="VRT", bandList=[1], rgbExpand=bands, outputType=gdal.GDT_Byte
    )
    expanded.SetMetadata(dataset.GetMetadata(_PROFILE) or {}, _PROFILE)
    return expanded


def _is_transparent(table) -> bool:
    entries = (table.GetColorEntry(number) for number in range(table.GetCount()))
    return any(entry[3] < _OPAQUE for entry in entries)
