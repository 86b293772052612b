"""The proxy that QGIS is set to (Settings → Options → Network), as pip takes it: in variables."""

import os
from typing import Dict, Mapping
from urllib.parse import quote

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkProxyQuery

INDEX = "https://pypi.org/simple/"
_SCHEMES = {
    QNetworkProxy.ProxyType.HttpProxy: "http",
    QNetworkProxy.ProxyType.HttpCachingProxy: "http",
    QNetworkProxy.ProxyType.Socks5Proxy: "socks5h",
}
_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")


def proxy_variables(environ: Mapping[str, str] = os.environ) -> Dict[str, str]:
    """Environment variables for QGIS's proxy; none where QGIS has none.

    Variables that are set already stay: whoever set them meant it. Call it in QGIS's main thread.
    Variables, not pip's --proxy: the command line is shown in the log, the password must not be.
    """
    address = _address()
    if not address or any(environ.get(name) for name in _VARIABLES):
        return {}
    return dict.fromkeys(_VARIABLES, address)


def _address() -> str:
    """The URL of the proxy for PyPI, user and password in it; empty without one."""
    factory = QgsNetworkAccessManager.instance().proxyFactory()
    query = QNetworkProxyQuery(QUrl(INDEX))
    found = factory.queryProxy(query) if factory is not None else [_fallback()]
    for proxy in found:
        if proxy.type() in _SCHEMES and proxy.hostName():
            return _SCHEMES[proxy.type()] + "://" + _user(proxy) + _place(proxy)
    return ""


def _fallback() -> QNetworkProxy:
    return QgsNetworkAccessManager.instance().fallbackProxy()


def _place(proxy: QNetworkProxy) -> str:
    return f"{proxy.hostName()}:{proxy.port()}" if proxy.port() else proxy.hostName()


def _user(proxy: QNetworkProxy) -> str:
    if not proxy.user():
        return ""
    return f"{quote(proxy.user(), safe='')}:{quote(proxy.password(), safe='')}@"
