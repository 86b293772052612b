"""SCDM for QGIS: the entry point that QGIS calls."""


def classFactory(iface):
    """The plugin; ``iface`` is None in qgis_process."""
    from .plugin import ScdmPlugin

    return ScdmPlugin(iface)
