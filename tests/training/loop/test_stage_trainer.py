"""One stage in training: what a step sees, and that it depends on seed and step alone."""

import copy
import dataclasses
from functools import partial

import pytest
import torch

from model_runtime.errors import InputError
from training.config import load
from training.data.dataset import load_scenes
from training.data.patches import Patches
from training.data.sources import Sources
from training.loop import device_settings
from training.loop.stage_trainer import StageTrainer, learning_rate
from training.networks import registry


@pytest.fixture(scope="module")
def scenes(small_toml):
    config = load(small_toml)
    return load_scenes(config.data.train, config)


@pytest.fixture
def trainer(small_toml, scenes):
    """A function that makes a trainer of a stage with overridden settings."""

    def make(stage=0, *overrides, previous=None):
        config = load(small_toml, overrides)
        patches = Patches(Sources(scenes), config, config.training.seed)
        torch.manual_seed(0)
        if previous is None:
            previous = [registry.build(config, s).eval() for s in range(stage)]
        return StageTrainer(config, stage, patches, previous)

    return make


def weights(one):
    return [p.detach().clone() for p in one.network.parameters()]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other))


def test_a_run_is_decided_by_its_seed(trainer):
    runs = [trainer(0), trainer(0), trainer(0, "training.seed=4")]
    for run in runs:
        torch.rand(3)  # what others draw does not matter
        run.advance()
        run.advance()
    assert equal(weights(runs[0]), weights(runs[1]))
    assert not equal(weights(runs[0]), weights(runs[2]))


def test_the_loss_falls(trainer):
    run = trainer(0)
    losses = [run.advance() for _ in range(40)]
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


@pytest.mark.parametrize("stage", [0, 1])
def test_a_restored_run_goes_on_bit_for_bit(trainer, stage):
    unbroken, first, second = trainer(stage), trainer(stage), trainer(stage)
    for _ in range(4):
        unbroken.advance()
    first.advance()
    first.advance()
    second.restore(first.state())
    assert second.step == 2
    second.advance()
    second.advance()
    assert equal(weights(unbroken), weights(second))
    assert equal(unbroken.ema.network.parameters(), second.ema.network.parameters())


def test_a_condition_is_dropped_at_its_share(trainer):
    all_dropped = trainer(0, "stages.0.condition_dropout=1.0")._batch()
    none_dropped = trainer(0, "stages.0.condition_dropout=0.0")._batch()
    assert not all_dropped.condition.any()
    assert none_dropped.condition.any((1, 2, 3)).all()


@pytest.mark.parametrize("stage", [0, 1])
def test_dropped_conditions_become_the_null_that_guidance_uses(trainer, stage):
    off = f"stages.{stage}.condition_dropout=0.0", "stages.1.condition_estimated_share=0.0"
    all_off = f"stages.{stage}.condition_dropout=1.0", *off[1:]
    torch.manual_seed(0)
    kept = trainer(stage, *off, "null_condition=brightness", previous=[])._batch().condition
    torch.manual_seed(0)
    null = trainer(stage, *all_off, "null_condition=brightness", previous=[])._batch().condition
    expected = kept.mean(1, keepdim=True).expand_as(kept)
    torch.testing.assert_close(null, expected)
    assert null.any()


def test_stage_one_learns_its_bands_from_rgb_in_normalised_units(trainer):
    run = trainer(0, "stages.0.condition_dropout=0.0")
    batch = run._batch()
    rgb, cube, seen = run.patches.batch(0, 4)
    torch.testing.assert_close(batch.condition, (torch.from_numpy(rgb) - 0.2) / 0.2)
    torch.testing.assert_close(batch.x0, (torch.from_numpy(cube)[:, [0, 4]] - 0.2) / 0.2)
    assert torch.equal(batch.seen, torch.from_numpy(seen)[:, [0, 4]])


def test_stage_two_learns_from_the_coarse_bands_perturbed(trainer):
    off = ["stages.1.condition_dropout=0.0", "stages.1.condition_estimated_share=0.0"]
    clean = trainer(1, *off, "stages.1.condition_noise=0.0")._batch()
    torch.testing.assert_close(clean.condition, clean.x0[:, [0, 4]])
    torch.manual_seed(0)
    noisy = trainer(1, *off, "stages.1.condition_noise=0.5")._batch()
    strength = (noisy.condition - clean.condition).std((1, 2, 3))
    assert (strength > 0).all()
    assert (strength < 0.7).all()


def test_stage_two_learns_from_estimates_as_the_cascade_makes_them(trainer):
    """Stage 1's x0 of pure noise at the last timestep, whatever its weights say."""

    class Constant(torch.nn.Module):
        def forward(self, x, condition, t):
            assert (t == 49).all()
            assert condition.shape[1] == 3
            return torch.full_like(x, 7.0)

    off = ["stages.1.condition_dropout=0.0", "stages.1.condition_estimated_share=1.0"]
    batch = trainer(1, *off, previous=[Constant()])._batch()
    assert (batch.condition == 7).all()


