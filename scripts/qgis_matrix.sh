#!/bin/sh
# qgis_matrix.sh [SUITE...]: the plugin's tests on the QGIS of other Debian releases, each in a
# chroot of its own (default: trixie and sid). As root, with debootstrap; the chroots stay in
# $SCDM_CHROOTS and a second run only tests. Prints one line a suite at the end.
set -eu
cd "$(dirname "$0")/.."
chroots="${SCDM_CHROOTS:-/var/cache/scdm-qgis-matrix}"
mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
python="${PYTHON:-/usr/bin/python3}"
packages="qgis python3-qgis qgis-providers gdal-bin python3-gdal python3-numpy python3-matplotlib
python3-pip python3-venv"
wheels="pytest>=8,<10 pytest-qgis>=4.1,<6 hypothesis>=6.100,<7 onnx>=1.20,<1.24 onnxruntime>=1.30,<1.33"
in_process="tests/plugin" # QGIS inside pytest
outside="tests/end_to_end/test_qgis_process.py tests/end_to_end/test_model_chain.py
tests/end_to_end/test_convert.py tests/end_to_end/test_convert_algorithm.py
tests/end_to_end/test_match_spectra.py tests/end_to_end/test_simulate_sensor.py
tests/end_to_end/test_calibrate.py tests/end_to_end/test_web_layer.py"
results=""

[ "$(id -u)" -eq 0 ] || { echo "Become root: chroots need it." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "Install the package debootstrap." >&2; exit 1; }
chroots="$(mkdir -p "$chroots" && cd "$chroots" && pwd)"

inside() { # SUITE COMMAND...: run in the suite's chroot
    suite_root="$chroots/$1"
    shift
    chroot "$suite_root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=/run/scdm \
        PYTHONFAULTHANDLER=1 "$@"
}

prepare() { # SUITE: the system, QGIS in it
    root="$chroots/$1"
    [ -e "$root/.qgis.ready" ] && return 0
    [ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase "$1" "$root" "$mirror"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no services are started
    chmod +x "$root/usr/sbin/policy-rc.d"
    # Mirrors lag, and a chroot needs no user of its own for downloads.
    apt="apt-get -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false"
    # shellcheck disable=SC2086 # words are meant
    inside "$1" $apt update && inside "$1" $apt install --yes --no-install-recommends $packages
    touch "$root/.qgis.ready"
}

environment() { # SUITE: pytest and ONNX Runtime, downloaded out here for the Python in there
    root="$chroots/$1"
    [ "$(cat "$root/opt/venv/.ready" 2>/dev/null)" = "$wheels" ] && return 0
    version="$(inside "$1" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    numpy="$(inside "$1" python3 -c 'import numpy; print(numpy.__version__)')"
    mkdir -p "$root/opt/wheels"
    # shellcheck disable=SC2086 # words are meant
    "$python" -m pip download --quiet --disable-pip-version-check --dest "$root/opt/wheels" \
        --only-binary=:all: --python-version "$version" $wheels "numpy==$numpy"
    inside "$1" python3 -m venv --system-site-packages /opt/venv
    # shellcheck disable=SC2086 # words are meant
    inside "$1" /opt/venv/bin/python -m pip install --quiet --no-index \
        --find-links=/opt/wheels $wheels
    echo "$wheels" >"$root/opt/venv/.ready"
}

checkout() { # SUITE: what the tests need of this folder, a copy
    root="$chroots/$1/opt/checkout"
    rm -rf "$root" && mkdir -p "$root"
    tar --exclude=__pycache__ --exclude=build --exclude=dist --exclude=.venv --exclude=.git \
        --exclude=runs -cf - . | tar -xf - -C "$root"
}

run_tests() { # SUITE: both halves, each in a pytest of its own
    mkdir -p -m 700 "$chroots/$1/run/scdm"
    for mount in proc sys; do
        mountpoint -q "$chroots/$1/$mount" || mount --bind "/$mount" "$chroots/$1/$mount"
    done
    mountpoint -q "$chroots/$1/dev" || mount --bind /dev "$chroots/$1/dev"
    run="cd /opt/checkout && /opt/venv/bin/python -m pytest -p no:cacheprovider"
    inside "$1" sh -c "$run $in_process" && first=0 || first=1
    # shellcheck disable=SC2086 # words are meant
    inside "$1" sh -c "$run -p no:pytest_qgis $(echo $outside)" && return "$first"
    return 1
}

release() { # SUITE: let go of the mounts, so that the folder can be removed safely
    for mount in dev sys proc; do
        if mountpoint -q "$chroots/$1/$mount"; then umount "$chroots/$1/$mount"; fi
    done
}

failed=0
for suite in ${*:-trixie sid}; do
    log="$chroots/$suite.log"
    if (set -e; prepare "$suite"; environment "$suite"; checkout "$suite") >"$log" 2>&1; then
        qgis="$(inside "$suite" dpkg-query -W -f '${Version}' qgis)"
        trap 'release "$suite"' EXIT INT TERM
        run_tests "$suite" >>"$log" 2>&1 || failed=1
        release "$suite" || failed=1 # what was found is told all the same
        tail="$(grep -E '^[0-9]+ (passed|failed|error)' "$log" | tail -n 2 | paste -sd ';')"
    else
        qgis="-" tail="not prepared" failed=1
    fi
    results="$results$suite: QGIS $qgis: $tail (log: $log)
"
done
printf '%s' "$results"
exit "$failed"
