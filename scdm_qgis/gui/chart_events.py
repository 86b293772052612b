"""What mouse and keys do on the chart: values under the pointer, zoom, move, whole view."""

from typing import Callable, Optional, Tuple

from .chart import Chart

ZOOM_IN, ZOOM_OUT = 0.8, 1.25  # of the range that is shown, a step
STEP = 0.1  # of the range, by an arrow key
ARROWS = {"left": (-STEP, 0.0), "right": (STEP, 0.0), "up": (0.0, STEP), "down": (0.0, -STEP)}


class ChartEvents:
    """Listens to matplotlib's ``canvas``; ``tell`` hears the values under the pointer."""

    def __init__(self, canvas, chart: Chart, tell: Callable[[str], None]):
        self._canvas, self._chart, self._tell = canvas, chart, tell
        self._held: Optional[Tuple[float, float]] = None
        for event, act in (
            ("motion_notify_event", self._move),
            ("axes_leave_event", self._leave),
            ("scroll_event", self._scroll),
            ("button_press_event", self._press),
            ("button_release_event", self._release),
            ("key_press_event", self._type),
        ):
            canvas.mpl_connect(event, act)

    def _move(self, event) -> None:
        if event.inaxes is None:
            return
        if self._held is None:
            self._tell(self._chart.point_out(event.xdata, event.ydata))
        else:  # the axes move, so the held place comes under the pointer again
            self._chart.move(self._held[0] - event.xdata, self._held[1] - event.ydata)
        self._canvas.draw_idle()

    def _leave(self, _event) -> None:
        self._chart.point_out_nothing()
        self._tell("")
        self._canvas.draw_idle()

    def _scroll(self, event) -> None:
        if event.inaxes is not None:
            factor = ZOOM_IN if event.button == "up" else ZOOM_OUT
            self._chart.zoom(factor, event.xdata, event.ydata)
            self._canvas.draw_idle()

    def _press(self, event) -> None:
        if event.inaxes is None or event.button != 1:
            return
        if event.dblclick:
            self._chart.show_all()
            self._canvas.draw_idle()
        else:
            self._held = event.xdata, event.ydata

    def _release(self, _event) -> None:
        self._held = None

    def _type(self, event) -> None:
        axes = self._chart.axes
        if event.key in ("+", "-"):
            self._chart.zoom(ZOOM_IN if event.key == "+" else ZOOM_OUT)
        elif event.key in ("0", "home"):
            self._chart.show_all()
        elif event.key in ARROWS:
            across, up = ARROWS[event.key]
            width, height = (high - low for low, high in (axes.get_xlim(), axes.get_ylim()))
            self._chart.move(across * width, up * height)
        else:
            return
        self._canvas.draw_idle()
