"""Which bands are red, green and blue: by wavelength, interpretation, name, then order."""

from dataclasses import replace

import pytest

from model_runtime.errors import InputError
from model_runtime.package.manifest import InputBand
from model_runtime.raster.band_choice import (
    CHOSEN,
    BandFacts,
    Choice,
    check,
    choose,
    colour_in_name,
    in_model_order,
)

RGB = (InputBand("red", 640, 82), InputBand("green", 550, 82), InputBand("blue", 465, 70))
BGR = (InputBand("blue", 437, 14), InputBand("green", 537, 14), InputBand("red", 694, 14))


COLOUR = "colour interpretation"


def named(*names):
    return [BandFacts(number, name) for number, name in enumerate(names, start=1)]


def at(*wavelengths, colours=()):
    marks = colours or [""] * len(wavelengths)
    pairs = zip(wavelengths, marks)
    return [BandFacts(i, "", colour, nm) for i, (nm, colour) in enumerate(pairs, start=1)]


@pytest.mark.parametrize(
    ("facts", "bands", "found_by"),
    [
        (named("B2", "B3", "B4", "B8"), (3, 2, 1), "band names"),
        (named("B02", "B03", "B04", "B08"), (3, 2, 1), "band names"),
        (named("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A"), (4, 3, 2), "band names"),
        (named("SR_B2", "SR_B3", "SR_B4"), (3, 2, 1), "band names"),
        (named("T32TQM_B04_10m", "T32TQM_B03_10m", "T32TQM_B02_10m"), (1, 2, 3), "band names"),
        (named("Blau", "Grün", "Rot", "NIR"), (3, 2, 1), "band names"),
        (named("Blue", "Green", "Red", "Red Edge", "NIR"), (3, 2, 1), "band names"),
        (named("Red Edge", "Red", "Green", "Blue"), (2, 3, 4), "band names"),
        (named("B", "G", "R"), (3, 2, 1), "band names"),
        (
            named("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
            (6, 4, 2),
            "band names",
        ),
        (
            named("Blue-444", "Blue", "Green-531", "Green", "Red-650", "Red"),
            (6, 4, 2),
            "band names",
        ),
        (named("", "", ""), (1, 2, 3), "their order"),
        (named("Band 2", "Band 3", "Band 4"), (1, 2, 3), "their order"),
        (at(490, 560, 665, 842), (3, 2, 1), "wavelength"),
        (at(490, 560, 665, colours=("red", "green", "blue")), (3, 2, 1), "wavelength"),
        (
            at(None, None, None, colours=("blue", "green", "red")),
            (3, 2, 1),
            "colour interpretation",
        ),
        (at(None, 560, 665, colours=("blue", "green", "red")), (3, 2, 1), COLOUR),
    ],
)
def test_bands_are_found_by_what_the_file_says(facts, bands, found_by):
    assert choose("a.tif", facts, RGB) == Choice(bands, found_by)


def test_a_band_that_the_file_calls_bad_is_left_for_the_next_nearest():
    facts = at(465, 550, 630, 640)
    assert choose("a.img", facts, RGB).bands == (4, 2, 1)
    facts[3] = replace(facts[3], is_bad=True)
    assert choose("a.img", facts, RGB).bands == (3, 2, 1)


def test_four_bands_or_more_that_say_nothing_are_taken_in_order_with_a_warning():
    for names in (("B1", "B2", "B3", "B4"), ("",) * 65):
        choice = choose("a.tif", named(*names), RGB)
        assert (choice.bands, choice.found_by) == ((1, 2, 3), "their order")
        assert f"which of its {len(names)} bands" in choice.doubt
        assert "--bands 3,2,1" in choice.doubt
    with_alpha = at(None, None, None, None, colours=("", "", "", "alpha"))
    assert choose("a.tif", with_alpha, RGB).doubt == ""


@pytest.mark.parametrize("nm", [0.64, 640_000])
def test_a_wavelength_that_is_no_light_is_a_wrong_unit(nm):
    with pytest.raises(InputError, match="no light") as refused:
        check(at(nm, 550, 465), Choice((1, 2, 3), CHOSEN), RGB)
    assert "correct the unit" in refused.value.remedy


SURFACE = [f"SR_B{number}" for number in (1, 2, 3, 4, 5, 6, 7)]


@pytest.mark.parametrize(
    ("path", "names", "bands"),
    [
        ("a.tif", SURFACE, (4, 3, 2)),
        ("a.tif", [*SURFACE, "ST_B10"], (4, 3, 2)),
        ("a.tif", [*SURFACE[:5], SURFACE[6], "ST_B6"], (3, 2, 1)),
        ("a.tif", SURFACE[:3], (3, 2, 1)),
        ("x/LE07_L2SP_193026_20010601_20200917_02_T1.tif", SURFACE[:4], (3, 2, 1)),
        ("LT05_L2SP_193026_19900601_20200917_02_T1.tif", SURFACE[2::-1], (1, 2, 3)),
        ("LC08_L2SP_193026_20210601_20210608_02_T1.tif", SURFACE[:4], (4, 3, 2)),
        ("a.vrt", [f"LE07_L1TP_193026_20010601_20200917_02_T1_B{n}" for n in (1, 2, 3)], (3, 2, 1)),
        ("a.vrt", [f"LC08_L1TP_193026_20210601_20210608_02_T1_B{n}" for n in (2, 3, 4)], (3, 2, 1)),
        ("LE07_L2SP_193026_20010601_20200917_02_T1.tif", ["B4", "B3", "B2", "B1"], (2, 3, 4)),
        ("LE07_L2SP_193026_20010601_20200917_02_T1.tif", ["Red", "Green", "Blue"], (1, 2, 3)),
    ],
)
def test_landsats_before_the_8th_count_from_blue(path, names, bands):
    """Read as Landsat 8, their red is near infrared; by their order, it is blue."""
    assert choose(path, named(*names), RGB).bands == bands


def test_landsat_bands_that_may_be_either_are_refused():
    with pytest.raises(
        InputError, match=r"SR_B1 to SR_B4 of .* may be Landsat 4 to 7's"
    ) as refused:
        choose("a.tif", named(*SURFACE[:4]), RGB)
    assert refused.value.remedy == (
        "give --bands 3,2,1 for Landsat 4 to 7, 4,3,2 for Landsat 8 and 9"
    )


def test_landsat_7s_infrared_is_not_read_as_landsat_8s_red():
    facts = named(*(f"LE07_L1TP_193026_20010601_20200917_02_T1_B{n}" for n in (4, 3, 2)))
    with pytest.raises(InputError, match="lacks B3, B2 or B1"):
        choose("a.vrt", facts, RGB)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("T33UUU_20230510T101559_B08_10m", "T33UUU_B04", "T33UUU_B03"), "T33UUU_B04"),
        (("B8A", "B4", "B3"), ""),  # 8A is no number: which are infrared the colours show
        (("B1", "B2", "B3"), ""),  # that only counts
        (("", "", ""), ""),
    ],
)
def test_numbers_of_other_bands_of_a_sensor_are_told(names, says):
    choice = choose("a.tif", named(*names), RGB)
    assert choice.bands == (1, 2, 3)
    assert (says in choice.doubt) if says else choice.doubt == ""


