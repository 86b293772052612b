"""Assembles the folder that QGIS loads, and the zip of it: ``python scripts/assemble_plugin.py``.

build/plugins/scdm_qgis/ is the plugin with model_runtime, metadata.txt, LICENSE, README, changelog,
the help pages and the modeler's models inside.
dist/scdm_qgis-VERSION.zip holds the same, byte for byte the same each time.
"""

import argparse
import configparser
import fnmatch
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from compile_texts import compile_file  # noqa: E402
from help_pages import write_pages  # noqa: E402

NAME = "scdm_qgis"
BESIDE = ("metadata.txt", "LICENSE", "README.md", "CHANGELOG.md")
LEFT_OUT = ("__pycache__", "*.pyc", "*.part*", ".*")
EPOCH = (2024, 1, 1, 0, 0, 0)  # one date for all files makes the zip reproducible


def assemble(plugins: Path) -> Path:
    """Put the plugin together in ``plugins``/scdm_qgis, anew; that folder."""
    folder, building = plugins / NAME, plugins / f"{NAME}.building"
    shutil.rmtree(building, ignore_errors=True)
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(ROOT / NAME, building, ignore=ignored)
    shutil.copytree(ROOT / "model_runtime", building / "model_runtime", ignore=ignored)
    shutil.copytree(ROOT / "docs" / "models", building / "models", ignore=ignored)
    for name in BESIDE:
        shutil.copyfile(ROOT / name, building / name)
    write_pages(building / "help", metadata(building)["homepage"])
    for source in (building / "i18n").glob("*.ts"):
        compile_file(source, source.with_suffix(".qm"))
        source.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    return building.rename(folder)


def package(folder: Path, dist: Path) -> Path:
    """Zip the assembled ``folder`` into ``dist``; the zip."""
    dist.mkdir(parents=True, exist_ok=True)
    path = dist / f"{NAME}-{version(folder)}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(item for item in folder.rglob("*") if item.is_file()):
            name = file.relative_to(folder.parent)
            if not _is_left_out(name):  # a QGIS that ran from the folder leaves bytecode there
                archive.writestr(_entry(name), file.read_bytes())
    return path


def version(folder: Path) -> str:
    """The version that metadata.txt in ``folder`` states."""
    return metadata(folder)["version"]


def metadata(folder: Path) -> configparser.SectionProxy:
    """What metadata.txt in ``folder`` states."""
    parser = configparser.ConfigParser()
    parser.read(folder / "metadata.txt", encoding="utf-8")
    return parser["general"]


def _is_left_out(name: Path) -> bool:
    return any(fnmatch.fnmatch(part, rule) for part in name.parts for rule in LEFT_OUT)


def _entry(name: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name.as_posix(), EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def main() -> None:
    """Assemble and package; print both places."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=Path, default=ROOT / "build" / "plugins")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    folder = assemble(options.plugins)
    print(f"{folder}\n{package(folder, options.dist)}")


if __name__ == "__main__":
    main()
