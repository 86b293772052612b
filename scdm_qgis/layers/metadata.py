"""What a layer's properties say of an estimate: abstract, model, seed, licence, history."""

from typing import List, Mapping

from qgis.core import QgsLayerMetadata, QgsRasterLayer
from qgis.PyQt.QtCore import QDateTime, Qt

from ..model_runtime.contract import RELIABILITY_CONTENT, SPREAD_CONTENT
from ..translation import tr
from .raster_file import scdm_tags, wavelengths_nm


def describe(layer: QgsRasterLayer, source_name: str) -> bool:
    """Fill the metadata of ``layer``, estimated from ``source_name``; False without our tags."""
    tags = scdm_tags(layer.source())
    if not tags:
        return False
    layer.setMetadata(metadata(layer, tags, source_name))
    return True


def metadata(layer: QgsRasterLayer, tags: Mapping[str, str], source_name: str) -> QgsLayerMetadata:
    """The metadata for the file's ``tags`` (names without SCDM_)."""
    page = QgsLayerMetadata()
    page.setIdentifier(layer.source())
    page.setType("dataset")
    page.setTitle(layer.name())
    page.setAbstract(abstract(tags, wavelengths_nm(layer.source()), source_name))
    page.setKeywords({"gmd:topicCategory": ["imageryBaseMapsEarthCover"], "SCDM": _keywords()})
    licence = tags.get("MODEL_LICENCE")
    if licence:
        page.setLicenses([tr("Model: {}").format(licence)])
    page.setRights([tr("Those of the input picture hold for what is derived from it.")])
    page.setCrs(layer.crs())
    page.setHistory(history(tags, source_name))
    return page


def abstract(tags: Mapping[str, str], wavelength_nm: List, source_name: str) -> str:
    """What the raster is and is not, in a paragraph."""
    known = [nm for nm in wavelength_nm if nm is not None]
    reach = f"{min(known):g}-{max(known):g} nm" if known else "?"
    model = f"{tags.get('MODEL', '?')} {tags.get('MODEL_VERSION', '')}".strip()
    if tags.get("CONTENT") == RELIABILITY_CONTENT:
        text = tr(
            "Reliability of the hyperspectral estimate of '{source}' by model {model}, seed "
            "{seed}: 100 where nothing speaks against the estimate, 0 where it tells nothing."
        )
        return text.format(source=source_name, model=model, seed=tags.get("SEED", "?"))
    what = tr("Spread of the hyperspectral estimate, from {samples} samples")
    if tags.get("CONTENT") != SPREAD_CONTENT:
        what = tr("Hyperspectral estimate (mean of {samples} samples)")
    text = tr(
        "{what} of '{source}': {bands} bands, {reach}, reflectance, by model {model}, "
        "seed {seed}. Spectra that the model finds likely for the colours; not a measurement."
    )
    return text.format(
        what=what.format(samples=tags.get("SAMPLES", "?")),
        source=source_name,
        bands=len(wavelength_nm),
        reach=reach,
        model=model,
        seed=tags.get("SEED", "?"),
    )


def history(tags: Mapping[str, str], source_name: str) -> List[str]:
    """How the raster was made: one line, then each setting."""
    now = QDateTime.currentDateTime().toString(Qt.DateFormat.ISODate)
    made = tr("{now}: scdm:upsample of '{source}'").format(now=now, source=source_name)
    return [made, *(f"{_words(name)}: {value}" for name, value in sorted(tags.items()))]


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _keywords() -> List[str]:
    return ["hyperspectral", "spectral super-resolution", "estimate", "diffusion model"]
