"""xarray's arrays in and out: the only file that imports xarray, once it is given one."""

import sys
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from ..raster.band_choice import BandFacts
from ..spectra.known_calibration import FileFacts
from ..spectra.wavelength_units import nanometres_per_unit
from .array_values import ArrayValues, of_array

WAVELENGTH = "wavelength"
# rioxarray keeps the name of the coordinate with the reference system here, or in the attributes.
GRID_MAPPING = "grid_mapping"


def is_data_array(rgb: Any) -> bool:
    """Tell whether ``rgb`` is an xarray.DataArray, which nobody has who did not import xarray.

    Returns: True where it is.
    """
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(rgb, xarray.DataArray)


def of_data_array(rgb: Any, nodata: Optional[float]) -> ArrayValues:
    """Take a DataArray (band, y, x), as rioxarray opens rasters.

    ``_FillValue``, ``scale_factor`` and ``add_offset`` of its attributes say what is stored, the
    rest what the file says; ``nodata`` goes before ``_FillValue``.

    Returns: the values, as they are stored.
    """
    said = rgb.attrs
    if nodata is None:
        nodata = said.get("_FillValue")
    taken = of_array(rgb.values, nodata)
    names = said.get("long_name", ())
    facts = FileFacts(
        files=(str(rgb.encoding.get("source", "")),),
        tags={str(name): str(value) for name, value in said.items()},
        band_names=(names,) if isinstance(names, str) else tuple(map(str, names)),
    )
    scale, offset = said.get("scale_factor"), said.get("add_offset")
    bands = _bands_of(rgb, facts.band_names)
    return ArrayValues(taken.values, taken.masked, scale, offset, facts, bands=bands)


def _bands_of(rgb: Any, names: Sequence[str]) -> Tuple[BandFacts, ...]:
    """What names and coordinates say of the first dimension; nothing where they say nothing."""
    count, axis = (rgb.shape[0], rgb.dims[0]) if rgb.dims else (0, "")
    labels = rgb.coords.get(axis)
    if len(names) != count and labels is not None and labels.dtype.kind in "UO":
        names = tuple(map(str, labels.values))
    if len(names) != count:
        names = ("",) * count
    centres = _centres_nm(rgb, axis) or (None,) * count
    said = zip(range(1, count + 1), names, centres)
    return tuple(BandFacts(number, name, "", nm) for number, name, nm in said)


def _centres_nm(rgb: Any, axis: str) -> Optional[Tuple[Optional[float], ...]]:
    """The coordinate ``wavelength`` of the bands, in nm."""
    given = rgb.coords.get(WAVELENGTH)
    if given is None or given.dims != (axis,) or given.dtype.kind not in "uif":
        return None
    unit = nanometres_per_unit(given.attrs.get("units"), float(given.max()))
    return tuple(float(value) * unit for value in given.values)


def like(rgb: Any, values: np.ndarray, wavelength_nm: np.ndarray, said: Dict[str, str]) -> Any:
    """Put ``values``, (bands, rows, cols) or (rows, cols), where the DataArray ``rgb`` lies.

    ``said`` becomes the attributes. All coordinates stay but those of the bands: so does
    rioxarray's ``spatial_ref``.

    Returns: an xarray.DataArray; that of spectra has the dimension ``wavelength``, in nm.
    """
    import xarray

    bands, *place = rgb.dims
    kept = {name: axis for name, axis in rgb.coords.items() if bands not in axis.dims}
    if values.ndim > len(place):
        place = [WAVELENGTH, *place]
        kept[WAVELENGTH] = (WAVELENGTH, wavelength_nm, {"units": "nm"})
    made = xarray.DataArray(values, kept, place, attrs=said)
    made.encoding["_FillValue"] = np.nan
    for words, own in ((rgb.encoding, made.encoding), (rgb.attrs, made.attrs)):
        if GRID_MAPPING in words:
            own[GRID_MAPPING] = words[GRID_MAPPING]
    return made
