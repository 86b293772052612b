"""Encodes a picture as PNG."""

import uuid

import numpy as np

from .gdal_setup import gdal


def png_bytes(picture: np.ndarray) -> bytes:
    """Encode ``picture`` uint8 (channels, rows, cols): grey, RGB or RGBA.

    Returns: the content of a PNG file.
    """
    channels, rows, cols = picture.shape
    memory = gdal.GetDriverByName("MEM").Create("", cols, rows, channels, gdal.GDT_Byte)
    for i, channel in enumerate(picture):
        memory.GetRasterBand(i + 1).WriteArray(np.ascontiguousarray(channel))
    if channels == 4:
        memory.GetRasterBand(4).SetColorInterpretation(gdal.GCI_AlphaBand)
    name = f"/vsimem/{uuid.uuid4().hex}.png"
    try:
        gdal.GetDriverByName("PNG").CreateCopy(name, memory, options=["ZLEVEL=6"])
        stream = gdal.VSIFOpenL(name, "rb")
        try:
            return bytes(gdal.VSIFReadL(1, gdal.VSIStatL(name).size, stream))
        finally:
            gdal.VSIFCloseL(stream)
    finally:
        gdal.Unlink(name)
