"""What a written raster says of itself: place, wavelengths, units, colours, tags."""

from pathlib import Path
from typing import Dict, Tuple

from .encoding import Bands, Encoding, Named, Spectral, envi_list, envi_lists
from .gdal_setup import gdal
from .georeference import Georeference
from .wavelengths import centres_nm, widths_nm

COLOURS = {"red": gdal.GCI_RedBand, "green": gdal.GCI_GreenBand, "blue": gdal.GCI_BlueBand}


def describe_raster(
    dataset, stored: Encoding, bands: Bands, place: Georeference, tags: Dict[str, str]
) -> None:
    """Write into ``dataset`` where it lies, what its ``bands`` are, how they are ``stored``."""
    dataset.SetMetadata({**tags, "AREA_OR_POINT": place.area_or_point})
    if place.rpc:
        dataset.SetMetadata(dict(place.rpc), "RPC")
    if place.gcps:
        dataset.SetGCPs(list(place.gcps), place.gcp_spatial_ref)
    else:
        if place.spatial_ref is not None:
            dataset.SetSpatialRef(place.spatial_ref)
        if place.geotransform is not None:
            dataset.SetGeoTransform(list(place.geotransform))
    if isinstance(bands, Named):
        for i, name in enumerate(bands.names):
            _name_band(dataset.GetRasterBand(i + 1), stored, name, bands.unit)
        if bands.categories:
            dataset.GetRasterBand(1).SetCategoryNames(list(bands.categories))
    else:
        _describe_spectrum(dataset, stored, bands)


def _describe_spectrum(dataset, stored: Encoding, spectral: Spectral) -> None:
    dataset.SetMetadata(envi_lists(spectral), "ENVI")
    for i, (centre, width) in enumerate(zip(spectral.wavelength_nm, spectral.fwhm_nm)):
        _describe_band(dataset.GetRasterBand(i + 1), stored, centre, width, spectral.unit)
    for i, name in enumerate(spectral.names):
        band = dataset.GetRasterBand(i + 1)
        band.SetDescription(f"{name} ({band.GetDescription()})")
    for i, colour in enumerate(spectral.colours):
        if colour in COLOURS:
            dataset.GetRasterBand(i + 1).SetColorInterpretation(COLOURS[colour])


def _describe_band(band, stored: Encoding, centre: float, width: float, unit: str) -> None:
    _name_band(band, stored, f"{centre:.1f} nm", unit)
    # The default domain is the one that GDAL before 3.8 copies into any format.
    said = {"wavelength": f"{centre:.2f}", "wavelength_units": "Nanometers"}
    band.SetMetadata({**said, "fwhm": f"{width:.2f}"})
    band.SetMetadataItem("CENTRAL_WAVELENGTH_UM", f"{centre / 1000:.6g}", "IMAGERY")
    band.SetMetadataItem("FWHM_UM", f"{width / 1000:.6g}", "IMAGERY")


def _name_band(band, stored: Encoding, name: str, unit: str) -> None:
    band.SetDescription(name)
    band.SetNoDataValue(stored.nodata)
    band.SetUnitType(unit)
    if stored.scale != 1:
        band.SetScale(stored.scale)
        band.SetOffset(0)


def vrt_text(
    shape: Tuple[int, int],
    bands: Bands,
    stored: Encoding,
    georeference: Georeference,
    tags: Dict[str, str],
) -> str:
    """Describe a VRT of ``shape`` (rows, cols) and its bands as a Writer does, without a source.

    Returns: XML.
    """
    kind = gdal.GetDataTypeByName(stored.type_name)
    rows, cols = shape
    dataset = gdal.GetDriverByName("VRT").Create("", cols, rows, bands.count, kind)
    describe_raster(dataset, stored, bands, georeference, tags)
    return dataset.GetMetadata("xml:VRT")[0]


def carry_domains(source, copy: Path) -> None:
    """Write the domains that GDAL's COG driver drops into the sidecar of ``copy``."""
    made = gdal.OpenEx(str(copy), gdal.OF_RASTER | gdal.OF_READONLY)
    copy_domains(source, made)
    made.FlushCache()


def complete_envi_domain(source, made) -> None:
    """Write the wavelengths into the ENVI domain of ``made`` where only the bands' own items of
    ``source`` say them: an ENVI header has lists.
    """
    bands = [source.GetRasterBand(i + 1) for i in range(source.RasterCount)]
    items = [band.GetMetadataItem for band in bands]
    said = source.GetMetadata("ENVI") or {}
    centres, widths = (read(source.GetMetadataItem, items) for read in (centres_nm, widths_nm))
    if "wavelength" in said or None in centres:
        return
    known = {"wavelength": envi_list(centres), "wavelength_units": "Nanometers"}
    if None not in widths:
        known["fwhm"] = envi_list(widths)
    made.SetMetadata({**said, **known}, "ENVI")


def say_reflectance_factor(source, made) -> None:
    """Write ENVI's reflectance scale factor into ``made`` where ``source`` is scaled reflectance.

    GDAL writes the scale as gains, which readers such as Spectral Python leave aside.
    """
    bands = [source.GetRasterBand(i + 1) for i in range(source.RasterCount)]
    scales = {band.GetScale() for band in bands}
    plain = all(b.GetUnitType() == "reflectance" and not b.GetOffset() for b in bands)
    if plain and len(scales) == 1 and scales.isdisjoint({None, 0, 1}):
        made.SetMetadataItem("reflectance_scale_factor", f"{1 / scales.pop():.10g}", "ENVI")


def copy_domains(source, made) -> None:
    """Copy the ENVI and IMAGERY domains of ``source`` to ``made``, datasets of the same bands."""
    made.SetMetadata(source.GetMetadata("ENVI"), "ENVI")
    for number in range(1, source.RasterCount + 1):
        imagery = source.GetRasterBand(number).GetMetadata("IMAGERY")
        made.GetRasterBand(number).SetMetadata(imagery, "IMAGERY")
