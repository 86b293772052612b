#!/bin/sh
# make_venv.sh PYTHON FOLDER: the environment for training, tests and the command line.
# It sees the distribution's packages (QGIS, GDAL) and keeps the NumPy that GDAL was built with:
# another one beside Debian's bindings breaks ReadAsArray.
set -eu
python="$1"
folder="$2"

if [ ! -x "$folder/bin/python" ]; then
    "$python" -m venv --system-site-packages "$folder"
fi
"$python" -c 'import numpy; print("numpy==" + numpy.__version__)' >"$folder/constraints.txt"
"$folder/bin/python" -m pip install --disable-pip-version-check --quiet \
    --constraint "$folder/constraints.txt" --editable ".[runtime,cluster,train,dev]"
touch "$folder/.ready"
