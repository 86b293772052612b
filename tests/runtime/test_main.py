"""The command line: exit codes, one line for a user's mistake, events on stdout alone."""

import errno
import json
import subprocess
import sys

import pytest

from model_runtime import __main__ as main_module
from model_runtime.__main__ import main, to_scdm_error
from model_runtime.errors import DeviceError, InputError, PackageError, StorageError


@pytest.fixture
def failing(monkeypatch):
    """A function: the ``doctor`` command will raise this."""

    def fail_with(error):
        from model_runtime.commands import doctor

        def run(args, events):
            raise error

        monkeypatch.setattr(doctor, "run", run)

    return fail_with


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (InputError("bad", "mend"), 2, "input"),
        (PackageError("bad", "mend"), 3, "model"),
        (DeviceError("bad", "mend"), 4, "device"),
        (StorageError("bad", "mend"), 5, "storage"),
        (MemoryError(), 4, "device"),
        (ModuleNotFoundError("No module named 'osgeo'", name="osgeo"), 4, "device"),
        (OSError(errno.ENOSPC, "No space left on device"), 5, "storage"),
        (PermissionError(errno.EACCES, "Permission denied", "o.tif"), 5, "storage"),
        (KeyboardInterrupt(), 130, "cancelled"),
        (BrokenPipeError(), 130, "cancelled"),
        (ZeroDivisionError("two\nlines"), 1, "internal"),
    ],
)
def test_each_end_has_its_exit_code_and_one_line(failing, capsys, error, code, kind):
    failing(error)
    assert main(["doctor"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1 and said.err.startswith("error: ")
    assert main(["doctor", "--events"]) == code
    said = capsys.readouterr()
    event = json.loads(said.out)
    assert (event["event"], event["kind"]) == ("error", kind)
    assert said.err == ""


def test_debug_shows_where(failing, capsys):
    failing(InputError("bad", "mend"))
    assert main(["doctor", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_internal_error_says_how_to_learn_more(failing, capsys):
    failing(ZeroDivisionError("x"))
    main(["doctor"])
    assert "--debug" in capsys.readouterr().err


def test_a_full_disk_says_to_make_room():
    assert "room" in to_scdm_error(OSError(errno.ENOSPC, "No space left on device")).remedy


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["upsample"],
        ["upsample", "a.tif", "b.tif", "--quality", "superb"],
        ["upsample", "a.tif", "b.tif", "--bands", "1,x,3"],
        ["upsample", "a.tif", "b.tif", "--steps", "2.5"],
        ["upsample", "a.tif", "b.tif", "--no-such-option"],
        ["upsample", "a.tif", "b.tif", "--extent", "-5,a,1,2"],
    ],
)
def test_a_wrong_command_line_is_exit_2_in_one_line(words, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "--help" in said


@pytest.mark.parametrize("option", ["--extent", "--guidance"])
def test_values_may_begin_with_a_minus_sign(option):
    assert main_module._join_signed_options([option, "-5.5,1"]) == [f"{option}=-5.5,1"]
    assert main_module._join_signed_options([option, "--events"]) == [option, "--events"]


@pytest.mark.parametrize("words", [["--help"], ["upsample", "--help"], ["--version"]])
def test_help_needs_no_gdal_and_no_onnxruntime(words):
    code = (
        "import sys; from model_runtime.__main__ import main; code = main(sys.argv[1:]);"
        "loaded = {'osgeo', 'onnxruntime', 'torch'} & set(sys.modules);"
        "sys.exit(f'loaded {loaded}' if loaded else code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_a_commands_help_keeps_capitals_within_its_sentence(capsys):
    assert main(["simulate-rgb", "--help"]) == 0
    assert "The RGB that a hyperspectral raster would give." in capsys.readouterr().out


def test_a_command_imports_no_other():
    asked = (
        "import sys, model_runtime.__main__ as main; main.main(['describe', '--json']);"
        "sys.exit(any(m in sys.modules for m in ('model_runtime.commands.upsample', 'osgeo')))"
    )
    assert subprocess.run([sys.executable, "-c", asked], stdout=subprocess.DEVNULL).returncode == 0
