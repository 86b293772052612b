#!/bin/sh
# Installs QGIS and what the project needs of the distribution, where it is missing.
# Debian and Ubuntu, as root or with sudo; elsewhere it says what to install.
set -eu

packages="make qgis python3-qgis qgis-providers gdal-bin python3-gdal python3-numpy python3-matplotlib
python3-pip python3-venv ca-certificates"
needed="qgis.core osgeo.gdal numpy matplotlib pip venv ensurepip"

whole() {
    command -v make >/dev/null && command -v qgis_process >/dev/null &&
        "${PYTHON:-/usr/bin/python3}" - $needed 2>/dev/null <<'CHECK'
import importlib.util, sys
sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))
CHECK
}

if whole; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "Install QGIS >= 3.22 with qgis_process, its Python bindings, GDAL's Python bindings," \
        "NumPy, matplotlib, pip and venv for /usr/bin/python3, then run this again." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    root=""
elif command -v sudo >/dev/null; then
    root="sudo"
else
    echo "Become root and run: apt-get install" $packages >&2
    exit 1
fi
$root apt-get update
# shellcheck disable=SC2086 # words are meant
$root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends $packages </dev/null
whole || {
    echo "QGIS is installed but /usr/bin/python3 does not see all of: $needed" >&2
    exit 1
}
