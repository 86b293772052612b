"""Natural colour that looks as another picture does: bands, stretch and gamma. Pure NumPy.

One band of an estimate is more saturated than the broad red, green or blue of a camera, and a
stretch of its own changes contrast and white balance. So each channel takes the band, among those
that lie in the camera's response, that a straight line brings nearest to the colours to be met;
the line is the stretch.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..model_runtime.contract import RESPONSES_NM

REACH = 1.5  # standard deviations around the centre among which a channel's band is chosen
# Screens and published pictures are gamma encoded, reflectance is linear.
GAMMAS = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4)
OWN_GAMMA = 1.4
CUT = (0.02, 0.98)  # shares of the values between which a picture of its own is stretched
FEWEST = 50  # pixels
PALEST = -60  # what a saturation is lowered at most, in per cent
LEAST_CORRELATION = 0.8  # below it the other picture shows something else than these colours
_DARKEST, _BRIGHTEST = 1.5 / 255, 253.5 / 255  # outside, a displayed colour is cut off


class Channel(NamedTuple):
    """One colour of the display: band (1-based), and the values shown as 0 and as full."""

    band: int
    low: float
    high: float


@dataclass(frozen=True)
class Look:
    """Red, green and blue, the gamma of all three, and QGIS's saturation (-100 to 0)."""

    channels: Tuple[Channel, Channel, Channel]
    gamma: float
    saturation: int = 0

    def display(self, values: np.ndarray) -> np.ndarray:
        """Red, green and blue (3, pixels; 0 to 1) of ``values`` (bands, pixels), but saturation."""
        shown = [(values[band - 1] - low) / (high - low) for band, low, high in self.channels]
        return np.clip(shown, 0, 1) ** (1 / self.gamma)


class _Line(NamedTuple):
    """A band and the straight line that takes its values to a channel's; ``error`` is its RMSE."""

    band: int
    slope: float
    offset: float
    error: float


def like(
    shown: np.ndarray,
    values: np.ndarray,
    wavelength_nm: Sequence[Optional[float]],
    gammas: Sequence[float] = GAMMAS,
) -> Optional[Look]:
    """The look that brings ``values`` (bands, pixels) nearest to ``shown`` (3, pixels; 0 to 1).

    None where a channel has no band, no line fits, or there are too few pixels.
    """
    usable = np.isfinite(values).all(axis=0) & np.isfinite(shown).all(axis=0)
    if usable.sum() < FEWEST:
        return None
    shown, values = shown[:, usable], values[:, usable]
    fits = [_fit(shown, values, wavelength_nm, gamma) for gamma in gammas]
    found = [fit for fit in fits if fit is not None]
    if not found:
        return None
    look = min(found, key=lambda fit: fit[0])[1]
    return replace(look, saturation=_saturation(shown, look.display(values)))


def _saturation(shown: np.ndarray, met: np.ndarray) -> int:
    """QGIS's saturation that takes what is left of the narrow bands' colour off ``met``."""
    wanted, have = (float(np.ptp(colours, axis=0).mean()) for colours in (shown, met))
    return int(np.clip(round(100 * (wanted / max(have, 1e-6) - 1)), PALEST, 0))


def with_band_numbers(look: Look, numbers: Sequence[int]) -> Look:
    """``look`` with the bands' numbers in the file, ``numbers`` (bands,), for their places here."""
    red, green, blue = (one._replace(band=numbers[one.band - 1]) for one in look.channels)
    return replace(look, channels=(red, green, blue))


def own(values: np.ndarray, wavelength_nm: Sequence[Optional[float]]) -> Optional[Look]:
    """The look of the colours that the model's red, green and blue would see in ``values``.

    All three are stretched together between CUT, which keeps the balance of the colours.
    """
    usable = np.isfinite(values).all(axis=0)
    colours = _camera(values[:, usable], wavelength_nm)
    if colours is None or not usable.any():
        return None
    low, high = np.quantile(colours, CUT)
    if not high > low:
        return None
    stretched = np.clip((colours - low) / (high - low), 0, 1)
    shown = np.full((3, values.shape[1]), np.nan)
    shown[:, usable] = stretched ** (1 / OWN_GAMMA)
    return like(shown, values, wavelength_nm, (OWN_GAMMA,))


def _camera(values: np.ndarray, wavelength_nm) -> Optional[np.ndarray]:
    """Red, green and blue (3, pixels) of spectra ``values`` (bands, pixels)."""
    nm = _numbers(wavelength_nm)
    weights = [np.exp(-0.5 * ((nm - centre) / width) ** 2) for centre, width in RESPONSES_NM]
    weights = np.nan_to_num(np.array(weights))  # (3, bands)
    if not all(_bands_of(channel, nm).size for channel in range(3)):
        return None
    return (weights / weights.sum(axis=1, keepdims=True)) @ values


def _numbers(wavelength_nm) -> np.ndarray:
    return np.array([np.nan if nm is None else nm for nm in wavelength_nm], np.float64)


def _bands_of(channel: int, nm: np.ndarray) -> np.ndarray:
    """The bands (0-based) in a channel's response."""
    centre, width = RESPONSES_NM[channel]
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(np.abs(nm - centre) <= REACH * width)


def _fit(shown, values, wavelength_nm, gamma: float) -> Optional[Tuple[float, Look]]:
    """(error, look) with ``gamma``."""
    nm, error, channels = _numbers(wavelength_nm), 0.0, []
    for number in range(3):
        lines = [_line(shown[number], values, band, gamma) for band in _bands_of(number, nm)]
        lines = [line for line in lines if line is not None]
        if not lines:
            return None
        best = min(lines, key=lambda line: line.error)
        error += best.error**2
        low = -best.offset / best.slope
        channels.append(Channel(best.band + 1, low, low + 1 / best.slope))
    return error, Look(tuple(channels), gamma)


def _line(shown: np.ndarray, values: np.ndarray, band: int, gamma: float) -> Optional[_Line]:
    """The line from a band's values to the linear light of ``shown``; None where none fits."""
    whole = (shown > _DARKEST) & (shown < _BRIGHTEST)
    if whole.sum() < FEWEST:
        return None
    have, light = values[band, whole], shown[whole] ** gamma
    spread, wanted = have.std(), light.std()
    if not (spread > 0 and wanted > 0):
        return None
    together = float(((have - have.mean()) * (light - light.mean())).mean())
    if together < LEAST_CORRELATION * spread * wanted:
        return None
    slope = together / float(spread) ** 2
    offset = float(light.mean()) - slope * float(have.mean())
    met = np.clip(slope * values[band] + offset, 0, 1) ** (1 / gamma)
    return _Line(int(band), slope, offset, float(np.sqrt(np.mean((met - shown) ** 2))))
