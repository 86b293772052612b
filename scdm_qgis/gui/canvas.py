"""matplotlib's Qt canvas for the Qt that QGIS runs on; import it only when a chart is wanted."""

from matplotlib.figure import Figure
from qgis.PyQt.QtCore import QT_VERSION_STR

# matplotlib takes the PyQt that is imported already, QGIS's; before 3.5 each Qt had its own file.
try:
    from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
except ImportError:
    if QT_VERSION_STR.startswith("6"):
        raise
    from matplotlib.backends.backend_qt5agg import FigureCanvasQTAgg


def new_canvas() -> FigureCanvasQTAgg:
    """A canvas with an empty figure that fits itself to the window."""
    return FigureCanvasQTAgg(Figure(constrained_layout=True))
