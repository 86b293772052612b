"""The models that this QGIS finds, by their names: the plugin's own, and those of the profile."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import List, Mapping, Optional

from qgis.core import QgsApplication

from ..translation import tr
from .command import package_root

MANIFEST = "model.json"
LARGEST_BYTES = 10_000_000  # a model.json beyond it is none


@dataclass(frozen=True)
class FoundModel:
    """A model package: its folder, and what its model.json says.

    ``bands``: of its output. ``samples``: how many a quality takes.
    """

    folder: Path
    name: str
    version: str
    bands: int
    samples: Mapping[str, int]
    embedded: bool = False

    @property
    def title(self) -> str:
        """What a user reads of it."""
        said = f"{self.name} {self.version}".strip()
        return tr("{} (comes with the plugin)").format(said) if self.embedded else said


def models_folder() -> Path:
    """Where models of one's own are found: a folder each, in the QGIS profile."""
    return Path(QgsApplication.qgisSettingsDirPath()).absolute() / "scdm" / "models"


def found_models() -> List[FoundModel]:
    """The embedded models, then those of the profile's folder, by name."""
    own = sorted(models_folder().glob(f"*/{MANIFEST}"))
    embedded = sorted((package_root() / "model_runtime" / "models").glob(f"*/{MANIFEST}"))
    found = [read_model(path.parent, True) for path in embedded]
    found += [read_model(path.parent) for path in own]
    return [model for model in found if model is not None]


def read_model(folder: Path, embedded: bool = False) -> Optional[FoundModel]:
    """The model in ``folder``; None where there is none. The worker checks it, this does not."""
    try:
        if (folder / MANIFEST).stat().st_size > LARGEST_BYTES:
            return None
        page = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        bands = len(page["wavelength_nm"])
        samples = {name: int(how["samples"]) for name, how in page["qualities"].items()}
        name, version = str(page["name"]), str(page["version"])
        return FoundModel(folder, name, version, bands, samples, embedded)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def model_of(text: str) -> Optional[FoundModel]:
    """The model that ``text`` means: its folder, its name, or "" for the embedded one."""
    models = found_models()
    if not text:
        return next((model for model in models if model.embedded), None)
    return read_model(Path(text)) or next((m for m in models if m.name == text), None)


def folder_of(text: str) -> str:
    """The folder that ``text``, a folder or a model's name, means; a folder goes first."""
    if not text or Path(text).is_dir():
        return text
    model = model_of(text)
    return text if model is None else str(model.folder)
