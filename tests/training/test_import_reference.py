"""Released checkpoints as packages: golden numbers through ONNX Runtime, and refusals."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from osgeo import gdal

from model_runtime import __main__ as runtime
from model_runtime.diffusion import cascade, guidance, samplers, schedule
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling
from model_runtime.errors import InputError, PackageError
from model_runtime.package import manifest
from training import config as settings_file
from training import import_reference
from training.graphs.onnx_export import relative_difference
from training.package import released_checkpoint

ROOT = Path(__file__).parents[2]
TINY_CHECKPOINT = ROOT / "tests" / "data" / "golden" / "tiny_stage1.pth"
COMMON = """
name = "golden"
version = "1"
licence = "none"
normalisation = {{ offset = 3693.0, scale = 7410.0 }}
data = {{ train = [], validation = [], units = [], patch = {tile} }}
tile = {{ multiple = {multiple}, size = {tile}, overlap = {multiple} }}
output = {{ unit = "DN", grid_nm = [380.0, 1050.0, 48] }}

[input]
unit = "DN"
names = ["blue", "green", "red"]
wavelength_nm = [437.0, 536.8, 693.6]
fwhm_nm = [14.3, 14.3, 14.3]

[training]
seed = 1
batch = 4
learning_rate = 1e-4
loss = "l1"
sam_weight = 1.0
sam_of = "normalised"
ema_decay = 0.9999
ema_start = 2000
"""
STAGE = """
[[stages]]
every = {every}
prediction = "epsilon"
schedule = "{schedule}"
timesteps = {num_timesteps}
schedule_low = {schedule_low}
schedule_high = {schedule_high}
guidance_scale = {icmg_scale}
pdt_lower_bound = {pdt_lower_bound}
iterations = 1
[stages.network]
kind = "released"
base_width = {base_channels}
multipliers = {channel_mults}
attention_levels = {attention_resolutions}
time_width = {time_emb_dim}
residual_blocks = {num_res_blocks}
groups = {groups}
dropout = {dropout}
"""


def settings_text(pair):
    multiple = 2 ** (len(pair[0].settings["channel_mults"]) - 1)
    text = COMMON.format(multiple=multiple, tile=8 * multiple)
    for golden in pair:
        text += STAGE.format(every=48 // golden.settings["output_channels"], **golden.settings)
    return text


@pytest.fixture
def tiny(load_golden, tmp_path):
    """(stage 1, stage 2, settings file) of the committed golden cascade."""
    pair = [load_golden("tiny_stage1"), load_golden("tiny_stage2")]
    path = tmp_path / "settings.toml"
    path.write_text(settings_text(pair), encoding="utf-8")
    return *pair, path


@pytest.fixture(scope="session")
def package(golden_pair, tmp_path_factory):
    """The folder of the EMA package of a golden cascade, made by the command."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "settings.toml").write_text(settings_text(golden_pair), encoding="utf-8")
    stage1, stage2 = (str(golden.checkpoint) for golden in golden_pair)
    config, model = str(folder / "settings.toml"), folder / "model"
    arguments = ["--stage1", stage1, "--stage2", stage2, "--config", config, str(model)]
    assert import_reference.main(arguments) == 0
    return model


@pytest.fixture(scope="session")
def imported(package):
    """The package as the runtime loads it."""
    return load_cascade(package, manifest.read(package), "cpu", 1)


def predictors(stage, condition):
    """(conditional, null) networks of a loaded stage, each (x_t, t) to epsilon."""
    return stage._network(condition), stage._network(np.zeros_like(condition))


def at_timesteps(golden, function):
    return np.concatenate([function(int(t)) for t in golden.arrays["timesteps"]])


