#!/bin/sh
# demo.sh [RGB]: the main job as a user has it, from an RGB raster to a styled layer in QGIS.
# Everything it makes lies in build/demo/, with a QGIS profile of its own.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-/usr/bin/python3}"
demo="$PWD/build/demo"
sample="$demo/OSBS_029.tif"
sample_wheel="deepforest==2.1.0" # carries an aerial picture: 400 x 400 pixels of 0.1 m

rgb="${1:-}"
if [ -n "$rgb" ] && [ ! -f "$rgb" ]; then
    echo "RGB=$rgb is no file: give the path of an RGB raster, or leave RGB out" >&2
    exit 2
fi

scripts/install_system.sh
mkdir -p "$demo"

if [ -z "$rgb" ]; then
    rgb="$sample"
    if [ ! -f "$sample" ]; then
        echo "Fetching the sample picture"
        "$python" -m pip download --disable-pip-version-check --quiet --no-deps \
            --only-binary=:all: --dest "$demo/wheel" "$sample_wheel"
        "$python" scripts/extract_member.py "$demo"/wheel/*.whl \
            deepforest/data/OSBS_029.tif "$sample"
        rm -r "$demo/wheel"
    fi
fi

"$python" scripts/assemble_plugin.py >/dev/null

# Debian bookworm's qgis_process is a wrapper that passes an option the program does not know.
qgis_process="$(command -v qgis_process.bin || command -v qgis_process)"
unset SCDM_PYTHON
export QT_QPA_PLATFORM=offscreen
export GDAL_PAM_ENABLED=NO # QGIS's statistics would lie as .aux.xml beside the user's input
export QGIS_PLUGINPATH="$PWD/build/plugins"
export QGIS_CUSTOM_CONFIG_PATH="$demo/profile"
settings="$QGIS_CUSTOM_CONFIG_PATH/profiles/default/QGIS/QGIS3.ini"
if ! grep -qs '^scdm_qgis=true' "$settings"; then
    echo "Enabling the plugin"
    "$qgis_process" plugins enable scdm_qgis >/dev/null
fi
if [ ! -f "$demo/runtime.ready" ]; then
    echo "Installing the runtime"
    "$qgis_process" run scdm:installruntime -- DEVICE="${DEVICE:-cpu}"
    touch "$demo/runtime.ready"
fi

name="$(basename "$rgb")"
out="$demo/${name%.*}"
mkdir -p "$out"
echo "Upsampling $rgb"
"$qgis_process" run scdm:upsample -- INPUT="$rgb" QUALITY="${QUALITY:-balanced}" SEED=1 \
    OUTPUT="$out/OUTPUT.tif" REPORT="$out/report.html"
"$python" scripts/draw_layer.py "$rgb" "$out/OUTPUT.tif" "$out/quicklook.png"

echo
echo "Hyperspectral raster: $out/OUTPUT.tif"
echo "Quicklook by QGIS:    $out/quicklook.png"
echo "Report:               $out/report.html"