def test_bands_that_a_sensor_lacks_are_estimated_for_the_next_stage(trainer, scenes):
    """The second sensor does not see 400 nm, stage 1's first band."""

    class Constant(torch.nn.Module):
        def forward(self, x, condition, t):
            return torch.full_like(x, 7.0)

    off = ["stages.1.condition_dropout=0.0", "stages.1.condition_estimated_share=1e-9"]
    run = trainer(1, *off, "stages.1.condition_noise=0.0", previous=[Constant()])
    run.patches = Patches(Sources([s for s in scenes if s.name == "b1"]), run.config, 0)
    batch = run._batch()
    assert not batch.seen[:, 0].any()
    assert (batch.condition[:, 0] == 7).all()
    assert (batch.condition[:, 1] != 7).all()


def test_estimates_need_all_stages_before(trainer):
    with pytest.raises(InputError, match="estimates of 1 stages, 0 given"):
        trainer(1, previous=[])
    trainer(1, "stages.1.condition_estimated_share=0.0", previous=[]).advance()


def test_the_last_timestep_gets_its_share(trainer):
    always = trainer(0, "stages.0.first_timestep_share=1.0")._timesteps(50)
    never = trainer(0, "stages.0.first_timestep_share=0.0")._timesteps(2000)
    assert (always == 49).all()
    assert (never.min(), never.max()) == (0, 49)
    assert (never == 49).float().mean() < 0.06


def test_a_loss_that_is_no_number_stops_before_the_weights_are_spoilt(trainer):
    run = trainer(0)
    before = weights(run)
    run._loss = lambda batch: sum(p.sum() for p in run.network.parameters()) * float("nan")
    with pytest.raises(InputError, match=r"loss nan at step 0: .*--resume") as caught:
        run.advance()
    assert "\n" not in str(caught.value)
    assert equal(weights(run), before)


def test_a_gradient_that_is_no_number_stops_before_the_weights_are_spoilt(trainer):
    run = trainer(0)
    before = weights(run)
    finite = run._loss
    run._loss = lambda batch: (
        finite(batch) + sum(torch.sqrt(p - p).sum() for p in run.network.parameters())
    )
    with pytest.raises(InputError, match=r"a gradient of length nan at step 0: .*--resume"):
        run.advance()
    assert equal(weights(run), before)


def test_a_loss_that_runs_away_stops_training(trainer):
    run = trainer(0)
    before = weights(run)
    run._loss = lambda batch: sum(p.sum() for p in run.network.parameters()) * 0 + 8e27
    with pytest.raises(InputError, match=r"loss 8e\+27 at step 0: .*lower training.learning_rate"):
        run.advance()
    assert equal(weights(run), before)


def test_weights_that_are_no_numbers_are_not_saved(trainer):
    run = trainer(0)
    with torch.no_grad():
        next(run.network.parameters()).fill_(float("inf"))
    with pytest.raises(InputError, match="not finite numbers"):
        run.state()


def test_a_checkpoint_of_another_network_is_refused(trainer):
    from model_runtime.errors import PackageError

    state = trainer(0, "stages.0.network.width=12").state()
    with pytest.raises(PackageError, match="does not fit"):
        trainer(0).restore(state)


def test_the_learning_rate_warms_up_and_falls_as_half_a_cosine(small_toml):
    config = load(small_toml, ["training.warmup=4", "training.decay=cosine"])
    rates = [learning_rate(config, 20, step) / 3e-3 for step in (0, 1, 3, 10, 20)]
    assert rates[0] == pytest.approx(0.25)
    assert rates[1] == pytest.approx(0.5, rel=0.01)
    assert rates[3:] == pytest.approx([0.5, 0.0])
    level = dataclasses.replace(config.training, warmup=0, decay="none")
    flat = dataclasses.replace(config, training=level)
    assert {learning_rate(flat, 20, step) for step in (0, 7, 20)} == {3e-3}


def test_the_rate_reaches_the_optimiser(trainer):
    run = trainer(0, "training.warmup=10", "training.gradient_clip=0")
    before = weights(run)
    run.advance()
    moved = max((a - b).abs().max() for a, b in zip(weights(run), before))
    assert moved == pytest.approx(3e-4, rel=0.05)  # Adam's first step is the rate


def test_lower_precision_trains_too(trainer):
    run = trainer(0, "training.precision=bfloat16")
    assert float(run.advance()) == pytest.approx(float(trainer(0).advance()), rel=0.05)
    assert all(p.dtype == torch.float32 for p in run.network.parameters())


def test_without_weight_decay_it_is_adam(trainer):
    run = trainer(0, "training.gradient_clip=0")
    other = trainer(0, "training.gradient_clip=0")
    other.optimiser = torch.optim.Adam(other.network.parameters(), lr=3e-3)
    for _ in range(3):
        run.advance()
        other.advance()
    assert equal(weights(run), weights(other))


def test_gradients_are_clipped_to_the_length_asked_for(trainer):
    def length(clip):
        run = trainer(0, f"training.gradient_clip={clip}")
        run.advance()
        gradients = [p.grad for p in run.network.parameters()]
        return torch.linalg.vector_norm(torch.cat([g.flatten() for g in gradients]))

    free = length(0)
    assert length(float(free) / 10) == pytest.approx(float(free) / 10, rel=1e-3)
    assert length(float(free) * 10) == free


