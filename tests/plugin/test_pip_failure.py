"""A failed installation: what was wrong with the network, and how to go round it."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QNetworkProxy

from scdm_qgis.runtime.pip_failure import download_command, explain_pip
from scdm_qgis.runtime.proxy import proxy_variables

WANTED = ("onnxruntime==1.31.1", "numpy==1.24.2")
PIP = (sys.executable, "-m", "pip", "install", "--no-input", "--retries=0", "--timeout=5")
# Of pip's own settings none: this machine may have a mirror.
BARE = {"PATH": "", "PIP_CONFIG_FILE": "/dev/null", "LC_ALL": "C.UTF-8"}


def real_pip(*words, **variables):
    """What pip says of a failure."""
    answer = subprocess.run(
        [*PIP, "--dry-run", *words, "scdm-no-such-package==1"],
        env={**BARE, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode != 0
    return answer.stderr


def test_no_index_within_reach():
    said = real_pip("--retries=1", "--index-url=http://127.0.0.1:9/simple")
    text = explain_pip(said, ("onnxruntime==1.31.1",), None, WANTED)
    assert text.startswith("The package index could not be reached. Check the network and proxy")
    assert download_command(WANTED) in text
    assert "name their folder in 'Folder of wheels'" in text


def test_a_proxy_that_refuses():
    said = real_pip("--retries=1", HTTPS_PROXY="http://127.0.0.1:9")
    assert "Check the network and proxy" in explain_pip(said, WANTED, None, WANTED)


def test_a_proxy_that_signs_itself():
    said = "WARNING: Retrying (Retry(total=1)): SSLError(SSLCertVerificationError(1, '[SSL: "
    said += "CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate'))"
    text = explain_pip(said, WANTED, None, WANTED)
    assert "PIP_CERT" in text and download_command(WANTED) in text


def test_a_folder_without_the_wheel(tmp_path):
    said = real_pip("--no-index", f"--find-links={tmp_path}")
    text = explain_pip(said, ("onnxruntime==1.31.1",), tmp_path, WANTED)
    assert text.startswith(f"The folder {tmp_path} lacks wheels of onnxruntime==1.31.1")
    assert download_command(WANTED) in text


def test_another_failure_is_left_to_pips_own_words():
    assert explain_pip("ERROR: no space left on device", WANTED, None, WANTED) == ""


def test_the_download_names_every_version_and_this_computer():
    command = download_command(WANTED)
    assert command.startswith("python -m pip download --dest wheels --only-binary=:all:")
    assert command.endswith("onnxruntime==1.31.1 numpy==1.24.2")
    assert "--python-version {}.{} ".format(*sys.version_info[:2]) in command
    assert "--platform " in command


@pytest.fixture
def qgis_proxy(qgis_app, monkeypatch):
    """A function that sets QGIS's own proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    manager = QgsNetworkAccessManager.instance()

    def choose(proxy):
        manager.setFallbackProxyAndExcludes(proxy, [], [])

    yield choose
    choose(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))


def test_qgis_without_a_proxy_changes_nothing(qgis_proxy):
    qgis_proxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
    assert proxy_variables() == {}


def test_qgis_proxy_is_handed_on_and_pip_goes_through_it(qgis_proxy):
    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self):
            asked.append((self.path, self.headers.get("Proxy-Authorization", "")))
            self.send_error(403)

        def log_message(self, *_):
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = ("127.0.0.1", server.server_port)
        qgis_proxy(QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, *place, "me", "p@ss"))
        variables = proxy_variables({})
        assert variables["HTTPS_PROXY"] == f"http://me:p%40ss@127.0.0.1:{place[1]}"
        real_pip("--index-url=https://pypi.org/simple", **variables)
        server.shutdown()
    path, authorization = asked[0]
    assert path == "pypi.org:443" and authorization.startswith("Basic ")


def test_a_proxy_of_the_environment_goes_first(qgis_proxy):
    qgis_proxy(QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "other", 1))
    assert proxy_variables({"HTTPS_PROXY": "http://mine:1"}) == {}


def test_a_password_is_in_no_log(qgis_proxy, registered, log, tmp_path, monkeypatch):
    """The command line is shown; the proxy travels beside it."""
    import processing
    from qgis.core import QgsProcessingException

    qgis_proxy(QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "127.0.0.1", 9, "me", "secret"))
    said = []
    monkeypatch.setattr(log, "pushCommandInfo", said.append, raising=False)
    with pytest.raises(QgsProcessingException):
        processing.run("scdm:installruntime", {"WHEELS": str(tmp_path)}, feedback=log)
    assert said and not [line for line in said + log.infos + log.errors if "secret" in line]