@pytest.mark.parametrize("number", [0, 1], ids=["stage1", "stage2"])
def test_denoisers_equal_the_reference_through_onnx(golden_pair, imported, number):
    golden, stage = golden_pair[number], imported.stages[number]
    conditional, null = predictors(stage, golden.arrays["condition"])
    x = golden.arrays["x"]
    found = at_timesteps(golden, lambda t: conditional(x, t))
    assert relative_difference(found, golden.arrays["eps_cond_ema"]) <= 1e-4
    found = at_timesteps(golden, lambda t: null(x, t))
    assert relative_difference(found, golden.arrays["eps_null_ema"]) <= 1e-4


def test_null_condition_keeps_its_digits_on_a_larger_tile(golden_pair, imported):
    """Its features hardly vary, which ONNX Runtime's own normalisation rounds away."""
    golden, stage = golden_pair[0], imported.stages[0]
    generator = torch.Generator().manual_seed(4)
    x = torch.randn((1, 12, 160, 96), generator=generator)
    null = torch.zeros(1, 3, 160, 96)
    with torch.no_grad():
        expected = golden.network("ema_model")(x, null, torch.tensor([350])).numpy()
    found = predictors(stage, null.numpy())[1](x.numpy(), 350)
    assert relative_difference(found, expected) <= 1e-5


@pytest.mark.parametrize("number", [0, 1], ids=["stage1", "stage2"])
def test_guided_truncated_mean_equals_the_reference(golden_pair, imported, number):
    golden, stage = golden_pair[number], imported.stages[number]
    scale, bound = stage.stage.guidance_scale, stage.stage.pdt_lower_bound
    predict = guidance.mix_guidance(*predictors(stage, golden.arrays["condition"]), scale)
    d = stage.diffusion

    def mean(t):
        x = guidance.truncate(golden.arrays["x_heavy"], t, d.steps, bound)
        x0 = schedule.x0("epsilon", predict(x, t), x, d, t)
        return samplers.ddpm_mean(x, x0, d, t, t - 1)

    expected = golden.arrays["mean_heavy"]
    for found, wanted in zip(at_timesteps(golden, mean), expected):
        assert relative_difference(found, wanted) <= 1e-4


@pytest.mark.parametrize("number", [0, 1], ids=["stage1", "stage2"])
def test_whole_chain_equals_the_reference(golden_pair, imported, number):
    golden, stage = golden_pair[number], imported.stages[number]
    rng = np.random.default_rng(golden.settings["noise_seed"])
    expected, condition = golden.arrays["sample"], golden.arrays["condition"]

    def draw(t):  # the reference drew float64 and rounded
        return rng.standard_normal(expected.shape).astype(np.float32)

    steps, scale = golden.settings["num_timesteps"], stage.stage.guidance_scale
    how = Sampling("ddpm", steps, 1, (scale,), 0)
    found = stage.sample(condition, np.zeros_like(condition), how, scale, draw)
    assert relative_difference(found, expected) <= 1e-3


