"""scdm:installruntime: makes, repairs or removes the worker's Python environment."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy
from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingOutputFolder,
    QgsProcessingOutputString,
)

from ..runtime import install, wheels
from ..runtime.cancelling import cancel_check
from ..runtime.exit_messages import explain
from ..runtime.install import other_sources
from ..runtime.interpreter import own_python
from ..runtime.job import Job, run_json
from ..runtime.locate import WorkerPython, environment_folder, python_of
from ..runtime.log_lines import of_doctor
from ..runtime.pip_failure import explain_pip
from ..runtime.process import Cancelled, ChildProcess
from ..runtime.proxy import proxy_variables
from ..translation import tr
from . import parameters as make
from .base import ScdmAlgorithm, given

ACTIONS = ("install", "repair", "remove")
DEVICES = ("cpu", "cuda")
MODEL_PROBLEM = 3  # the worker's exit code: a fault of the model package, not of the runtime
VENV_PERCENT, PIP_PERCENT, OTHERS_PERCENT, DOCTOR_PERCENT = 5, 10, 50, 90


class InstallRuntimeAlgorithm(ScdmAlgorithm):
    """The environment with ONNX Runtime, in the QGIS profile's folder."""

    help_page = "install"

    def name(self):
        return "installruntime"

    def displayName(self):
        return self.tr("Install runtime")

    def group(self):
        return self.tr("Setup")

    def groupId(self):
        return "setup"

    def shortDescription(self):
        return self.tr("Makes the Python environment that computes, once per QGIS profile.")

    def tags(self):
        return self.tr("setup,onnxruntime,environment,gpu,cuda,offline,repair,scdm").split(",")

    def flags(self):
        return super().flags() & ~QgsProcessingAlgorithm.FlagSupportsBatch

    def purpose(self):
        return self.tr(
            "Makes a Python environment with ONNX Runtime in the QGIS profile's folder "
            "scdm/runtime-pythonX.Y. It uses QGIS's own Python, GDAL and NumPy and changes none "
            "of them. Downloads 24 MB for the CPU, about 2 GB for an NVIDIA GPU."
        )

    def limits(self):
        return self.tr(
            "Whether the GPU's driver is new enough shows only when a model runs on it; the check "
            "at the end says which devices are usable now."
        )

    def example(self):
        return "qgis_process run scdm:installruntime -- DEVICE=cpu"

    def canExecute(self):
        """Always: this is the algorithm that mends a missing runtime."""
        return True, ""

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.choice(
                "ACTION",
                tr("Action"),
                ACTIONS,
                "install",
                tr(
                    "install: create it, unless a working one is there. repair: create it again. "
                    "remove: delete it."
                ),
            ),
            make.choice(
                "DEVICE",
                tr("Device"),
                DEVICES,
                "cpu",
                tr("cpu works everywhere; cuda needs an NVIDIA GPU with a driver for CUDA 13."),
            ),
            make.switch(
                "CLUSTER",
                tr("Cluster support"),
                tr("Also install Dask, which Cluster in Upsample needs (10 MB more)."),
            ),
            make.folder(
                "WHEELS",
                tr("Folder of wheels"),
                tr(
                    "Install from the wheel files in this folder, without network. Empty: from "
                    "PyPI, through QGIS's proxy where one is set."
                ),
            ),
        ):
            self.addParameter(item)
        self.addOutput(QgsProcessingOutputFolder("FOLDER", tr("Environment")))
        self.addOutput(QgsProcessingOutputString("PYTHON", tr("Python of the environment")))

    def prepareAlgorithm(self, parameters, context, feedback):
        self.folder, self.proxy = environment_folder(), proxy_variables()
        return True

    def processAlgorithm(self, parameters, context, feedback):
        action = self.choice(parameters, "ACTION")
        if action == "remove":
            return self._remove(feedback)
        device = self.choice(parameters, "DEVICE")
        cluster = self.parameterAsBool(parameters, "CLUSTER", context)
        there = install.installed_device(self.folder) == device
        there = there and (install.has_cluster(self.folder) or not cluster)
        if action == "install" and there and _works(python_of(self.folder), feedback):
            feedback.pushInfo(tr("The runtime in {} works. Ready.").format(self.folder))
            python = python_of(self.folder)
        else:
            for name in other_sources():
                feedback.pushWarning(
                    tr(
                        "The environment variable {} sends pip to another source of packages than "
                        "PyPI. What is installed from there runs with your rights."
                    ).format(name)
                )
            recipe = self._recipe(device, cluster, self._wheels(parameters, context))
            python = self._build(recipe, feedback)
        return {"FOLDER": str(self.folder), "PYTHON": str(python)}

    def _wheels(self, parameters, context):
        if not given(parameters, "WHEELS"):
            return None
        folder = Path(self.parameterAsString(parameters, "WHEELS", context)).absolute()
        if not folder.is_dir():
            raise QgsProcessingException(
                tr("Folder of wheels '{}' does not exist: choose a folder of .whl files").format(
                    folder
                )
            )
        return folder

    def _recipe(self, device, cluster, wheel_folder):
        try:
            requirements = wheels.requirements(sys.version_info[:2], device, cluster)
        except ValueError as error:
            raise QgsProcessingException(str(error)) from error
        python = own_python()
        if python is None:
            raise QgsProcessingException(
                tr(
                    "QGIS's Python {version} was not found under {folder}: install python3 of the "
                    "same version, or set SCDM_PYTHON to a Python with onnxruntime and GDAL"
                ).format(version="{}.{}".format(*sys.version_info[:2]), folder=sys.prefix)
            )
        return install.Recipe(
            base_python=python,
            base_has_pip=importlib.util.find_spec("pip") is not None,
            folder=self.folder,
            device=device,
            requirements=requirements,
            numpy_version=numpy.__version__,
            wheels=wheel_folder,
            cluster=cluster,
        )

    def _build(self, recipe, feedback):
        text = tr("Installs {packages} into {folder}")
        packages = ", ".join(recipe.requirements)
        feedback.pushInfo(text.format(packages=packages, folder=recipe.folder))
        steps = _Steps(feedback, self.proxy, recipe)
        try:
            python = install.build(recipe, steps.run, lambda new: _check(new, recipe, feedback))
        except Cancelled:
            raise QgsProcessingException(tr("Cancelled: nothing was installed")) from None
        except OSError as error:
            raise QgsProcessingException(
                tr(
                    "{folder} cannot be written: {error}. Close other QGIS windows that use the "
                    "runtime and check the folder's permissions"
                ).format(folder=recipe.folder, error=error)
            ) from error
        feedback.setProgress(100)
        feedback.pushInfo(tr("Ready."))
        return python

    def _remove(self, feedback):
        try:
            there = install.remove(self.folder)
        except OSError as error:
            raise QgsProcessingException(
                tr(
                    "{folder} cannot be removed: {error}. Close other QGIS windows and try again"
                ).format(folder=self.folder, error=error)
            ) from error
        text = tr("Removed {}") if there else tr("{} was not there")
        feedback.pushInfo(text.format(self.folder))
        return {"FOLDER": str(self.folder)}


