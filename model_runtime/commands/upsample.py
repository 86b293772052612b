"""The ``upsample`` command's options: what may be given, and what it means for a model."""

import argparse
import re
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from typing import Iterator, Optional, Tuple

from .. import contract
from ..batch import scenes
from ..errors import InputError
from ..events import Events
from ..journal import journal
from ..pipeline.options import UpsampleOptions, check_numbers, needs_samples

DTYPES = ("uint16", "float32")
BYTES_PER_UNIT = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def add_arguments(parser) -> None:
    """The command's arguments; None stands for "as the quality or the model says"."""
    add = parser.add_argument
    add(
        "input",
        metavar="INPUT",
        help="raster with the model's input bands (red, green, blue), or many: a folder, a pattern "
        "such as 'in/*.tif', a STAC item collection (.json)",
    )
    add(
        "output",
        metavar="OUTPUT",
        help="GeoTIFF to be made, ENVI data (.img), or a VRT over sheets (.vrt); of many scenes a "
        "folder, as are then --spread, --reliability, --report, --draws and --keep-stages",
    )
    add("--model", metavar="DIR", help="model package (the embedded one)")
    add(
        "--bands",
        metavar="R,G,B",
        type=numbers(int, "3,2,1"),
        help="1-based (as the file says)",
    )
    add(
        "--extent",
        metavar="XMIN,YMIN,XMAX,YMAX",
        type=numbers(float, "500000,4100000,500100,4100050"),
        help="part to be done, in the raster's coordinate reference system (all)",
    )
    add(
        "--mask",
        metavar="FILE",
        help="polygons (GeoPackage, shapefile, GeoJSON, FlatGeobuf): outside of them is nodata",
    )
    add("--mask-layer", metavar="NAME", help="of --mask, where the file holds several layers")
    add(
        "--quality",
        choices=contract.QUALITIES,
        default=contract.DEFAULT_QUALITY,
        help=f"sampler, steps and samples in one ({contract.DEFAULT_QUALITY})",
    )
    add("--sampler", choices=contract.SAMPLERS, help="(as the quality says)")
    add("--steps", metavar="N", type=int, help="denoiser calls per stage (as the quality says)")
    add(
        "--guidance",
        metavar="S[,S...]",
        type=numbers(float, "0 or 1.5,2"),
        help="guidance scale, for all stages or one per stage (the model's)",
    )
    add(
        "--guidance-interval",
        metavar="FIRST,LAST",
        type=numbers(int, "200,799"),
        help="timesteps that are guided, from 0; a step outside costs one pass less (quality's)",
    )
    add(
        "--truncation",
        metavar="on|off|BOUND",
        help="truncation before each step: values beyond a quantile of held-out chains are "
        "clamped, the quantile falling from 1 at the last step to BOUND (0.5 to 1) at the "
        "first; on: the model's bound, else 0.96 (the model's, which may be off)",
    )
    add("--samples", metavar="K", type=int, help="spectra drawn and averaged (quality's)")
    add("--spread", metavar="PATH", help="GeoTIFF of the estimate's spread: how far it may be off")
    add(
        "--reliability",
        metavar="PATH",
        help="GeoTIFF of one band: how far each pixel's estimate can be relied on, 0 to 100",
    )
    add("--draws", metavar="FOLDER", help="also each sample: FOLDER/sample_001.tif ...")
    add("--keep-stages", metavar="DIR", help="also each stage's bands: DIR/stage1.tif ...")
    add("--seed", metavar="N", type=int, default=0, help="same seed, same result (0, not random)")
    add(
        "--radiometry",
        choices=contract.RADIOMETRIES,
        default="auto",
        help="what the values are: reflectance, or a picture's or a sensor's that are matched to "
        "the training scenes (match; srgb: a picture whose values follow sRGB's curve) (auto)",
    )
    add(
        "--radiometry-from",
        metavar="PATH",
        help="match to this raster: to its medians where it holds reflectance, else by its "
        "statistics, as those of the mosaic that INPUT was cut from (INPUT's own)",
    )
    add(
        "--calibration",
        metavar="FILE",
        help="of the command calibrate: the values become reflectance by its lines (none)",
    )
    add("--device", choices=contract.DEVICES, default="auto", help="(auto)")
    add("--threads", metavar="N", type=int, default=0, help="processor threads (0: all cores)")
    add("--tile", metavar="PX", type=int, help="tile side in pixels (the model's)")
    add("--overlap", metavar="PX", type=int, help="pixels that neighbouring tiles share")
    add("--dtype", choices=DTYPES, default="uint16", help="uint16: reflectance x 10,000 (uint16)")
    add(
        "--format",
        choices=contract.FORMATS,
        help="cog: cloud-optimised GeoTIFF; envi: data and header (as OUTPUT's name says: envi "
        "for .img, .dat and .bsq, else gtiff)",
    )
    add("--no-overviews", dest="overviews", action="store_false", help="no thinned copies inside")
    add("--sheet", metavar="PX", type=int, default=2048, help="about the side of a sheet (2048)")
    add(
        "--cluster",
        metavar="ADDRESS",
        help="tcp://HOST:PORT of a Dask scheduler, or local:N for N processes of this machine",
    )
    add("--tls-ca-file", metavar="FILE", help="certificate authority of a tls:// scheduler (PEM)")
    add("--tls-cert", metavar="FILE", help="this client's certificate for it")
    add("--tls-key", metavar="FILE", help="this client's private key for it")
    add("--report", metavar="PATH.html", help="also write an HTML report")
    add("--overwrite", action="store_true", help="replace files that exist")
    add(
        "--memory-limit",
        metavar="SIZE",
        type=memory_size,
        help="memory that may be used, as 800M or 4G (half of what is free)",
    )
    add("--resume", action="store_true", default=True, help="go on from a broken run (default)")
    add("--no-resume", dest="resume", action="store_false", help="start anew, leave no journal")
    add(
        "--unfinished",
        choices=contract.UNFINISHED,
        default=journal.DISCARD,
        help="what becomes of the finished tiles of an unfinished run of OUTPUT that had other "
        "settings; keep: for when those come again (discard)",
    )


