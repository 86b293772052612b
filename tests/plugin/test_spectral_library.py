"""Reference spectra from ENVI libraries and tables."""

import numpy as np
import pytest

from scdm_qgis.layers.spectral_library import LibraryError, read

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
    with pytest.raises(LibraryError, match=r"cannot be read as spectra.*give an ENVI library"):
        read(tmp_path / name)


def test_a_library_cut_short_is_told(tmp_path):
    (tmp_path / "r.hdr").write_text(HEADER.format(kind=4, order=0, factor=1, offset=0))
    (tmp_path / "r.sli").write_bytes(b"\0" * 20)
    with pytest.raises(LibraryError, match="cannot be read"):
        read(tmp_path / "r.sli")