class _Steps:
    """Runs the installation's steps with their lines in the log."""

    def __init__(self, feedback, proxy, recipe):
        self._feedback, self._proxy, self._recipe = feedback, proxy, recipe
        self._percent = [VENV_PERCENT, PIP_PERCENT, OTHERS_PERCENT]

    def run(self, title, argv):
        """Run ``argv``; raises Cancelled or QgsProcessingException."""
        feedback = self._feedback
        feedback.setProgressText(title)
        percent = float(self._percent.pop(0))
        feedback.pushCommandInfo(" ".join(argv))
        cancelled = cancel_check(feedback)
        with ChildProcess(argv, _environment(self._proxy), Path(argv[0]).parent) as child:
            for line in child.lines(cancelled):
                feedback.pushConsoleInfo(line)
                percent += (DOCTOR_PERCENT - percent) * 0.08  # pip does not say how many come
                feedback.setProgress(percent)
            code = child.wait(cancelled)
            if code != 0:
                raise QgsProcessingException(self._failure(title, code, child.stderr_tail()))

    def _failure(self, title, code, said):
        recipe = self._recipe
        wanted = [name for name in recipe.requirements if name != "numpy"]
        exact = [*wanted, f"numpy=={recipe.numpy_version}"]
        why = explain_pip(said, wanted, recipe.wheels, exact) or explain(code, said)
        return tr("{step} failed. {why}").format(step=title, why=why)


def _environment(proxy):
    """Variables for a Python that is not the one running here, behind ``proxy``."""
    foreign = ("PYTHONHOME", "PYTHONPATH", "LD_PRELOAD", "__PYVENV_LAUNCHER__", "PIP_TARGET")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, **proxy, "PYTHONUTF8": "1"}


def _check(python, recipe, feedback):
    """Ask the new runtime what it can do; raises when it does not start."""
    feedback.setProgress(DOCTOR_PERCENT)
    feedback.setProgressText(tr("Checking the runtime"))
    facts = _doctor(python, feedback)
    for problem in facts.pop("problems", []):
        feedback.pushWarning(f"{problem['message']}: {problem['remedy']}")
    for line in of_doctor(facts):
        feedback.pushInfo(line)
    if recipe.device == "cuda" and facts.get("device") != "cuda":
        feedback.pushWarning(
            tr("The GPU is not usable: check the NVIDIA driver (nvidia-smi); the CPU will be used")
        )


def _works(python, feedback):
    try:
        _doctor(python, feedback)
    except QgsProcessingException as error:
        if feedback.isCanceled():
            raise
        feedback.pushWarning(
            tr("The runtime that is there does not work and is created again. {}").format(error)
        )
        return False
    return True


def _doctor(python, feedback):
    worker = WorkerPython(python, "SCDM: Install runtime")
    job = Job(worker, ("doctor", "--json"))
    return run_json(job, feedback, accepted=(0, MODEL_PROBLEM))
