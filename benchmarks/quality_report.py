"""What the quality benchmark prints: a summary, and the tables of each part."""

import json
from typing import Any, Dict, List

import numpy as np
import quality_cameras
import quality_materials
import quality_sanity
from quality_bench import MEAN, Table, group_means, over
from quality_measures import MEASURES, Figures, coverage_of_all
from quality_tables import Column, lines, markdown, side_by_side, without_nan

ANGLE, COVERAGE = Column("sam_degrees", "SAM°", 2), Column("coverage", "in 90 %", 3)
TITLES, DIGITS = ("RMSE", "PSNR dB", "SAM°", "MRAE", "SSIM"), (4, 2, 2, 3, 3)
SCENE_COLUMNS = [*map(Column, MEASURES, TITLES, DIGITS), COVERAGE]
CAMERA_COLUMNS = [
    ANGLE,
    Column("ndvi_error", "NDVI off by", 3),
    Column("infrared_error", "NIR level off by", 0, percent=True),
]
SANITY_COLUMNS = [
    Column("green_as_water", "green as water", 2, percent=True),
    Column("phases", "2 × 2 phases", 1, percent=True),
    Column("crop_file", "crop as a file", 1, percent=True),
    Column("crop_extent", "crop as an extent", 1, percent=True),
    Column("clamped", "clamped to 0", 2, percent=True),
]
SUMMARY_COLUMNS = [
    Column("held_out", "held-out corners SAM°", 2),
    Column("held_out_psnr", "PSNR dB", 2),
    Column("unseen", "unseen sensors SAM°", 2),
    Column("materials", "materials SAM°", 2),
    Column("cameras", "cameras SAM°", 2),
    Column("cameras_ndvi", "NDVI off by", 3),
    *(Column(c.name, f"worst {c.title}", c.digits, c.percent) for c in SANITY_COLUMNS[:4]),
    Column("pace", "s / megapixel", 1),
]


def tables(results: Dict[str, Any]) -> str:
    """All tables as Markdown, the summaries of each part first."""
    parts = ["## Summary", _summary(results)]
    for name, title in (("scenes", "Held-out corners"), ("unseen", "Unseen sensors")):
        if name in results:
            means = group_means(results[name])
            parts += [f"## {title}", _means(results[name], means)]
            parts += [markdown("Group", means, SCENE_COLUMNS)]
            parts += [markdown("Scene", results[name], SCENE_COLUMNS)]
    if "materials" in results:
        parts += ["## Materials", side_by_side("Class", results["materials"], ANGLE)]
        if _any_known(results["materials"], COVERAGE.name):
            parts += [side_by_side("Class", results["materials"], COVERAGE)]
    if "cameras" in results:
        sites = quality_cameras.site_means(results["cameras"])
        parts += ["## Camera pictures", markdown("Site", sites, CAMERA_COLUMNS)]
        parts += [markdown("Plot", results["cameras"], CAMERA_COLUMNS)]
    if "sanity" in results:
        parts += ["## Pictures without truth"]
        parts += [markdown("Picture", results["sanity"], SANITY_COLUMNS)]
    return "\n\n".join(parts)


def _means(per_scene: Table, means: Table) -> str:
    """The mean over the groups of each method."""
    rows = [["Method", *(column.title for column in SCENE_COLUMNS), "in 90 %, all values"]]
    pooled = Column("pooled", "", 3)
    for method, row in means[MEAN].items():
        every = coverage_of_all([scene[method] for scene in per_scene.values()])
        cells = [column.cell(row) for column in SCENE_COLUMNS]
        rows.append([method, *cells, pooled.cell({"pooled": every})])
    return lines(rows)


def _summary(results: Dict[str, Any]) -> str:
    """One line for each method, with the means of the parts that were made."""
    found = summary(results)
    made = {name for figures in found.values() for name in figures}
    columns = [column for column in SUMMARY_COLUMNS if column.name in made]
    rows: List[List[str]] = [["Method", *(column.title for column in columns)]]
    for method, figures in found.items():
        rows.append([method, *(column.cell(figures) for column in columns)])
    return lines(rows)


def summary(results: Dict[str, Any]) -> Dict[str, Figures]:
    """The mean figures of each part, by method: of sensors, of classes, of camera sites.

    Of the pictures without truth the worst.
    """
    found: Dict[str, Figures] = {}
    for part, name, figure in (
        ("scenes", "held_out", "sam_degrees"),
        ("scenes", "held_out_psnr", "psnr"),
        ("unseen", "unseen", "sam_degrees"),
        ("materials", "materials", "sam_degrees"),
        ("cameras", "cameras", "sam_degrees"),
        ("cameras", "cameras_ndvi", "ndvi_error"),
    ):
        for method, figures in _mean_of(part, results).items():
            found.setdefault(method, {})[name] = figures[figure]
    pictures = list(results.get("sanity", {}).values())
    worst = over(pictures, np.max, quality_sanity.FIGURES) if pictures else {}
    for method, figures in worst.items():
        found.setdefault(method, {}).update(figures)
    for method, seconds in results.get("speed", {}).items():
        found.setdefault(method, {})["pace"] = seconds
    return found


def _mean_of(part: str, results: Dict[str, Any]) -> Dict[str, Figures]:
    if part not in results:
        return {}
    if part == "materials":
        return results[part].get(quality_materials.MEAN_OF_MOST, {})
    if part == "cameras":
        sites = list(quality_cameras.site_means(results[part]).values())
        return over(sites, names=quality_cameras.FIGURES)
    return group_means(results[part])[MEAN]


def _any_known(table: Table, name: str) -> bool:
    return any(np.isfinite(f.get(name, np.nan)) for row in table.values() for f in row.values())


def as_json(results: Dict[str, Any], seed: int) -> str:
    """All figures, of each scene too, and their means."""
    summaries = {
        f"{n}_means": group_means(results[n]) for n in ("scenes", "unseen") if n in results
    }
    if "cameras" in results:
        summaries["cameras_means"] = quality_cameras.site_means(results["cameras"])
    return json.dumps(without_nan({"seed": seed, **summaries, **results}), indent=1)
