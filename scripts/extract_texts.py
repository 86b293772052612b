"""Brings a translation's source texts up to date: ``extract_texts.py FILE.ts [--check]``.

Reads the plugin's Python for ``tr("…")`` and ``translate("scdm", "…")`` and keeps the translations
that are there; what is no longer said goes, what is new is marked unfinished. Qt's own pylupdate
is not installed with every QGIS, and each Qt has its own.
"""

import argparse
import ast
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parent.parent / "scdm_qgis"
CONTEXT = "scdm"
CALLS = {"tr": 0, "_tr": 0, "translate": 1, "QT_TRANSLATE_NOOP": 1}  # which argument is the text
# Texts of the runtime that the plugin translates: it reads spectra by these files.
SHARED = ("spectra/spectral_library.py", "spectra/spectral_text.py")
SHARED_CALLS = {"Unreadable": 0}


def texts() -> List[Tuple[str, str]]:
    """(text, file) of each text in the plugin, in order, once."""
    found: Dict[str, str] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for text in _find_texts(path, CALLS):
            found.setdefault(text, path.relative_to(ROOT).as_posix())
    for name in SHARED:
        for text in _find_texts(ROOT.parent / "model_runtime" / name, SHARED_CALLS):
            found.setdefault(text, f"../model_runtime/{name}")
    return list(found.items())


def _find_texts(path: Path, calls: Dict[str, int]) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = calls.get(name)
            if place is not None and len(node.args) > place:
                yield from _text(node.args[place], constants)


def _constants(tree: ast.AST) -> Dict[str, str]:
    """Texts that stand in a name first: ``words = "…"``."""
    return {
        node.targets[0].id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def _text(node: ast.AST, constants: Dict[str, str]) -> List[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.Name) and node.id in constants:
        return [constants[node.id]]
    return []


def read(path: Path) -> Dict[str, str]:
    """The translations in ``path``; empty where it is not there yet."""
    if not path.is_file():
        return {}
    tree = ET.parse(path)
    pairs = ((m.findtext("source"), m.find("translation")) for m in tree.iter("message"))
    return {source: node.text or "" for source, node in pairs if source and node is not None}


def document(language: str, known: Dict[str, str]) -> str:
    """The whole .ts file."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = CONTEXT
    for text, file in texts():
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "location", filename=f"../{file}")
        ET.SubElement(message, "source").text = text
        translation = ET.SubElement(message, "translation")
        if known.get(text):
            translation.text = known[text]
        else:
            translation.set("type", "unfinished")
    ET.indent(root, "    ")
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    return head + ET.tostring(root, encoding="unicode") + "\n"


def main() -> int:
    """Write the file, or with --check only say whether it is complete; 1 when it is not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="scdm_LANGUAGE.ts")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    known = read(options.file)
    missing = [text for text, _ in texts() if not known.get(text)]
    if not options.check:
        options.file.parent.mkdir(parents=True, exist_ok=True)
        language = options.file.stem.rpartition("_")[2]
        options.file.write_text(document(language, known), encoding="utf-8")
    print(f"{options.file}: {len(missing)} of {len(texts())} texts not translated")
    return 1 if missing and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
