"""What a run tells of itself in the log: sentences, not the fields of its events."""

from typing import Any, Iterator, Mapping

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..translation import tr

_TAKEN = {
    "reflectance": QT_TRANSLATE_NOOP("scdm", "Radiometry: taken as reflectance ({why})."),
    "match": QT_TRANSLATE_NOOP("scdm", "Radiometry: matched ({why})."),
    "srgb": QT_TRANSLATE_NOOP("scdm", "Radiometry: matched, sRGB's curve undone ({why})."),
}
_GIB = 2**30


def of_start(event: Mapping[str, Any]) -> Iterator[str]:
    """What is gone on with, bands, radiometry, size and device, of a ``started`` event."""
    for key in ("resumed", "bands", "radiometry_in_words", "device_in_words"):
        if event.get(key):
            yield str(event[key]).rstrip(".") + "."
    size = {name: event.get(name) for name in ("columns", "rows", "tiles")}
    if all(isinstance(number, int) for number in size.values()):
        yield tr("{columns} × {rows} pixels, tiles: {tiles}").format(**size)
    if event.get("device"):
        yield tr("Device: {device}, seed: {seed}").format(
            device=event["device"], seed=event.get("seed", 0)
        )


def of_end(event: Mapping[str, Any]) -> Iterator[str]:
    """Radiometry, if not said at the start, samples and duration, of a run's events."""
    taken, why = event.get("radiometry"), event.get("radiometry_why")
    if taken and why and not event.get("radiometry_in_words"):
        yield tr(_TAKEN.get(taken, "{taken} ({why})")).format(taken=taken, why=why)
    if event.get("samples"):
        yield tr("Samples per pixel: {}").format(event["samples"])
    if event.get("reused"):
        yield tr("Taken from the unfinished run: {} parts").format(event["reused"])
    if isinstance(event.get("seconds"), (int, float)):
        yield tr("Finished in {:.1f} s").format(event["seconds"])


def of_doctor(facts: Mapping[str, Any]) -> Iterator[str]:
    """Versions, device and memory, of ``doctor --json``."""
    versions = (("Python", "python"), ("ONNX Runtime", "onnxruntime"), ("GDAL", "gdal"))
    yield ", ".join(f"{title} {facts[key]}" for title, key in versions if facts.get(key))
    device, cores = facts.get("device"), facts.get("cores")
    if device:
        yield tr("Device: {device}, {cores} cores").format(device=device, cores=cores)
    total = (facts.get("memory_bytes") or {}).get("total")
    if total:
        yield tr("Memory: {:.1f} GiB").format(total / _GIB)
    model = facts.get("model")
    if model:
        yield tr("The model {name} {version} runs.").format(**model)
