"""Files may name others: none is followed to the network, to memory or to a pipe in silence."""

import contextlib
import http.server
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.errors import InputError
from model_runtime.raster import named_sources, opening
from model_runtime.raster.dataset import open_dataset

gdal.UseExceptions()


@pytest.fixture
def server():
    """(address, paths asked for) of a server on this machine."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()


@pytest.fixture
def picture(write_raster):
    values = np.random.default_rng(0).integers(5, 250, (3, 30, 40)).astype(np.uint8)
    return write_raster("a.tif", values)


def vrt(source, relative=0, tag="SimpleSource"):
    """The text of a VRT of three bands that reads ``source``."""
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><{tag}>'
        f'<SourceFilename relativeToVRT="{relative}">{source}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand></{tag}></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    return f'<VRTDataset rasterXSize="40" rasterYSize="30">{bands}</VRTDataset>'


MEMORY = "MEM:::DATAPOINTER=1,PIXELS=40,LINES=30,BANDS=3"
CDATA = "<![CDATA[MEM:::DATAPOINTER=1,PIXELS=40,LINES=30]]>"
HIDDEN = "&#77;EM:::DATAPOINTER=1,PIXELS=40,LINES=30"
WITHIN = "&lt;VRTDataset&gt;&lt;SourceFilename&gt;mem:::DATAPOINTER=1&lt;/SourceFilename&gt;"


@pytest.mark.parametrize("source", [MEMORY, CDATA, HIDDEN, WITHIN, f"<!-- -->{MEMORY}"])
def test_an_address_of_memory_is_not_read(tmp_path, source):
    path = tmp_path / "a.vrt"
    path.write_text(vrt(source))
    with pytest.raises(InputError, match="memory"):
        open_dataset(str(path))


@pytest.mark.parametrize("end", ["", ".ovr", ".msk"])
def test_nor_through_another_file(tmp_path, picture, end):
    inner = Path(f"{picture}{end}") if end else tmp_path / "inner.tif"
    inner.write_text(vrt(MEMORY))
    (tmp_path / "a.vrt").write_text(vrt("inner.tif" if not end else picture, relative=1))
    with pytest.raises(InputError, match="memory"):
        open_dataset(str(tmp_path / "a.vrt"))


def descriptions(address):
    """What local files can hold that makes GDAL ask another machine."""
    size = "<UpperLeftX>0</UpperLeftX><UpperLeftY>30</UpperLeftY><LowerRightX>40</LowerRightX>"
    window = f"<DataWindow>{size}<LowerRightY>0</LowerRightY><SizeX>40</SizeX><SizeY>30</SizeY>"
    tms = f'<GDAL_WMS><Service name="TMS"><ServerUrl>{address}/${{z}}</ServerUrl></Service>'
    yield "a.vrt", vrt(f"/vsicurl/{address}/a.tif")
    yield "b.vrt", vrt(f"/vsicurl_streaming/{address}/a.tif")
    yield "c.vrt", vrt(f"{address}/a.tif")
    yield "d.vrt", vrt("/vsis3/bucket/a.tif")
    yield "e.vrt", vrt(f"/vsizip//vsicurl/{address}/a.zip/a.tif")
    yield "f.vrt", vrt(f"{tms}{window}</DataWindow></GDAL_WMS>".replace("<", "&lt;"))
    yield "g.vrt", vrt("WCS:" + address)
    yield "h.xml", f"{tms}{window}</DataWindow><BandsCount>3</BandsCount></GDAL_WMS>"
    yield "i.xml", f"<GDAL_WMTS><GetCapabilitiesUrl>{address}</GetCapabilitiesUrl></GDAL_WMTS>"
    yield "j.xml", f"<WCS_GDAL><ServiceURL>{address}</ServiceURL></WCS_GDAL>"
    yield "k.vrt", f'<VRTDataset><SimpleSource SourceFilename="/vsicurl/{address}/a.tif"/>'


@pytest.mark.parametrize("number", range(11))
def test_a_local_file_asks_no_other_machine(tmp_path, server, number, monkeypatch):
    address, asked = server
    monkeypatch.setenv("AWS_S3_ENDPOINT", address.split("//")[1])
    monkeypatch.setenv("AWS_HTTPS", "NO")
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "YES")
    monkeypatch.setenv("AWS_VIRTUAL_HOSTING", "FALSE")
    name, text = list(descriptions(address))[number]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        open_dataset(str(path))
    assert asked == [] and "\n" not in str(caught.value)


def test_an_overview_named_in_a_sidecar_is_not_fetched(tmp_path, server, picture):
    address, asked = server
    entry = f'<MDI key="OVERVIEW_FILE">/vsicurl/{address}/o.tif</MDI>'
    Path(f"{picture}.aux.xml").write_text(
        f'<PAMDataset><Metadata domain="OVERVIEWS">{entry}</Metadata></PAMDataset>'
    )
    with pytest.raises(InputError, match="network"):
        open_dataset(str(picture))
    assert asked == []


def test_an_overview_named_in_the_file_itself_is_not_fetched(server, picture):
    """Where no text can be looked at, GDAL's own ways to other machines are closed."""
    address, asked = server
    with _changing(picture) as dataset:
        dataset.SetMetadataItem("OVERVIEW_FILE", f"/vsicurl/{address}/o.tif", "OVERVIEWS")
    dataset = opening.open_local_or_named(str(picture))
    dataset.GetRasterBand(1).GetOverviewCount()
    assert asked == []


