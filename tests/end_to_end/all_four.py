"""All four algorithms, a batch and the modeler's model through processing.run, as in a script.

``all_four.py PLUGINS PROFILE WHEELS MODEL CHAIN CUBE``, in a QGIS without a window; writes into the
current folder and prints, as one JSON object, what each run returned.
"""

import json
import sys

from qgis.core import QgsApplication, QgsProcessingFeedback, QgsProcessingModelAlgorithm

sys.path[:0] = ["/usr/share/qgis/python/plugins", sys.argv[1]]

BATCH = ("north.tif", "south.tif", "west.tif")


def start(profile):
    """A QGIS with our provider in a profile of its own; keep both that come back."""
    application = QgsApplication([], False, profile)
    application.initQgis()
    from processing.core.Processing import Processing

    Processing.initialize()
    import scdm_qgis

    plugin = scdm_qgis.classFactory(None)
    plugin.initProcessing()
    return application, plugin


def run_all(wheels, model, chain, cube):
    """(name, results) of each run, in order: each needs what came before."""
    import processing

    def run(name, **words):
        return processing.run(name, words, feedback=QgsProcessingFeedback(False))

    fast = {"MODEL": model, "QUALITY": "fast", "SEED": 1}
    yield "installruntime", run("scdm:installruntime", DEVICE="cpu", WHEELS=wheels)
    yield "simulatergb", run("scdm:simulatergb", INPUT=cube, MODEL=model, OUTPUT="rgb.tif")
    yield (
        "upsample",
        run("scdm:upsample", INPUT="rgb.tif", OUTPUT="estimate.tif", REPORT="page.html", **fast),
    )
    judged = run("scdm:evaluate", ESTIMATE="estimate.tif", REFERENCE=cube, REPORT="metrics.html")
    yield "evaluate", judged
    for name in BATCH:
        yield name, run("scdm:upsample", INPUT=name, OUTPUT=f"cube_{name}", **fast)
    whole = QgsProcessingModelAlgorithm()
    whole.fromFile(chain)
    yield "chain", run(whole, CUBE=cube, MODEL=model, QUALITY="fast", **named_outputs())
    yield "remove", run("scdm:installruntime", ACTION="remove")


def named_outputs():
    """The model's outputs by the names of old and new QGIS."""
    files = {"simulate:RGB": "r.tif", "upsample:ESTIMATE": "e.tif", "evaluate:REPORT": "m.html"}
    return {**files, **{name.partition(":")[2]: file for name, file in files.items()}}


if __name__ == "__main__":
    kept = start(sys.argv[2])
    print(json.dumps(dict(run_all(*sys.argv[3:])), default=str), flush=True)
