"""One rule for all commands: nothing that is read or that exists is written over unasked."""

import os
from pathlib import Path

import pytest

from model_runtime.errors import InputError, StorageError
from model_runtime.system import final_names
from model_runtime.system.final_names import envi, geotiff, mosaic, page


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """``in.tif`` with a link, a hard link and a sidecar; the working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("in.tif", "in.tif.aux.xml", "old.hdr"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link.tif").symlink_to("in.tif")
    (tmp_path / "hard.tif").hardlink_to(tmp_path / "in.tif")
    (tmp_path / "m.sheets" / "run").mkdir(parents=True)
    (tmp_path / "m.sheets" / "run" / "a.tif").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "targets, read",
    [
        ([geotiff("in.tif")], ["in.tif"]),
        ([geotiff("./in.tif")], ["in.tif"]),
        ([geotiff("link.tif")], ["in.tif"]),
        ([geotiff("hard.tif")], ["in.tif"]),
        ([geotiff("in.tif")], ["other.vrt", "in.tif"]),
        ([geotiff("o.tif"), page("in.tif")], ["in.tif"]),
        ([geotiff("b.tif")], ["b.tif.ovr"]),
        ([envi("old.img")], ["old.hdr"]),
        ([mosaic("m.vrt", Path("m.sheets"))], ["v.vrt", "m.sheets/run/a.tif"]),
    ],
)
def test_what_is_read_is_never_written(targets, read):
    with pytest.raises(InputError, match="the input"):
        final_names.check(targets, read, overwrite=True)


@pytest.mark.parametrize(
    "targets",
    [
        [geotiff("a.tif"), geotiff("./a.tif")],
        [geotiff("a.tif"), page("a.tif.aux.xml")],
        [envi("a.img"), envi("a.dat")],
    ],
)
def test_two_outputs_share_no_file(targets):
    with pytest.raises(InputError, match="another output"):
        final_names.check(targets, [], overwrite=True)


@pytest.mark.parametrize("target", [geotiff("in.tif"), geotiff("link.tif"), envi("old.img")])
def test_what_exists_is_replaced_only_when_asked(target):
    with pytest.raises(InputError, match="exists"):
        final_names.check([target], [], overwrite=False)
    final_names.check([target], [], overwrite=True)


def test_a_dangling_link_exists():
    Path("d.tif").symlink_to("nowhere")
    with pytest.raises(InputError, match="exists"):
        final_names.check([geotiff("d.tif")], [], overwrite=False)


def test_what_appeared_meanwhile_is_kept(folder):
    part = folder / "o.tif.part"
    part.write_text("new")
    (folder / "o.tif").write_text("somebody's")
    with pytest.raises(StorageError, match="meanwhile"):
        final_names.give_name(part, folder / "o.tif", overwrite=False)
    assert (folder / "o.tif").read_text() == "somebody's" and part.exists()
    final_names.give_name(part, folder / "o.tif", overwrite=True)
    assert (folder / "o.tif").read_text() == "new" and not part.exists()


def refused(*_):
    raise PermissionError(1, "no links here")


def test_a_file_system_without_links_does(folder, monkeypatch):
    part = folder / "o.tif.part"
    part.write_text("new")
    monkeypatch.setattr(os, "link", refused)
    (folder / "o.tif").write_text("somebody's")
    with pytest.raises(StorageError, match="meanwhile"):
        final_names.give_name(part, folder / "o.tif", overwrite=False)
    (folder / "o.tif").unlink()
    final_names.give_name(part, folder / "o.tif", overwrite=False)
    assert (folder / "o.tif").read_text() == "new" and not part.exists()
