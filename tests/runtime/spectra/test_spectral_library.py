"""Reference spectra from ENVI libraries and tables."""

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.spectra.spectral_library import (
    LibraryError,
    Reference,
    choose,
    read,
    read_all,
)

HEADER = """ENVI
samples = 4
lines   = 2
bands   = 1
header offset = {offset}
file type = ENVI Spectral Library
data type = {kind}
interleave = bsq
byte order = {order}
reflectance scale factor = {factor}
wavelength units = Micrometers
spectra names = {{
 grass, lawn,
 roof }}
wavelength = {{
 0.9, 0.4,
 0.5, 0.6 }}
"""


@pytest.mark.parametrize(
    "dtype, kind, order, factor, offset",
    [("<f4", 4, 0, 1.0, 0), (">i2", 2, 1, 10000, 16), ("<u2", 12, 0, 10000, 0)],
)
def test_an_envi_library(tmp_path, dtype, kind, order, factor, offset):
    header = HEADER.replace("grass, lawn,\n roof", "grass,\n roof")
    text = header.format(kind=kind, order=order, factor=factor, offset=offset)
    (tmp_path / "refs.hdr").write_text(text)
    values = np.array([[0.5, 0.1, 0.2, 0.3], [0.4, 0.4, 0.3, 0.25]])
    stored = np.rint(values * factor) if factor > 1 else values
    (tmp_path / "refs.sli").write_bytes(b"x" * offset + stored.astype(dtype).tobytes())
    grass, roof = read(tmp_path / "refs.sli")
    assert (grass.name, roof.name) == ("grass", "roof")
    assert grass.wavelength_nm == pytest.approx([400, 500, 600, 900])
    assert grass.values == pytest.approx([0.1, 0.2, 0.3, 0.5], abs=1e-4)
    assert roof.values == pytest.approx([0.4, 0.3, 0.25, 0.4], abs=1e-4)


def test_a_header_beside_its_data_with_both_endings(tmp_path):
    text = HEADER.replace("grass, lawn,\n roof", "a, b")
    (tmp_path / "r.sli.hdr").write_text(text.format(kind=4, order=0, factor=1, offset=0))
    (tmp_path / "r.sli").write_bytes(np.ones(8, "<f4").tobytes())
    assert [one.name for one in read(tmp_path / "r.sli")] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "nm,grass,roof\n500,0.1,0.4\n400,0.2,\n",
        "\ufeffum;grass;roof\n0,5;0,1;0,4\n0,4;0,2;\n",
        "0.5\t0.1\t0.4\n0.4\t0.2\t\n",
    ],
)
def test_tables_as_people_have_them(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    first, second = read(path)
    assert first.wavelength_nm == pytest.approx([400, 500])
    assert first.values == pytest.approx([0.2, 0.1])
    assert np.isnan(second.values[0]) and second.values[1] == pytest.approx(0.4)


@pytest.mark.parametrize(
    "name, content",
    [
        ("lonely.sli", b"\0" * 16),
        ("words.csv", b"hello\nworld\n"),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(128, 256))),
    ],
)
def test_what_is_no_library_is_told(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LibraryError, match="be read as spectra"):
        read(tmp_path / name)


def test_a_library_cut_short_is_told(tmp_path):
    (tmp_path / "r.hdr").write_text(HEADER.format(kind=4, order=0, factor=1, offset=0))
    (tmp_path / "r.sli").write_bytes(b"\0" * 20)
    with pytest.raises(LibraryError, match="cannot be read"):
        read(tmp_path / "r.sli")


ECOSTRESS = """Name: Construction Concrete
Type: manmade
Class: Concrete
Origin: The Johns Hopkins University; contact, someone
X Units: Wavelength (micrometers)
Y Units: Reflectance (percentage)
First X Value: 14.0112
Number of X Values: 3

1.0\t30.0
0.5\t20.0
0.4\t10.0
"""
SPLIB07 = " splib07a Record=123: Acmite NMNH133746   ASDFRb AREF\n 1.0e-1\n -1.23e34\n 3.0e-1\n"
SPLIB06 = """USGS Digital Spectral Library splib06a
ASCII Spectral Data file contents:
line 15 title

Acmite NMNH133746 Pyroxene W1R1Ba AREF
      0.400000       0.100000       0.001
      0.500000       0.200000       0.002
      0.600000      -1.23e34        0.002
"""
OF_ONE = {
    "eco.spectrum.txt": (ECOSTRESS, "Construction Concrete", [400, 500, 1000], [0.1, 0.2, 0.3]),
    "splib06.txt": (SPLIB06, "splib06", [400, 500, 600], [0.1, 0.2, np.nan]),
    "blanks.txt": ("400  0.1\n500   0.2\n600 0.3\n", "blanks", [400, 500, 600], [0.1, 0.2, 0.3]),
    "comments.csv": (
        "# made by hand\n% twice\nnm,grass\n400,0.1\n500,0.2\n",
        *("grass", [400, 500], [0.1, 0.2]),
    ),
    "percent.csv": (
        "nm,grass\n400,4\n500,45\n600,50\n",
        "grass",
        [400, 500, 600],
        [0.04, 0.45, 0.5],
    ),
    "counts.csv": ("nm,grass\n400,400\n500,4500\n", "grass", [400, 500], [0.04, 0.45]),
    "waves.txt": ("cm-1 ice\n25000 0.1\n10000 0.2\n", "ice", [400, 1000], [0.1, 0.2]),
}


