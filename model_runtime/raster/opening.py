"""The only way in which others' rasters are opened: by known drivers, local files only."""

import functools
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Set, Union

from ..errors import InputError
from . import named_sources
from .gdal_setup import gdal, require_proj

# Drivers of files. Not here: services, databases and indexes of other rasters' names, PDF.
DRIVERS = frozenset(
    """
    AAIGrid ACE2 ADRG AIG ARG AVIF AirSAR BAG BIGGIF BLX BMP BSB BT BYN CALS CEOS COASP COG COSAR
    CPG CTG CTable2 DIMAP DIPEx DOQ1 DOQ2 DTED ECRGTOC ECW EHdr EIR ELAS ENVI ERS ESAT ESRIC EXR
    FAST FIT FITS GFF GIF GPKG GRASSASCIIGrid GRIB GS7BG GSAG GSBG GSC GTX GTiff GXF GenBin HDF4
    HDF4Image HDF5 HDF5Image HEIF HF2 HFA ILWIS IRIS ISCE ISG ISIS2 ISIS3 JAXAPALSAR JDEM JP2ECW
    JP2KAK JP2Lura JP2MrSID JP2OpenJPEG JPEG JPEGXL KEA KRO L1B LAN LCP LIBERTIFF LOSLAS Leveller
    MAP MBTiles MFF MFF2 MSGN MrSID NDF NGSGEOID NITF NTv2 NWT_GRC NWT_GRD OZI PAux PCIDSK
    PCRaster PDS PDS4 PNG PNM PRF R RIK RMF ROI_PAC RPFTOC RRASTER RS2 RST Rasterlite S102 S104
    S111 SAFE SAGA SAR_CEOS SDTS SENTINEL2 SGI SIGDEM SNAP_TIFF SNODAS SRP SRTMHGT TGA TIL TSX
    Terragen USGSDEM VICAR VRT WEBP XPM XYZ ZMap Zarr netCDF
    """.split()  # noqa: SIM905
)
MADE_IN_MEMORY = "MEM"  # what GDAL makes for itself; no file is opened by it
_CURL = "CPL_VSIL_CURL_ALLOWED_FILENAME"
_NOTHING = "/vsicurl/-"
GIVE_RASTER = "give a raster file that GDAL reads, such as a GeoTIFF"
SERVICES = {b"<GDAL_WMS": "WMS", b"<GDAL_WMTS": "WMTS", b"<WCS_GDAL": "WCS"}
SAVE_PART = (
    "save the part you need as GeoTIFF (QGIS: Export, Save As, raw data) and use that instead"
)
HEAD_BYTES = 1024
LARGEST_TEXT_BYTES = 1 << 28


def restrict() -> None:
    """Put off all drivers but the listed ones, and all ways to other machines."""
    for i in range(gdal.GetDriverCount())[::-1]:
        driver = gdal.GetDriver(i)
        if driver.GetMetadataItem("DCAP_RASTER") and driver.ShortName not in _drivers_to_keep():
            driver.Deregister()
    gdal.SetConfigOption(_CURL, _NOTHING)
    gdal.SetConfigOption("GDAL_VRT_ENABLE_PYTHON", "NO")


def _drivers_to_keep() -> Set[str]:
    return {*DRIVERS, MADE_IN_MEMORY}


def open_local_or_named(path: str, options: Sequence[str] = ()):
    """GDAL's dataset of ``path``, a file or what a user names on the network by its own address.

    Raises InputError for a name that may not be followed, RuntimeError where GDAL cannot read it.
    """
    path = openable_path(str(path))
    require_proj()
    check(path)
    if named_sources.is_remote(path):
        gdal.SetConfigOption(_CURL, None)
    flags = gdal.OF_RASTER | gdal.OF_READONLY
    return gdal.OpenEx(
        path, flags, allowed_drivers=_available_drivers(), open_options=list(options)
    )


@functools.lru_cache(maxsize=1)
def _available_drivers() -> List[str]:
    return [name for name in DRIVERS if gdal.GetDriverByName(name) is not None]