def marked(names, colours):
    pairs = enumerate(zip(names, colours), start=1)
    return [BandFacts(number, name, colour) for number, (name, colour) in pairs]


@pytest.mark.parametrize(
    ("names", "bands"),
    [
        (("B2", "B3", "B4"), (3, 2, 1)),
        (("NIR", "Red", "Green", "Blue"), (2, 3, 4)),
        (("Blau", "Grün", "Rot", "nahes Infrarot"), (3, 2, 1)),
    ],
)
def test_names_win_over_the_interpretation_that_gdal_makes_up(names, bands):
    facts = marked(names, ("red", "green", "blue", "alpha"))
    assert choose("a.tif", facts, RGB) == Choice(bands, "band names")


def test_names_that_contradict_an_interpretation_of_another_order_are_told():
    choice = choose("a.tif", marked(("B4", "B3", "B2"), ("blue", "green", "red")), RGB)
    assert (choice.bands, choice.found_by) == ((3, 2, 1), COLOUR)
    assert "Red = band 1 (B4)" in choice.doubt and "--bands 1,2,3" in choice.doubt
    assert choose("a.tif", named("B2", "B3", "B4", "B8"), RGB).doubt == ""


@pytest.mark.parametrize("colours", [("red", "green", "blue"), ("", "", "")])
@pytest.mark.parametrize(
    "names", [("NIR", "Red", "Green"), ("proche infrarouge", "", ""), ("Green", "Red", "NIR2")]
)
def test_infrared_is_not_read_as_red(names, colours):
    facts = marked(names, colours)
    choice = choose("a.tif", facts, RGB)
    with pytest.raises(InputError, match=f"Band 1 is named '{names[0]}' but .* used as red"):
        check(facts, choice, RGB)
    check(facts, Choice((1, 2, 3), CHOSEN), RGB)  # who chooses knows better


