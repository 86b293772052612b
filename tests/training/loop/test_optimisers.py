"""AdamW, or Muon for large matrices: which weights are whose, and that a run goes on exactly."""

import copy

import pytest
import torch

from model_runtime.errors import PackageError
from training.config import load
from training.data.dataset import load_scenes
from training.data.patches import Patches
from training.data.sources import Sources
from training.loop import checkpoint, optimisers
from training.loop.stage_trainer import StageTrainer
from training.networks import registry

WIDE = (
    "stages.0.network.context_widths=[16,16]",
    "stages.0.network.width=16",
    "stages.1.network.width=16",
)
MUON = ("training.optimiser=muon", *WIDE)


@pytest.fixture(scope="module")
def trainer(small_toml):
    """A function that makes a trainer of a stage by overridden settings, on few scenes."""
    config = load(small_toml)
    scenes = load_scenes(config.data.train, config)

    def make(*overrides, stage=0):
        config = load(small_toml, overrides)
        torch.manual_seed(0)
        previous = [registry.build(config, s).eval() for s in range(stage)]
        patches = Patches(Sources(scenes), config, config.training.seed)
        return StageTrainer(config, stage, patches, previous)

    return make


def equal(one, other):
    both = zip(one.network.parameters(), other.network.parameters())
    return all(torch.equal(a, b) for a, b in both)


def advance(run, steps):
    for _ in range(steps):
        run.advance()
    return run


def through_a_file(run, folder):
    checkpoint.save(folder, run.stage, run.state())
    return checkpoint.load(folder, run.stage)


@pytest.mark.parametrize("stage", [0, 1])
@pytest.mark.parametrize("words", [MUON, WIDE], ids=["muon", "adamw"])
def test_a_resumed_run_goes_on_bit_for_bit(trainer, tmp_path, words, stage):
    unbroken = advance(trainer(*words, stage=stage), 5)
    resumed = trainer(*words, stage=stage)
    resumed.restore(through_a_file(advance(trainer(*words, stage=stage), 3), tmp_path))
    advance(resumed, 2)
    assert equal(unbroken, resumed)


def test_large_pointwise_weights_are_muons_and_the_rest_adamws(trainer):
    run = trainer(*MUON, "stages.0.network.context_expansion=2")
    names = {id(p): name for name, p in run.network.named_parameters()}
    large = {names[id(weight)] for weight in optimisers.large_weights(run.network)}
    encoder, denoiser = "condition_encoder.looks.", "denoiser.blocks.0."
    assert {f"{denoiser}widen.weight", f"{denoiser}narrow.weight"} <= large
    assert {f"{encoder}down.0.weight", f"{encoder}up.0.weight"} <= large
    assert f"{encoder}enter.weight" not in large  # 3 x 3
    assert f"{encoder}blocks.0.0.space.weight" not in large  # each channel by itself
    assert f"{encoder}leave.weight" not in large  # 15 outputs
    assert "denoiser.shape.weight" not in large  # 2 outputs
    assert not any("bias" in name or "time" in name for name in large)
    rest = {names[id(p)] for group in run.optimiser.adamw.param_groups for p in group["params"]}
    assert large | rest == set(names.values())
    assert not large & rest


def test_a_large_matrix_moves_by_an_orthogonal_step(trainer):
    """All directions alike, though the gradient's differ a hundredfold; a bias moves as by Adam."""
    run = trainer(*MUON, "training.learning_rate=1e-3")
    layer = run.network.denoiser.blocks[0].widen
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    left, _, right = torch.linalg.svd(torch.randn(32, 16), full_matrices=False)
    gradient = left * torch.logspace(-2, 0, 16) @ right
    layer.weight.grad, layer.bias.grad = gradient[:, :, None, None], torch.randn(32)
    run.optimiser.step()
    step = (layer.weight.detach() - weight).flatten(1)
    directions = torch.linalg.svdvals(step)
    assert directions.min() > 0.5 * directions.max()
    assert (step * gradient).sum() < 0  # downhill
    full = 1e-3 * 0.2 * 32**0.5  # Liu et al. 2025: rate * 0.2 sqrt(longer side)
    assert 0.7 * full < directions.median() < 1.3 * full
    torch.testing.assert_close((layer.bias.detach() - bias).abs(), torch.full((32,), 1e-3))


def test_both_follow_the_schedules_rate(trainer):
    run = advance(trainer(*MUON, "training.warmup=10"), 1)
    rates = [group["lr"] for group in run.optimiser.param_groups]
    assert rates == pytest.approx([3e-4, 3e-4])


def test_muon_learns(trainer):
    run = trainer(*MUON)
    losses = [float(run.advance()) for _ in range(40)]
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


@pytest.mark.parametrize("old, new", [(WIDE, MUON), (MUON, WIDE)], ids=["to muon", "to adamw"])
def test_the_other_optimiser_goes_on_from_the_weights_and_begins_anew(trainer, tmp_path, old, new):
    first, second = advance(trainer(*old), 2), trainer(*new)
    second.restore(through_a_file(first, tmp_path))
    assert equal(first, second) and second.step == 2
    assert not any(group_state(second.optimiser))
    advance(second, 1)
    assert not equal(first, second)


def group_state(optimiser):
    parts = getattr(optimiser, "muon", optimiser), getattr(optimiser, "adamw", optimiser)
    return [part.state for part in parts]


@pytest.mark.parametrize("words", [MUON, WIDE], ids=["muon", "adamw"])
def test_a_changed_weight_decay_holds_from_where_the_run_goes_on(trainer, words):
    run = trainer(*words, "training.weight_decay=0.5")
    run.restore(copy.deepcopy(advance(trainer(*words), 1).state()))
    assert {group["weight_decay"] for group in run.optimiser.param_groups} == {0.5}


def test_a_state_of_another_network_is_refused(trainer):
    state = copy.deepcopy(advance(trainer(*MUON), 1).state())
    state["optimiser"]["muon"]["param_groups"][0]["params"].pop()
    with pytest.raises(PackageError, match="does not fit the settings"):
        trainer(*MUON).restore(state)


def test_muon_without_a_large_matrix_is_refused_before_training(small_toml, train, tmp_path):
    narrow = "--set", "training.optimiser=muon", *sum((("--set", w) for w in WIDE[:2]), ())
    done = train("--config", small_toml, "--out", tmp_path / "run", *narrow)
    assert done.returncode == 2
    assert "training.optimiser is muon, but" in done.stderr
    assert not (tmp_path / "run").exists()


def test_released_networks_have_large_matrices_too(trainer):
    released = (
        "training.optimiser=muon",
        "stages.0.network={kind='released',base_width=16,multipliers=[1,2],attention_levels=[1],"
        "time_width=16,residual_blocks=1,groups=4,dropout=0.1}",
    )
    run = trainer(*released)
    before = [weight.detach().clone() for weight in optimisers.large_weights(run.network)]
    advance(run, 2)
    after = optimisers.large_weights(run.network)
    assert before
    assert all(not torch.equal(a, b) for a, b in zip(before, after))
