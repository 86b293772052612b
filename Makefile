# What people and CI call; the work is in scripts/.
# PYTHON is the distribution's: QGIS's and GDAL's bindings are built for it.
export PYTHON ?= /usr/bin/python3
VENV := .venv
RGB ?=
SUITES ?= trixie sid

.PHONY: help setup plugin i18n test test-runtime test-gpu test-qgis-matrix check-qt6 lint format demo bench bench-gpu bench-quality bench-leave-one-out clean

help:
	@echo "make setup          install what is missing, make .venv (Debian, Ubuntu)"
	@echo "make test           all tests"
	@echo "make test-runtime   the runtime's tests: a minute, without QGIS and torch"
	@echo "make test-gpu       the tests that need CUDA, wherever it is (GPU_PYTHON)"
	@echo "make test-qgis-matrix  the plugin's tests on QGIS 3.40 and 3.44 in chroots (root)"
	@echo "make check-qt6      look up the plugin's Qt names in PyQt6 (downloads it)"
	@echo "make lint           ruff: rules and format; mypy: types of model_runtime"
	@echo "make plugin         assemble build/plugins/scdm_qgis and dist/scdm_qgis-VERSION.zip"
	@echo "make i18n           bring the translations' source texts up to date"
	@echo "make demo           the main job in QGIS on a public sample, or on RGB=path"
	@echo "make bench          speed, beside torch and a one-shot network (BENCH_OPTIONS)"
	@echo "make bench-gpu      all that a GPU is measured by, in 8 minutes (GPU_OPTIONS, GPU_PYTHON)"
	@echo "make bench-quality  models and baselines on ../shared/data (MODELS, QUALITY_OPTIONS)"
	@echo "make bench-leave-one-out  trained without each sensor, judged on it (LEAVE_OPTIONS)"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml scripts/install_system.sh scripts/make_venv.sh
	scripts/install_system.sh
	scripts/make_venv.sh $(PYTHON) $(VENV)

plugin:
	$(PYTHON) scripts/assemble_plugin.py

test: setup
	$(VENV)/bin/python -m pytest

# Of an environment as CONTRIBUTING.md has it; pytest-qgis would open a QGIS where there is one.
test-runtime:
	$(VENV)/bin/python -m pytest -p no:pytest_qgis tests/runtime tests/test_architecture.py tests/test_import_rules.py

# A GPU's machine has a torch of its own: any Python that has pytest, torch and onnxruntime-gpu.
GPU_PYTHON ?= $(if $(wildcard $(VENV)/bin/python),$(VENV)/bin/python,python3)

test-gpu:
	$(GPU_PYTHON) -m pytest -p no:pytest_qgis -rs tests/gpu

bench-gpu:
	$(GPU_PYTHON) benchmarks/gpu_bench.py $(GPU_OPTIONS)

test-qgis-matrix:
	scripts/qgis_matrix.sh $(SUITES)

check-qt6:
	$(PYTHON) -m venv build/pyqt6
	build/pyqt6/bin/pip install --quiet PyQt6==6.11.0
	build/pyqt6/bin/python scripts/check_qt6.py

i18n:
	$(PYTHON) scripts/extract_texts.py scdm_qgis/i18n/scdm_de.ts

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

demo:
	@scripts/demo.sh "$(RGB)"

bench: setup
	$(VENV)/bin/python benchmarks/speed.py $(BENCH_OPTIONS)

bench-quality: setup
	$(VENV)/bin/python benchmarks/quality.py $(if $(MODELS),--model $(MODELS)) $(QUALITY_OPTIONS)

bench-leave-one-out: setup
	$(VENV)/bin/python benchmarks/leave_one_out.py $(LEAVE_OPTIONS)

clean:
	rm -rf build dist