def documented_line(picture, output, model, stages):
    """The documented command for the authors' networks, as arguments, with these paths in it."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8").replace("\\\n", " ")
    [line] = re.findall(r"-m model_runtime (upsample .*--keep-stages \S+)", text)
    named = {"rgb.tif": picture, "cube.tif": output, "mine": model, "stages": stages}
    return [str(named.get(word, word)) for word in line.split()]


def test_the_documented_line_samples_as_the_authors_do(golden_pair, package, tmp_path, monkeypatch):
    """Stage 1 through the command, with the reference's noise."""
    golden = golden_pair[0]
    if golden.settings["size"] > 8:
        pytest.skip("the tiny networks show it, larger ones take a minute")
    rng = np.random.default_rng(golden.settings["noise_seed"])

    def reference_noise(key, bands, window):
        shape = bands, window.rows, window.cols
        if key.stage > 0:
            return np.zeros(shape, np.float32)
        return rng.standard_normal(shape).astype(np.float32)

    monkeypatch.setattr(cascade.noise, "draw_noise", reference_noise)
    blue_first = golden.arrays["condition"][0] * 7410 + 3693
    size, picture = blue_first.shape[1], str(tmp_path / "rgb.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(picture, size, size, 3, gdal.GDT_Float32)
    dataset.WriteArray(blue_first[::-1])
    dataset = None
    line = documented_line(picture, tmp_path / "cube.tif", package, tmp_path / "stages")
    assert runtime.main(line) == 0
    found = gdal.Open(str(tmp_path / "stages" / "stage1.tif")).ReadAsArray()
    assert relative_difference((found - 3693) / 7410, golden.arrays["sample"][0]) <= 1e-3


def test_best_is_exactly_what_the_authors_do(imported):
    assert imported.manifest.qualities["best"] == manifest.Quality("ddpm", 1000, 1, None)


def test_red_green_and_blue_reach_the_inputs_of_that_colour(package, tmp_path):
    """The released networks take blue first; a picture's bands come red first."""
    source = str(tmp_path / "rgb.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(source, 16, 16, 3, gdal.GDT_UInt16)
    dataset.WriteArray(np.full((3, 16, 16), 4000, np.uint16))
    dataset = None
    output = str(tmp_path / "out.tif")
    options = ["--model", str(package), "--sampler", "ddim", "--steps", "1", "--overwrite"]
    for chosen, wanted in (([], "3,2,1"), (["--bands", "2,3,1"], "1,3,2")):
        assert runtime.main(["upsample", source, output, *options, *chosen]) == 0
        result = gdal.Open(output)
        assert result.GetMetadataItem("SCDM_INPUT_BANDS") == wanted
        assert result.RasterCount == 48


def test_live_weights_are_taken_when_asked_for(tiny, tmp_path):
    golden, _, path = tiny
    config = settings_file.load(path)
    onnx = tmp_path / "live.onnx"
    import_reference.import_stage(golden.checkpoint, config, 0, "live", onnx)
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(onnx.read_bytes(), providers=["CPUExecutionProvider"])
    count = len(golden.arrays["timesteps"])
    feeds = {
        "x": golden.arrays["x"].repeat(count, 0),
        "condition": golden.arrays["condition"].repeat(count, 0),
        "timestep": golden.arrays["timesteps"],
    }
    found = session.run(["prediction"], feeds)[0]
    assert relative_difference(found, golden.arrays["eps_cond_model"]) <= 1e-4


@pytest.mark.parametrize(
    "override, error, message",
    [
        ("stages.0.network.base_width=64", InputError, "shape"),
        ("stages.0.network.attention_levels=[0, 1]", PackageError, "attention2"),
        ("stages.0.network.attention_levels=[]", InputError, "not in the network"),
        ("stages.0.network.multipliers=[1, 1, 1]", InputError, "tile.multiple"),
        ("stages.0.network.residual_blocks=1", InputError, "another network"),
        ("stages.0.network.time_width=64", InputError, "shape"),
        ("stages.0.timesteps=500", InputError, "1000 betas.*500 betas"),
        ("stages.0.schedule='cosine'", InputError, "cosine"),
        ("stages.0.schedule_high=0.03", InputError, "0.02.*0.03"),
        ("stages.0.prediction='v'", InputError, "epsilon"),
    ],
)
def test_settings_of_another_checkpoint_are_refused(tiny, tmp_path, override, error, message):
    stage1, stage2, path = tiny
    config = settings_file.load(path, [override])
    with pytest.raises(error, match=message):
        import_reference.import_package(
            [stage1.checkpoint, stage2.checkpoint], config, "ema", tmp_path / "model"
        )
    assert [p.name for p in tmp_path.iterdir()] == ["settings.toml"]


def changed(golden, tmp_path, change):
    state = torch.load(golden.checkpoint, weights_only=True)
    change(state)
    torch.save(state, tmp_path / "changed.pth")
    return tmp_path / "changed.pth"


def drop(key):
    return lambda state: [state.pop(k) for k in list(state) if k.startswith(key)]


def fill(key, value):
    return lambda state: state[key].fill_(value)


@pytest.mark.parametrize(
    "change, message",
    [
        (drop("ema_model.ups.0.conv_1.bias"), "ema_model.ups.0.conv_1.bias is missing"),
        (drop("ema_model."), "no ema weights"),
        (drop("betas"), "no buffer 'betas'"),
        (drop("alphas_cumprod"), "no buffer 'alphas_cumprod'"),
        (fill("sigma", 0.01), "sigma is not"),
        (fill("ema_model.out_conv.bias", float("nan")), "not finite"),
        (lambda state: state.update(note="text"), "table of tensors"),
    ],
)
def test_damaged_checkpoints_are_refused(tiny, tmp_path, change, message):
    golden, _, path = tiny
    config = settings_file.load(path)
    checkpoint = changed(golden, tmp_path, change)
    with pytest.raises(PackageError, match=message):
        import_reference.import_stage(checkpoint, config, 0, "ema", tmp_path / "d.onnx")
    assert not (tmp_path / "d.onnx").exists()


@pytest.mark.parametrize("seed", range(40))
def test_a_checkpoint_damaged_anywhere_is_refused_or_whole(tmp_path, seed):
    """Damage shows as any of many errors of torch's, zip's or pickle's."""
    content, rng = bytearray(TINY_CHECKPOINT.read_bytes()), np.random.default_rng(seed)
    for place in rng.integers(0, len(content), 1 + seed % 4):
        content[place] = rng.integers(256)
    (tmp_path / "d.pth").write_bytes(content if seed % 5 else content[: len(content) // 2])
    try:
        assert released_checkpoint.read(tmp_path / "d.pth")
    except PackageError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["train", "distill", "export", "import_reference", "prepare"])
def test_commands_start_without_docstrings(name):
    words = [sys.executable, "-OO", f"training/{name}.py", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=200)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pickle_that_runs_code_is_refused_unrun(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"betas": Hostile()}, tmp_path / "hostile.pth")
    with pytest.raises(PackageError, match="plain weights"):
        released_checkpoint.read(tmp_path / "hostile.pth")
    assert not (tmp_path / "ran").exists()


def test_command_answers_a_mistake_in_one_line(tiny, tmp_path, capsys):
    stage1, stage2, path = tiny
    swapped = ["--stage1", str(stage2.checkpoint), "--stage2", str(stage1.checkpoint)]
    model = tmp_path / "model"
    assert import_reference.main([*swapped, "--config", str(path), str(model)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "init_conv.weight" in said.err
    one = ["--stage1", str(tmp_path / "absent.pth"), "--config", str(path), str(model)]
    assert import_reference.main(one) == 2
    assert "1 checkpoints for the 2 stages" in capsys.readouterr().err
    assert not model.exists()


def test_a_folder_with_something_in_it_is_left_alone(tiny, tmp_path):
    stage1, stage2, path = tiny
    config = settings_file.load(path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="not empty"):
        import_reference.import_package(
            [stage1.checkpoint, stage2.checkpoint], config, "ema", tmp_path / "model"
        )
    assert (tmp_path / "model" / "mine.txt").read_text(encoding="utf-8") == "mine"


ONE_STAGE = """
name = "other"
version = "1"
licence = "none"
normalisation = {{ offset = 0.2, scale = 0.3 }}
tile = {{ multiple = {multiple}, size = 16, overlap = 8 }}
[input]
unit = "reflectance"
names = ["blue", "red"]
wavelength_nm = [450.0, 650.0]
fwhm_nm = [50.0, 50.0]
[output]
unit = "reflectance"
grid_nm = [400.0, 700.0, 5]
[[stages]]
every = 1
prediction = "epsilon"
"""
DIFFUSION = {
    "schedule": "linear",
    "timesteps": 1000,
    "schedule_low": 1e-4,
    "schedule_high": 0.02,
    "guidance_scale": 1.5,
    "pdt_lower_bound": 0.96,
}
NETWORK = {
    "kind": "released",
    "base_width": 8,
    "groups": 4,
    "multipliers": [1, 2],
    "attention_levels": [1],
    "time_width": 12,
    "residual_blocks": 1,
    "dropout": 0.1,
}
OTHERS = {
    "one level": {"multipliers": [3], "attention_levels": [0], "residual_blocks": 3},
    "no attention": {"multipliers": [1, 3, 2], "attention_levels": [], "time_width": 7},
    "attention everywhere": {
        "multipliers": [2, 1, 3],
        "residual_blocks": 2,
        "attention_levels": [0, 1, 2],
    },
    "a channel a group": {"base_width": 32, "groups": 32},
    "cosine": {"schedule": "cosine", "timesteps": 200, "dropout": 0.0},
    "few timesteps": {"timesteps": 40, "guidance_scale": 0, "pdt_lower_bound": 1},
    "much guidance": {"timesteps": 1500, "guidance_scale": 9, "pdt_lower_bound": 0.9},
}


def other_settings(folder, **changes):
    """Settings of one stage, 2 to 5 bands, in a file with nothing that only training asks for."""
    of_stage, of_network = (
        {**table, **{k: v for k, v in changes.items() if k in table}}
        for table in (DIFFUSION, NETWORK)
    )
    lines = [ONE_STAGE.format(multiple=2 ** (len(of_network["multipliers"]) - 1))]
    lines += [f"{key} = {json.dumps(value)}" for key, value in of_stage.items()]
    lines += ["[stages.network]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in of_network.items()]
    path = folder / "other.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def random_state(config, betas=None, noise=0.05):
    """What the released code would save for stage 1 of ``config``, with random weights."""
    stage = config.stages[0]
    kind = stage.schedule, stage.timesteps, stage.schedule_low, stage.schedule_high
    betas = schedule.betas(*kind) if betas is None else betas
    products = schedule.diffusion(betas).alpha_bar
    buffers = {"betas": betas, "alphas_cumprod": products, "sigma": np.sqrt(betas)}
    state = {name: torch.tensor(values, dtype=torch.float32) for name, values in buffers.items()}
    torch.manual_seed(5)
    for prefix in ("model.", "ema_model."):
        weights = import_reference.registry.build(config, 0).state_dict()
        state.update({prefix + k: v + noise * torch.randn_like(v) for k, v in weights.items()})
    return state


def import_one(state, settings, folder):
    """Import ``state`` by the command; the folder of the package."""
    torch.save(state, folder / "other.pth")
    words = ["--stage1", folder / "other.pth", "--config", settings, folder / "model"]
    assert import_reference.main([str(word) for word in words]) == 0
    return folder / "model"


@pytest.mark.parametrize("name", OTHERS)
def test_checkpoints_of_other_settings_are_imported(tmp_path, name):
    settings = other_settings(tmp_path, **OTHERS[name])
    config = import_reference.settings(settings)
    state = random_state(config)
    folder = import_one(state, settings, tmp_path)
    model = load_cascade(folder, manifest.read(folder), "cpu", 1)
    network = import_reference.registry.build(config, 0).eval()
    released_checkpoint.load_weights(network, state, "ema", tmp_path)
    x, condition = torch.randn(3, 5, 8, 20), torch.randn(3, 2, 8, 20)
    for seen in (condition, 0 * condition):
        found = model.stages[0]._network(seen.numpy())(x.numpy(), 7)
        with torch.no_grad():
            expected = network(x, seen, torch.full((3,), 7)).numpy()
        assert relative_difference(found, expected) <= 1e-4
    stage = config.stages[0]
    how = Sampling("ddpm", 6, 2, (stage.guidance_scale,), seed=1)
    made = model.estimate(np.full((2, 16, 8), 0.3, np.float32), 0, 0, how)
    assert np.isfinite(made.mean).all() and np.isfinite(made.spread).all()


def test_weights_as_they_begin_are_imported(tmp_path):
    """A null condition has no features yet: plain normalisation makes numbers of its rounding."""
    settings = other_settings(tmp_path, base_width=32, groups=32)
    state = random_state(import_reference.settings(settings), noise=0)
    assert (import_one(state, settings, tmp_path) / "stage1.onnx").is_file()


@pytest.mark.parametrize("steps, low", [(200, 5e-4), (200, 1e-4), (4000, 2.5e-5)])
def test_the_checkpoints_betas_tell_whether_their_ends_were_scaled(tmp_path, steps, low):
    """The released code takes 1000 / steps of the ends that it is given."""
    config = import_reference.settings(other_settings(tmp_path, timesteps=steps))
    betas = np.linspace(low, 200 * low, steps)
    torch.save(random_state(config, betas), tmp_path / "other.pth")
    onnx = tmp_path / "o.onnx"
    made = import_reference.import_stage(tmp_path / "other.pth", config, 0, "ema", onnx)
    found = made.stage.schedule
    assert (found.low, found.high) == pytest.approx((low, 200 * low))
    np.testing.assert_allclose(schedule.of_manifest(found).betas, betas, rtol=1e-12)


def test_buffers_that_were_computed_in_float32_are_taken(tmp_path):
    state = random_state(import_reference.settings(other_settings(tmp_path)))
    state["betas"] = torch.linspace(1e-4, 0.02, 1000)
    state["alphas_cumprod"] = (1 - state["betas"]).cumprod(0)
    kind = ("linear", 1000, 1e-4, 0.02, tmp_path)
    assert released_checkpoint.schedule_ends(state, *kind) == (1e-4, 0.02)


@pytest.mark.parametrize("rows, cols", [(1, 3), (13, 37)])
def test_a_picture_of_any_size_is_upsampled(tmp_path, write_raster, rows, cols):
    """Its sides are no multiples of the network's four."""
    settings = other_settings(tmp_path, multipliers=[1, 2, 1])
    folder = import_one(random_state(import_reference.settings(settings)), settings, tmp_path)
    rng = np.random.default_rng(0)
    source = write_raster("a.tif", rng.uniform(0.1, 0.5, (2, rows, cols)).astype(np.float32))
    words = ["upsample", source, tmp_path / "o.tif", "--model", folder, "--bands", "1,2"]
    words += ["--sampler", "ddim", "--steps", 3, "--keep-stages", tmp_path / "stages"]
    assert runtime.main([str(word) for word in words]) == 0
    found = gdal.Open(str(tmp_path / "o.tif")).ReadAsArray()
    assert found.shape == (5, rows, cols)
    assert not (found == 65535).any()


def test_more_steps_than_the_model_has_are_refused_before_the_work(tmp_path, capsys):
    settings = other_settings(tmp_path, timesteps=40)
    more = ["--set", "qualities={best={sampler='ddpm', steps=1000, samples=1}}"]
    words = ["--stage1", str(tmp_path / "no.pth"), "--config", str(settings), *more]
    assert import_reference.main([*words, str(tmp_path / "model")]) == 2
    assert "qualities.best.steps" in capsys.readouterr().err


def test_the_example_settings_are_those_of_the_committed_checkpoints(load_golden):
    config = import_reference.settings(ROOT / "training" / "configs" / "import_example.toml")
    for stage, name in enumerate(("tiny_stage1", "tiny_stage2")):
        golden, own = load_golden(name), config.stages[stage]
        network = import_reference.registry.build(config, stage)
        assert network.settings == golden.network_settings
        kind = own.schedule, own.timesteps, own.schedule_low, own.schedule_high
        state = released_checkpoint.read(golden.checkpoint)
        assert released_checkpoint.schedule_ends(state, *kind, golden.checkpoint) == kind[2:]
        scale = golden.settings["icmg_scale"], golden.settings["pdt_lower_bound"]
        assert (own.guidance_scale, own.pdt_lower_bound) == scale
