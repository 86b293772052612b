"""Which scenes an input names: folders, patterns, STAC collections that may be hostile."""

import json

import pytest

from model_runtime.batch import scenes
from model_runtime.errors import InputError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.tif", "a.TIF", "c.jp2", "notes.txt", "a.tif.aux.xml"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "deep.tif").mkdir()
    return tmp_path


def names(source):
    return [scene.name for scene in scenes.find_scenes(str(source))]


def test_a_folder_is_searched_for_rasters_in_order(folder):
    assert names(folder) == ["a", "b", "c"]


def test_a_pattern_takes_what_it_names(folder):
    assert names(folder / "[bc].*") == ["b", "c"]
    assert names(folder / "*.txt") == ["notes"]


def test_scenes_of_one_name_are_told_apart(tmp_path):
    for folder in "pqrs":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ("a_2.tif" if folder == "q" else "a.tif")).write_bytes(b"")
    assert names(tmp_path / "*" / "*.tif") == ["a", "a_2", "a_3", "a_4"]


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no raster"):
        scenes.find_scenes(str(tmp_path))


def test_what_is_many(folder):
    (folder / "items.json").write_text("{}")
    many = [folder, folder / "*.tif", folder / "items.json"]
    assert all(scenes.are_many(str(source), "out") for source in many)
    one = [(folder / "b.tif", "out"), (folder, "o.tif"), (folder / "items.json", "o.vrt")]
    assert not any(scenes.are_many(str(source), output) for source, output in one)
    assert not scenes.are_many("/vsicurl/https://host/a?b=[1]", "out")


def item(name, href, roles=("visual",), **assets):
    asset = {"href": href, "roles": list(roles)}
    return {"type": "Feature", "id": name, "assets": {"picture": asset, **assets}}


def collection(folder, *items):
    path = folder / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    return scenes.find_scenes(str(path))


def test_hrefs_become_what_gdal_opens(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "d e.tif").write_bytes(b"")
    found = collection(
        folder,
        item("one", "./b.tif"),
        item("two", "https://host/x.tif?key=1"),
        item("three", "s3://bucket/deep/x.tif"),
        item("four", f"file://{folder}/sub/d%20e.tif"),
        item("five", str(folder / "sub" / "d e.tif")),
    )
    assert [scene.path for scene in found] == [
        str(folder / "b.tif"),
        "/vsicurl/https://host/x.tif?key=1",
        "/vsis3/bucket/deep/x.tif",
        str(folder / "sub" / "d e.tif"),
        str(folder / "sub" / "d e.tif"),
    ]


def test_the_visual_asset_comes_before_the_data(folder):
    data = {"href": "c.jp2", "roles": ["data"]}
    (scene,) = collection(folder, item("a", "b.tif", cloud=data))
    assert scene.path.endswith("b.tif")
    (scene,) = collection(folder, item("a", "b.tif", roles=["thumbnail"], cloud=data))
    assert scene.path.endswith("c.jp2")


@pytest.mark.parametrize(
    "href",
    [
        "../../etc/passwd",
        "/vsizip/a.zip/b.tif",
        "/vsicurl/http://host/x",
        "<VRTDataset/>",
        "PG:dbname=x",
        "ftp://host/x.tif",
        "missing.tif",
        "file:///nowhere/x.tif",
        "",
        "http://[::1/x.tif",
        "b.tif\0",
        "https://host/x\0.tif",
        "\ud800.tif",
        "x" * 5000,
    ],
)
def test_an_href_that_is_no_file_or_leads_elsewhere_is_that_scenes_trouble(folder, href):
    bad, good = collection(folder, item("bad", href), item("good", "b.tif"))
    assert isinstance(bad.trouble, InputError) and bad.path == ""
    assert good.trouble is None


@pytest.mark.parametrize(
    "roles", [7, 0.5, True, "visual", {"visual": 1}, None, [["visual"]], [7, None]]
)
def test_roles_of_any_type_cost_one_scene_at_most(folder, roles):
    odd = item("odd", "b.tif")
    odd["assets"]["picture"]["roles"] = roles
    bad, good = collection(folder, odd, item("good", "b.tif"))
    assert bad.trouble is not None and good.trouble is None


@pytest.mark.parametrize("name", ["雪" * 300, "é" * 300, "a" * 300, "🛰" * 300, "\ud800", "a/../b"])
def test_an_ids_file_name_fits_any_file_system(folder, name):
    (scene,) = collection(folder, item(name, "b.tif"))
    assert 0 < len(f"{scene.name}_12.tif.part.cog.msk.ovr.tmp".encode()) <= 255
    assert "/" not in scene.name


@pytest.mark.parametrize("broken", [7, None, {}, {"id": "x"}, {"id": "x", "assets": [1]}])
def test_items_that_are_none_are_their_own_trouble(folder, broken):
    bad, good = collection(folder, broken, item("good", "b.tif"))
    assert bad.trouble is not None and good.trouble is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "Topology"}', "[" * 100_000])
def test_what_is_no_collection_is_an_error(folder, text):
    path = folder / "items.json"
    path.write_text(text)
    with pytest.raises(InputError):
        scenes.find_scenes(str(path))


def test_names_stay_in_the_folder_and_differ(folder):
    ids = ["../../x", "a/b", "A/b", "..", "", ".hidden", "ok-1_ä"]
    found = collection(folder, *(item(name, "b.tif") for name in ids))
    got = [scene.name for scene in found]
    assert got == ["_.._x", "a_b", "A_b_2", "scene", "item_5", "hidden", "ok-1_ä"]
    assert not any("/" in name or name.startswith(".") for name in got)