def openable_path(path: str) -> str:
    """Write ``https://`` as GDAL's ``/vsicurl/``, which reads parts, not the whole file.

    Returns: the path for GDAL.
    """
    return f"/vsicurl/{path}" if path.startswith(("http://", "https://")) else path


def check(path: str) -> None:
    """Check that ``path``, and every file to which it leads, may be followed.

    Raises: InputError where one may not.
    """
    for _ in _follow(path):
        pass


def local_files(path: str) -> List[str]:
    """List the local files to which ``path`` leads, itself and sidecars among them.

    Returns: their paths.
    Raises: InputError.
    """
    return list(dict.fromkeys(str(place) for place in _follow(openable_path(str(path)))))


def _follow(path: str) -> Iterator[Path]:
    """The local files that ``path`` leads to, each once, looked at before it is followed."""
    network = named_sources.is_remote(path)
    trouble = named_sources.trouble_with(path, network=True)
    if trouble is not None:
        raise InputError(f"'{path}' is {trouble}", GIVE_RASTER)
    waiting: List[Union[str, Path]] = [path if path.startswith("/vsi") else Path(path)]
    waiting += named_sources.places_of(path, Path())
    seen: Dict[str, bool] = {}
    while waiting:
        place = waiting.pop()
        if str(place) in seen:
            continue
        seen[str(place)] = True
        if isinstance(place, Path):
            _refuse_what_waits(place)
            if not named_sources.is_file(place):
                continue
            yield place
            waiting += [side for side in _sidecars(place) if named_sources.is_file(side)]
        waiting += _names_in(place, path, network)


def _refuse_what_waits(place: Path) -> None:
    """Opening a pipe would wait for somebody to write into it."""
    try:
        odd = place.exists() and not place.is_file() and not place.is_dir()
    except (OSError, ValueError):
        return
    if odd:
        raise InputError(f"'{place}' is a pipe or a device, not a file", GIVE_RASTER)


def _sidecars(place: Path) -> Iterator[Path]:
    for end in named_sources.SIDECARS:
        yield Path(f"{place}{end}")
    yield place.with_suffix(".aux")


def _names_in(place: Union[str, Path], path: str, network: bool) -> List[Union[str, Path]]:
    """The files that ``place`` names; raises InputError for a name that may not be followed."""
    head = _read(str(place), HEAD_BYTES)
    service = next((kind for mark, kind in SERVICES.items() if mark in head), None)
    if service is not None:
        raise InputError(
            f"'{place}' is a {service} service, whose pictures are made for looking at", SAVE_PART
        )
    sidecar = str(place).endswith(".aux.xml")
    if named_sources.VRT_MARK not in head and not sidecar:
        return []
    content = _read(str(place), LARGEST_TEXT_BYTES)
    if named_sources.names_memory(content):
        raise InputError(f"'{path}' names an address of memory as its source", GIVE_RASTER)
    folder = Path(str(place)).parent
    found: List[Union[str, Path]] = []
    for name in named_sources.names_in(content):
        trouble = named_sources.trouble_with(name, network)
        if trouble is not None:
            raise InputError(
                f"'{path}' leads to {name[:200]!a}, which is {trouble}",
                "give that raster itself as the input, or save what you need as GeoTIFF",
            )
        found += named_sources.places_of(name, folder)
    return found


def _read(place: str, size: int) -> bytes:
    """The first ``size`` bytes of a file on any of GDAL's file systems; none of a missing one."""
    if not place.startswith("/vsi"):
        try:
            with Path(place).open("rb") as stream:
                return stream.read(size)
        except (OSError, ValueError):
            return b""
    if named_sources.is_remote(place):
        gdal.SetConfigOption(_CURL, None)
    try:
        stream = gdal.VSIFOpenL(place, "rb")
    except RuntimeError:
        return b""
    if stream is None:
        return b""
    try:
        return bytes(gdal.VSIFReadL(1, size, stream) or b"")
    finally:
        gdal.VSIFCloseL(stream)


restrict()