def test_l2_is_another_loss_than_l1(trainer):
    losses = {
        kind: float(trainer(0, f"training.loss={kind}", "training.sam_weight=0").advance())
        for kind in ("l1", "l2")
    }
    assert losses["l1"] != pytest.approx(losses["l2"], rel=0.01)
    assert all(loss > 0 for loss in losses.values())


def unlike(one, other):
    """The largest difference of two runs' weights, of the largest weight."""
    both = zip(weights(one), weights(other))
    return max(float((a - b).abs().max() / (a.abs().max() + 1e-12)) for a, b in both)


@pytest.mark.parametrize("stage", [0, 1])
def test_worker_processes_change_no_batch(trainer, stage):
    alone, helped = trainer(stage), trainer(stage, "training.workers=2")
    for _ in range(5):
        alone.advance()
        helped.advance()
    assert equal(weights(alone), weights(helped))
    helped.restore(copy.deepcopy(alone.state()))
    alone.advance()
    helped.advance()  # what they made ahead was of other steps of the old run's
    helped.close()
    assert equal(weights(alone), weights(helped))


def test_a_restored_run_with_workers_goes_on_from_its_step(trainer):
    unbroken, first = trainer(0), trainer(0, "training.workers=1")
    for _ in range(3):
        unbroken.advance()
    first.advance()
    second = trainer(0, "training.workers=1")
    second.restore(first.state())
    second.advance()
    second.advance()
    first.close()
    second.close()
    assert equal(weights(unbroken), weights(second))


def test_a_checkpoint_of_a_gpu_goes_on_here(trainer):
    """There one kernel changes all weights; its optimiser says so, and must not here."""
    unbroken, there, here = trainer(0), trainer(0), trainer(0)
    there.optimiser = torch.optim.AdamW(
        there.network.parameters(), lr=3e-3, weight_decay=0.0, fused=True
    )
    for run in (unbroken, there):
        run.advance()
        run.advance()
    here.restore(there.state())
    assert {group["fused"] for group in here.optimiser.param_groups} == {False}
    here.advance()
    unbroken.advance()
    assert unlike(unbroken, here) < 1e-5


RELEASED = (
    "stages.0.network.kind=released",
    "stages.0.network={kind='released',base_width=8,multipliers=[1,2],attention_levels=[1],"
    "time_width=8,residual_blocks=1,groups=4,dropout=0.3}",
)


def test_features_that_are_made_twice_give_the_same_gradients(trainer):
    keeps = trainer(0, *RELEASED)
    forgets = trainer(0, *RELEASED, "training.activation_checkpointing=true")
    for run in (keeps, forgets):
        run.advance()  # dropout drops the same the second time
    assert equal(weights(keeps), weights(forgets))
    gradients = [[p.grad for p in run.network.parameters()] for run in (keeps, forgets)]
    for kept, made_again in zip(*gradients):
        torch.testing.assert_close(made_again, kept, rtol=1e-6, atol=1e-6)


def test_features_are_kept_where_nobody_asked_to_forget_them(trainer):
    """And forgotten where one did: autograd then holds fewer."""

    def held(*settings):
        run, sizes = trainer(0, *RELEASED, *settings), []

        def note(tensor):
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            run._loss(run._batch())
        return sum(sizes)

    assert held("training.activation_checkpointing=true") < 0.5 * held()


def test_a_compact_network_refuses_to_forget_its_features(trainer):
    with pytest.raises(InputError, match="activation_checkpointing is for released networks"):
        trainer(0, "training.activation_checkpointing=true")


def test_a_compiled_network_learns_the_same(trainer, monkeypatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    plain, compiled = trainer(0), trainer(0, "training.compile=true")
    for _ in range(3):
        plain.advance()
        compiled.advance()
    assert unlike(plain, compiled) < 1e-5
    assert list(plain.state()["network"]) == list(compiled.state()["network"])


@pytest.mark.parametrize("network", [(), RELEASED], ids=["compact", "released"])
def test_what_a_network_says_is_float32_under_bfloat16(trainer, network):
    run = trainer(0, *network, "training.precision=bfloat16")
    batch, heard = run._batch(), []
    layer = getattr(run.network, "out_conv", None) or run.network.denoiser.shape
    layer.register_forward_hook(lambda layer, given, said: heard.append(said.dtype))
    run._loss(batch)
    assert heard == [torch.float32]


@pytest.fixture
def tf32_as_before():
    """Leave torch's switches as they were."""
    backends = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [backend.allow_tf32 for backend in backends]
    yield backends
    for backend, allowed in zip(backends, before):
        backend.allow_tf32 = allowed


@pytest.mark.parametrize("allowed", [True, False])
def test_one_switch_decides_of_tf32(tf32_as_before, allowed):
    device_settings.allow_tf32(allowed)
    assert [backend.allow_tf32 for backend in tf32_as_before] == [allowed, allowed]
