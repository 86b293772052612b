"""The words that runtime, plugin and training share: one spelling for all sides.

It imports nothing: QGIS's own process reads it too.
"""

QUALITIES = ("fast", "balanced", "best")
# On unseen sensors one step is as good as the mean of draws, on camera pictures better.
DEFAULT_QUALITY = "fast"
SAMPLERS = ("ddpm", "ddim", "dpm-solver++")
RADIOMETRIES = ("auto", "reflectance", "match", "srgb")
DEVICES = ("auto", "cpu", "cuda")
FORMATS = ("gtiff", "cog", "envi")  # of what upsample writes,
ENVI_ENDS = (".img", ".dat", ".bsq")  # envi where an output's name ends so
UNFINISHED = ("discard", "keep")  # what becomes of another run's finished units

# How a command ends; errors.py has an error for each but the first.
DONE_EXIT, OPTIONS_EXIT, PACKAGE_EXIT, DEVICE_EXIT, STORAGE_EXIT, CANCELLED_EXIT = (
    0,
    2,
    3,
    4,
    5,
    130,
)

# Tags of a raster begin with this; CONTENT is what the raster holds.
TAG_PREFIX = "SCDM_"
CONTENT_TAG = f"{TAG_PREFIX}CONTENT"
MEAN_CONTENT, SPREAD_CONTENT = "mean of the samples", "spread of the estimate"
RELIABILITY_CONTENT = "reliability of the estimate"
RELIABILITY_TAG = f"{TAG_PREFIX}RELIABILITY"  # what it is made of
# What decides what a run's numbers mean: outputs that differ in one of these are of two runs.
FINGERPRINT_TAG = f"{TAG_PREFIX}INPUT_FINGERPRINT"  # which picture
VALUES_TAGS = (
    FINGERPRINT_TAG,
    f"{TAG_PREFIX}INPUT_BANDS",
    f"{TAG_PREFIX}MODEL_SHA256",
    f"{TAG_PREFIX}RADIOMETRY_CURVE",
    f"{TAG_PREFIX}RADIOMETRY_GAIN",
    f"{TAG_PREFIX}RADIOMETRY_OFFSET",
)
SAMPLE_NAME = "sample_"  # and its number: the file of a sample
SAMPLE_CONTENT, SAMPLE_TAG = "sample", f"{TAG_PREFIX}SAMPLE"  # with its number, from 1

# What lies beside an output under way: the file itself, and the folder of its finished parts.
PART_SUFFIX, JOURNAL_SUFFIX = ".part", ".blocks"

# Set to STDIN_LIFELINE, the worker ends when its standard input does.
LIFELINE_VARIABLE, STDIN_LIFELINE = "SCDM_LIFELINE", "stdin"

# 90 % of a normal distribution lie within so many standard deviations, or spreads, of its mean.
INTERVAL_SPREADS = 1.645

# What is shown as red, green and blue: of natural colour, of colour infrared, and of the rise of
# plants' reflectance between red and infrared.
NATURAL_NM = (640.0, 550.0, 460.0)
INFRARED_NM = (860.0, 650.0, 550.0)
RED_EDGE_NM = (740.0, 705.0, 665.0)
# Colours of curves and classes that the colour-blind tell apart: Okabe and Ito's, without black.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
)
# A camera's red, green and blue: centre and standard deviation.
RESPONSES_NM = ((640.0, 35.0), (550.0, 35.0), (465.0, 30.0))