@pytest.mark.parametrize("name", sorted(OF_ONE))
@pytest.mark.filterwarnings("error")
def test_text_files_as_archives_have_them(tmp_path, name):
    text, title, nm, values = OF_ONE[name]
    (tmp_path / name).write_text(text)
    (one,) = read(tmp_path / name)
    assert one.name == title
    assert one.wavelength_nm == pytest.approx(nm)
    assert one.values == pytest.approx(values, nan_ok=True)


def test_a_guess_of_the_unit_is_told(tmp_path):
    (tmp_path / "p.csv").write_text(OF_ONE["percent.csv"][0])
    assert read(tmp_path / "p.csv")[0].notice == "read as percent"


@pytest.mark.parametrize(
    "text",
    [
        "name,400,500,600\ngrass,0.1,0.2,0.3\nsoil,0.2,0.3,\n",
        "id,400,500,600\n1,0.1,0.2,0.3\n2,0.2,0.3,0.4\n",
        ";0,4;0,5;0,6\ngrass;0,1;0,2;0,3\nsoil;0,2;0,3;0,4\n",
    ],
)
def test_wavelengths_along_the_first_row(tmp_path, text):
    (tmp_path / "transposed.csv").write_text(text)
    first, second = read(tmp_path / "transposed.csv")
    assert first.wavelength_nm == pytest.approx([400, 500, 600])
    assert first.values == pytest.approx([0.1, 0.2, 0.3])
    assert second.values[:2] == pytest.approx([0.2, 0.3])


@pytest.mark.parametrize(
    "head",
    ["name,class,site,400,500,600", "name,class,lat,X400,X500,X600", "a,b,c,400 nm,500nm,600 nm"],
)
def test_tables_of_the_field_have_more_than_a_name_before_the_wavelengths(tmp_path, head):
    (tmp_path / "field.csv").write_text(
        f"{head}\noak,tree,45.1,0.1,0.2,0.3\nsoil,bare,45.2,1,2,3\n"
    )
    oak, soil = read(tmp_path / "field.csv")
    assert (oak.name, soil.name) == ("oak", "soil")
    assert oak.wavelength_nm == pytest.approx([400, 500, 600])
    assert oak.values / oak.values[0] == pytest.approx([1, 2, 3])


def test_where_names_come_twice_the_other_labels_are_added(tmp_path):
    rows = "plot,date,400,500,600\n7,May,0.1,0.2,0.3\n7,June,0.2,0.3,0.4\n"
    (tmp_path / "twice.csv").write_text(rows)
    assert [one.name for one in read(tmp_path / "twice.csv")] == ["7 May", "7 June"]


def test_numbers_before_the_wavelengths_are_no_values(tmp_path):
    """The first column was taken for wavelengths: plots 101 to 103."""
    rows = "plot,lat,400,500,600\n101,45.1,0.1,0.2,0.3\n102,45.2,0.2,0.3,0.4\n103,45,0.1,0.1,0.1\n"
    (tmp_path / "plots.csv").write_text(rows)
    found = read(tmp_path / "plots.csv")
    assert [one.name for one in found] == ["101", "102", "103"]
    assert found[0].values == pytest.approx([0.1, 0.2, 0.3])


def test_samples_that_are_numbered_stand_in_columns(tmp_path):
    (tmp_path / "columns.csv").write_text("nm,1,2,3\n400,0.1,0.2,0.3\n500,0.2,0.3,0.4\n")
    assert [one.name for one in read(tmp_path / "columns.csv")] == ["1", "2", "3"]


def test_usgs_values_find_their_wavelengths(tmp_path):
    folder = tmp_path / "ASCIIdata" / "Minerals"
    folder.mkdir(parents=True)
    (folder / "acmite.txt").write_text(SPLIB07)
    with pytest.raises(LibraryError, match=r"one column of 3 values: put the file with their 3"):
        read(folder / "acmite.txt")
    lengths = " splib07a Record=1: Wavelengths ASD\n 0.4\n 0.5\n 0.6\n"
    (folder.parent / "splib07a_Wavelengths_ASD.txt").write_text(lengths)
    (folder.parent / "splib07a_Wavelengths_NIC4.txt").write_text(" x\n 0.4\n 0.5\n")
    (one,) = read(folder / "acmite.txt")
    assert one.name == "Acmite NMNH133746   ASDFRb AREF".replace("   ", " ")
    assert one.wavelength_nm == pytest.approx([400, 500, 600])
    assert one.values == pytest.approx([0.1, np.nan, 0.3], nan_ok=True)


