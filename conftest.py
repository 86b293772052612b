"""Set before any test starts: pytest-qgis opens a QGIS in each run, which needs no display."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