@pytest.mark.parametrize(
    ("name", "count", "bands"),
    [
        ("20230510_101112_23_2414_3B_AnalyticMS_SR.tif", 4, (3, 2, 1)),
        ("20230510_101112_23_2414_3B_AnalyticMS_SR_8b_clip.tif", 8, (6, 4, 2)),
        ("3161914_2017-03-21_RE1_3A_Analytic.tif", 5, (3, 2, 1)),
        ("20230510_101112_23_2414_3B_Visual.tif", 3, (1, 2, 3)),
    ],
)
def test_planets_products_of_nameless_bands_begin_with_blue(name, count, bands):
    choice = choose(f"a/{name}", named(*[""] * count), RGB)
    assert choice.bands == bands and choice.doubt == ""
    assert choose(f"a/{name}", named(*[""] * count), BGR).bands == bands[::-1]


@pytest.mark.parametrize(
    ("colours", "said"),
    [
        (("YCbCr_Y", "YCbCr_Cb", "YCbCr_Cr"), "band 1 .* is its YCbCr_Y band"),
        (("blue", "green", ""), "band 1 .* is its blue band"),
        (("red", "alpha", ""), "band 2 .* is its alpha band"),
    ],
)
def test_bands_of_other_colours_are_not_taken_by_their_order(colours, said):
    with pytest.raises(InputError, match=said):
        choose("a.tif", marked(("", "", ""), colours), RGB)
    assert choose("a.tif", marked(("", "", ""), ("", "green", "blue")), RGB).bands == (1, 2, 3)


def test_a_model_that_takes_blue_first_gets_blue_first():
    assert choose("a.tif", named("B2", "B3", "B4", "B8"), BGR).bands == (1, 2, 3)
    assert choose("a.tif", named("", "", ""), BGR).bands == (3, 2, 1)


def test_bands_that_are_given_as_red_green_blue_are_put_in_the_models_order():
    assert in_model_order((2, 3, 1), RGB) == (2, 3, 1)
    assert in_model_order((2, 3, 1), BGR) == (1, 3, 2)


def test_another_number_of_bands_goes_by_wavelength_or_order():
    two = (InputBand("nir", 850, 50), InputBand("red", 650, 50))
    assert choose("a.tif", at(490, 655, 842), two) == Choice((3, 2), "wavelength")
    assert choose("a.tif", named("", "", ""), two) == Choice((1, 2), "their order")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (named("", ""), "has 2 bands, the model needs 3"),
        (at(None, None, None, colours=("", "alpha", "")), "band 2 of 'a.tif' is its alpha"),
    ],
)
def test_too_few_bands_are_refused(facts, says):
    with pytest.raises(InputError, match=says):
        choose("a.tif", facts, RGB)


def test_a_band_of_another_colour_is_refused_with_the_right_one():
    facts = at(482, 561, 655, 865)
    with pytest.raises(InputError) as refused:
        check(facts, Choice((1, 2, 3), CHOSEN), RGB)
    assert str(refused.value) == (
        "Band 1 is blue (482 nm) but is used as red: set Red band to band 3 (655 nm)"
    )
    check(facts, Choice((3, 2, 1), CHOSEN), RGB)
    with pytest.raises(InputError, match="no band lies within 60 nm of 465 nm"):
        check(at(655, 561, 865), Choice((1, 2, 3), CHOSEN), RGB)


def test_sixty_nanometres_off_is_the_last_that_is_taken():
    check(at(700, 550, 465), Choice((1, 2, 3), CHOSEN), RGB)
    with pytest.raises(InputError, match=r"Band 1 is infrared \(701 nm\) but is used as red"):
        check(at(701, 550, 465), Choice((1, 2, 3), CHOSEN), RGB)


def test_what_was_taken_is_said():
    facts = named("B2", "B3", "B4", "B8")
    said = choose("a.tif", facts, RGB).describe(facts, RGB)
    assert said == "Red = band 3 (B4), Green = band 2 (B3), Blue = band 1 (B2); by band names"
    facts = at(655, 561, 482)
    said = Choice((1, 2, 3), "choice").describe(facts, RGB)
    assert said.startswith("Red = band 1 (655 nm), ") and said.endswith("; as chosen")


@pytest.mark.parametrize(
    "name", ["Red Edge 1", "near infrared", "Red and green", "Band 1", "Reduced", "B4", "G2"]
)
def test_words_that_only_contain_a_colour_are_none(name):
    assert colour_in_name(name) == ""