@pytest.mark.parametrize(
    "text", ["a,b\n0.5,400\n0.1,500\n0.3,600\n0.1,700\n", "x y\n1 nan\n2 nan\n"]
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_table_of_spectra_says_why(tmp_path, text):
    (tmp_path / "odd.txt").write_text(text)
    with pytest.raises(LibraryError, match=r"must be wavelengths|no values|no rows of numbers"):
        read(tmp_path / "odd.txt")


def test_units_and_groups_are_kept(tmp_path):
    (tmp_path / "eco.txt").write_text(ECOSTRESS)
    (tmp_path / "waves.txt").write_text(OF_ONE["waves.txt"][0])
    (tmp_path / "nm.csv").write_text("nm,grass\n400,0.1\n500,0.2\n")
    (eco,), (ice,), (grass,) = (read(tmp_path / n) for n in ("eco.txt", "waves.txt", "nm.csv"))
    assert (eco.unit, ice.unit, grass.unit) == ("µm", "cm-1", "nm")
    assert (eco.group, grass.group) == ("manmade Concrete", "")


def test_an_envi_library_of_percent_without_a_factor(tmp_path):
    text = HEADER.replace("reflectance scale factor = {factor}\n", "")
    (tmp_path / "r.hdr").write_text(text.format(kind=4, order=0, offset=0))
    values = np.array([[50, 10, 20, 30], [40, 40, 30, -1.23e34]], "<f4")
    (tmp_path / "r.sli").write_bytes(values.tobytes())
    first, second = read(tmp_path / "r.sli")[:2]
    assert first.values == pytest.approx([0.1, 0.2, 0.3, 0.5])
    assert second.values == pytest.approx([0.4, 0.3, np.nan, 0.4], nan_ok=True)
    assert first.notice == "read as percent"


def test_points_of_a_table_without_a_value(tmp_path):
    (tmp_path / "t.csv").write_text("nm,grass\n400,10\n500,-9999\n600,30\n700,-1.23e34\n")
    (one,) = read(tmp_path / "t.csv")
    assert one.notice == "read as percent"
    assert one.values == pytest.approx([0.1, np.nan, 0.3, np.nan], nan_ok=True)


@pytest.mark.parametrize("said", ["bbl = {1, 0, 1, 1}", "data ignore value = 0.7"])
def test_points_of_an_envi_library_without_a_value(tmp_path, said):
    text = HEADER.format(kind=4, order=0, factor=1, offset=0)
    (tmp_path / "r.hdr").write_text(text + said + "\n")
    values = np.array([[0.5, 0.7, 0.2, 0.3], [0.4, 0.7, 0.3, -9999]], "<f4")
    (tmp_path / "r.sli").write_bytes(values.tobytes())
    first, second = read(tmp_path / "r.sli")[:2]
    assert first.values == pytest.approx([np.nan, 0.2, 0.3, 0.5], nan_ok=True)
    assert second.values == pytest.approx([np.nan, 0.3, np.nan, 0.4], nan_ok=True)


def test_a_folder_is_read_without_what_is_no_library(tmp_path):
    folder = tmp_path / "usgs" / "minerals"
    folder.mkdir(parents=True)
    (folder / "acmite.txt").write_text(SPLIB07)
    (folder.parent / "Wavelengths_ASD.txt").write_text(" x\n 0.4\n 0.5\n 0.6\n")
    (folder / "b.csv").write_text("nm,grass\n400,0.1\n500,0.2\n")
    (folder / "notes.txt").write_text("nothing here\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    found, left_out = read_all([folder.parent])
    assert [one.name for one in found] == ["Acmite NMNH133746 ASDFRb AREF", "grass"]
    assert len(left_out) == 1 and "notes.txt" in left_out[0]


def test_a_folder_without_spectra_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no spectra"):
        read_all([tmp_path])


@pytest.mark.parametrize(
    "patterns, names",
    [
        ([], ["Oak leaf", "Oak bark", "Concrete"]),
        (["oak"], ["Oak leaf", "Oak bark"]),
        (["LEAF", "manmade"], ["Oak leaf", "Concrete"]),
        (["o?k*f"], ["Oak leaf"]),
        (["oak", ""], ["Oak leaf", "Oak bark"]),
    ],
)
def test_spectra_are_chosen_by_name_or_group(patterns, names):
    nm = np.array([400.0, 500.0])
    library = [
        Reference("Oak leaf", nm, nm, group="vegetation"),
        Reference("Oak bark", nm, nm, group="vegetation"),
        Reference("Concrete", nm, nm, group="manmade"),
    ]
    assert [one.name for one in choose(library, patterns)] == names


def test_a_choice_of_nothing_is_refused_with_some_names():
    nm = np.array([400.0, 500.0])
    with pytest.raises(InputError, match="they begin with: Oak leaf"):
        choose([Reference("Oak leaf", nm, nm)], ["snow"])
