"""Compiles a translation to what Qt loads: ``compile_texts.py FILE.ts FILE.qm``.

A .qm file is a magic number and sections of a tag byte, a length and content: here the messages
and the table of their hashes. Written here so that the zip is the same with every Qt, or none.
"""

import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict

MAGIC = bytes.fromhex("3cb86418caef9c95cd211cbf60a1bddd")
HASHES, MESSAGES = 0x42, 0x69
END, TRANSLATION, SOURCE, CONTEXT = 1, 3, 6, 7


def elf_hash(text: bytes) -> int:
    """The hash of System V's ELF, never 0, by which Qt finds a source text."""
    value = 0
    for byte in text:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value or 1


def compile_messages(translations: Dict[str, str], context: str) -> bytes:
    """The .qm file of ``translations`` (source text to translation)."""
    messages, places = b"", []
    for source, text in sorted(translations.items()):
        places.append((elf_hash(source.encode()), len(messages)))
        messages += _field(TRANSLATION, text.encode("utf-16-be"))
        messages += _field(SOURCE, source.encode()) + _field(CONTEXT, context.encode())
        messages += bytes([END])
    table = b"".join(struct.pack(">II", *place) for place in sorted(places))
    return MAGIC + _field(HASHES, table) + _field(MESSAGES, messages)


def _field(tag: int, content: bytes) -> bytes:
    return struct.pack(">BI", tag, len(content)) + content


def translations(path: Path) -> Dict[str, str]:
    """The finished translations in the .ts file ``path``."""
    found = {}
    for message in ET.parse(path).iter("message"):
        node = message.find("translation")
        if node is not None and node.text and node.get("type") != "unfinished":
            found[message.findtext("source")] = node.text
    return found


def compile_file(source: Path, target: Path) -> None:
    """Write ``target`` (.qm) from ``source`` (.ts)."""
    context = ET.parse(source).findtext("context/name")
    target.write_bytes(compile_messages(translations(source), context))


if __name__ == "__main__":
    compile_file(Path(sys.argv[1]), Path(sys.argv[2]))
