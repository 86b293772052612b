"""What the panel shows: picked and reference spectra, added, renamed, removed. No Qt, no QGIS."""

from dataclasses import replace
from typing import Collection, List, Sequence, Set

from .spectra import Spectrum, clip, colour_of, dashes_of_point, dashes_of_reference


class Profile:
    """``points`` and ``references`` in the order in which they came."""

    def __init__(self):
        self.points: List[Spectrum] = []
        self.references: List[Spectrum] = []
        self._taken = 0

    @property
    def spectra(self) -> List[Spectrum]:
        """All, the picked first; places in this list are what ``rename`` and ``remove`` take."""
        return [*self.points, *self.references]

    @property
    def dashes(self) -> List[str]:
        """The line style of each of ``spectra``."""
        places = range(len(self.references))
        return [dashes_of_point(one.origin) for one in self.points] + [
            dashes_of_reference(place) for place in places
        ]

    @property
    def next_number(self) -> int:
        """The number of the point that is picked next, from 1."""
        return self._taken + 1

    @property
    def numbers(self) -> Set[int]:
        """The points of which a spectrum is left."""
        return {one.origin.number for one in self.points if one.origin is not None}

    def add_point(self, spectra: Sequence[Spectrum]) -> None:
        """Add the spectra of the layers at the point ``next_number``."""
        self._taken += 1
        self.points += spectra

    def add_reference(self, name: str, wavelength_nm, values) -> None:
        """Add a reference spectrum, in the colours from the other end."""
        colour = colour_of(-1 - len(self.references))
        self.references.append(Spectrum(name, colour, wavelength_nm, values))

    def restore(
        self, points: Sequence[Spectrum], references: Sequence[Spectrum], taken: int
    ) -> None:
        """Take up what was shown before, ``taken`` points having been numbered."""
        self.points, self.references = list(points), list(references)
        self._taken = max([taken, *self.numbers]) if points else 0

    def drawn_references(self) -> List[Spectrum]:
        """The references within the range of the picked spectra."""
        return [clip(one, self.points) for one in self.references]

    def rename(self, place: int, name: str) -> None:
        """Give the spectrum at ``place`` another name; an empty one is not taken."""
        group, at = self._find(place)
        group[at] = replace(group[at], name=name.strip() or group[at].name)

    def remove(self, places: Collection[int]) -> None:
        """Remove the spectra at ``places``."""
        picked = len(self.points)
        self.references = [one for i, one in enumerate(self.references, picked) if i not in places]
        self.points = [one for i, one in enumerate(self.points) if i not in places]

    def forget_layers(self, layer_ids: Collection[str]) -> None:
        """Remove the spectra that were read from layers that are gone."""
        self.points = [one for one in self.points if one.origin.layer_id not in layer_ids]

    def clear_points(self) -> None:
        """Remove the picked spectra and number from 1 again; references stay."""
        self.points, self._taken = [], 0

    def clear_references(self) -> None:
        """Remove the reference spectra."""
        self.references = []

    def _find(self, place: int):
        if place < len(self.points):
            return self.points, place
        return self.references, place - len(self.points)
