"""Calibrations that names and tags give away."""

import pytest

from model_runtime.spectra.known_calibration import FileFacts, recognise

SAFE = "S2B_MSIL2A_20210614T101031_N{}_R022_T32TQM_20210614T180000"


@pytest.mark.parametrize(
    ("facts", "scale", "offset"),
    [
        (FileFacts(files=(f"/d/{SAFE.format('0400')}.SAFE/stack.tif",)), 1e-4, -0.1),
        (FileFacts(files=(f"/d/{SAFE.format('0301')}.SAFE/stack.tif",)), 1e-4, 0),
        (FileFacts(tags={"PRODUCT_URI": SAFE.format("0510") + ".SAFE"}), 1e-4, -0.1),
        (FileFacts(tags={"PROCESSING_BASELINE": "05.09"}), 1e-4, -0.1),
        (FileFacts(tags={"PROCESSING_BASELINE": "02.14"}), 1e-4, 0),
        (
            FileFacts(tags={"BOA_ADD_OFFSET": "-1000", "BOA_QUANTIFICATION_VALUE": "10000"}),
            1e-4,
            -0.1,
        ),
        (FileFacts(band_names=("SR_B4", "SR_B3", "SR_B2")), 2.75e-5, -0.2),
        (FileFacts(files=("LC08_L2SP_192023_20230601_20230607_02_T1_SR.tif",)), 2.75e-5, -0.2),
    ],
)
def test_products_are_recognised(facts, scale, offset):
    known = recognise(facts)
    assert (known.scale, known.offset) == pytest.approx((scale, offset))
    assert known.why


@pytest.mark.parametrize(
    "facts",
    [
        FileFacts(),
        FileFacts(files=("/data/ortho.tif",), band_names=("B4", "B3", "B2")),
        FileFacts(files=("S2_stack.tif",), tags={"PROCESSING_BASELINE": "unknown"}),
        FileFacts(band_names=("SR_B4", "SR_B3", "QA")),
    ],
)
def test_other_files_are_not(facts):
    assert recognise(facts) is None


def test_netcdfs_own_offset_is_not_sentinel_2s():
    assert recognise(FileFacts(tags={"add_offset": "0", "Rrs#add_offset": "0.05"})) is None