@contextlib.contextmanager
def _changing(path):
    dataset = gdal.OpenEx(str(path), gdal.OF_UPDATE | gdal.OF_RASTER)
    yield dataset
    dataset.FlushCache()


def test_what_the_user_names_on_the_network_is_asked_for(server):
    address, asked = server
    for name in (f"/vsicurl/{address}/a.tif", f"{address}/b.tif"):
        with pytest.raises(InputError):
            open_dataset(name)
    assert {"/a.tif", "/b.tif"} <= set(asked)
    opening.restrict()


def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "a.tif"
    os.mkfifo(path)
    with pytest.raises(InputError, match="pipe"):
        open_dataset(str(path))


@pytest.mark.parametrize(
    "name", ["WMS:http://h", "PG:dbname=x", "MEM:::DATAPOINTER=1", "<VRTDataset/>"]
)
def test_what_is_not_a_file_is_refused(name):
    with pytest.raises(InputError):
        open_dataset(name)


def test_all_local_files_are_found(tmp_path, picture):
    """A VRT of a VRT: each, their sources and what lies beside them."""
    inner, outer, side = tmp_path / "i.vrt", tmp_path / "o.vrt", Path(f"{picture}.aux.xml")
    inner.write_text(vrt("a.tif", relative=1))
    outer.write_text(vrt(inner))
    side.write_text("<PAMDataset></PAMDataset>")
    found = {Path(name).name for name in opening.local_files(str(outer))}
    assert found == {"o.vrt", "i.vrt", "a.tif", "a.tif.aux.xml"}


@pytest.mark.parametrize(
    "name, trouble",
    [
        ("a.tif", None),
        ("my:file.tif", None),
        ("/data/ü 1.tif", None),
        ("C:\\data\\a.tif", None),
        ("/vsizip/a.zip/b.tif", None),
        ('NETCDF:"a.nc":b', None),
        ('NETCDF:"https://host/a.nc":b', "on the network"),
        ("/vsigs_streaming/b/a.tif", "on the network"),
        ("/vsistdin/", "not a file"),
        ("mem:::x", "an address of memory"),
    ],
)
def test_names(name, trouble):
    assert named_sources.trouble_with(name, network=False) == trouble


def test_the_archive_of_a_name_within_it_is_found(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK")
    assert named_sources.archive_of(f"/vsizip/{path}/b/c.tif") == path
    assert named_sources.archive_of(f"/vsizip/{{{path}}}/b.tif") == path
    assert named_sources.archive_of(f"/vsisubfile/0_100,{path}") == path
