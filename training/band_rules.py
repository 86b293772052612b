"""What settings may say of bands: wavelengths and widths in nm, colours where their light lies."""

from typing import Iterator, Sequence, Tuple

COLOURS_NM = {"blue": (380, 520), "green": (480, 610), "red": (570, 760)}
LEAST_NM = 100.0  # below it only micrometres can be meant
# Widths this much narrower than the bands lie apart can only be micrometres.
NARROWEST = 0.01

Rule = Tuple[bool, str]


def rules(bands, where: str, names: Sequence[str] = ()) -> Iterator[Rule]:
    """(whether it is kept, the rule) for an ``input`` or ``output`` table of the settings."""
    for place, centre in enumerate(bands.wavelength_nm):
        said = f"{where}.wavelength_nm[{place}] is {centre:g}"
        yield (
            centre >= LEAST_NM,
            f"{said}: wavelengths are in nm, {1000 * centre:g} for micrometres",
        )
    apart = _apart(bands.wavelength_nm)
    for place, width in enumerate(bands.fwhm_nm):
        said = f"{where}.fwhm_nm[{place}] is {width:g}"
        yield width > 0, f"{said}: widths are above 0"
        yield (
            apart is None or width >= NARROWEST * apart,
            f"{said}: widths are in nm, {1000 * width:g} for micrometres",
        )
    for place, (name, centre) in enumerate(zip(names, bands.wavelength_nm)):
        low, high = COLOURS_NM.get(name.strip().lower(), (0.0, float("inf")))
        said = f"{where}.names[{place}] is '{name}', but {where}.wavelength_nm[{place}] is"
        yield low <= centre <= high, f"{said} {centre:g}: {name} lies from {low:g} to {high:g} nm"


def _apart(wavelength_nm: Sequence[float]):
    """The smallest distance of neighbouring bands, None where there is none."""
    ordered = sorted(wavelength_nm)
    steps = [after - before for before, after in zip(ordered, ordered[1:]) if after > before]
    return min(steps, default=None)