def memory_size(text: str) -> int:
    """Read a size such as "800M", "4G" or "2GiB".

    Returns: bytes.
    Raises: argparse.ArgumentTypeError for anything else.
    """
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)\s*([KMGT]?)(?:I?B)?", text.strip().upper())
    if found is None:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a memory size: give for example 800M or 4G"
        )
    return int(float(found.group(1)) * BYTES_PER_UNIT[found.group(2)])


def numbers(kind, example: str):
    """An argparse type: numbers of ``kind`` separated by commas, as in ``example``."""

    def parse(text: str) -> Tuple:
        try:
            return tuple(kind(part) for part in text.split(","))
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"'{text}' must be numbers separated by commas, for example {example}"
            ) from error

    return parse


def run(args, events: Events) -> None:
    """Estimate the spectrum of every pixel of INPUT.

    Raises: InputError for options, PackageError for the model, DeviceError for what computes,
        StorageError for files, CancelledError.
    """
    from ..pipeline.scene import upsample_scene

    check(args)
    options = options_of(args)
    with _executor(options) as executor:
        if scenes.are_many(options.input, options.output):
            from ..batch import batch

            batch.run(options, scenes.find_scenes(options.input), events, executor)
        else:
            upsample_scene(options, events, executor)


def options_of(args) -> UpsampleOptions:
    """Take the parsed command line over into UpsampleOptions.

    Returns: the options.
    """
    return UpsampleOptions(
        **{item.name: getattr(args, item.name) for item in fields(UpsampleOptions)}
    )


@contextmanager
def _executor(options: UpsampleOptions) -> Iterator:
    """Who computes; a cluster is left at the end."""
    if not options.cluster:
        from ..executors.local import LocalExecutor

        yield LocalExecutor()
        return
    from ..executors import dask_executor, dask_pool

    with ExitStack() as stack:
        tls = dask_pool.certificates(options.tls_ca_file, options.tls_cert, options.tls_key)
        yield dask_executor.DaskExecutor(options.cluster, stack, tls)


def check(args) -> None:
    """Refuse option values that no raster or model could make right.

    Raises: InputError.
    """
    check_numbers(args)
    of_cluster = args.cluster, args.tls_ca_file, args.tls_cert, args.tls_key
    if any(value is not None for value in of_cluster):
        _check_cluster(*of_cluster)
    if args.extent is not None and len(args.extent) != 4:
        raise InputError(
            f"--extent has {len(args.extent)} numbers", "give XMIN,YMIN,XMAX,YMAX, with commas"
        )
    if args.mask_layer is not None and args.mask is None:
        raise InputError("--mask-layer is given without --mask", "give --mask FILE too")
    needing = " and ".join(needs_samples(args))
    if needing and args.samples == 1:
        raise InputError(
            f"{needing} needs --samples of 2 or more: one sample has no spread",
            "raise --samples, or leave it out",
        )


def _check_cluster(
    address: Optional[str], ca_file: Optional[str], cert: Optional[str], key: Optional[str]
) -> None:
    from ..executors import dask_pool

    tls = dask_pool.certificates(ca_file, cert, key)
    if address is not None:
        dask_pool.check(address, tls)
    elif tls:
        raise InputError(
            "certificates are given without --cluster", "give --cluster tls://HOST:PORT"
        )
