"""What a stage's network tells by colours alone: learnt by itself, and counted once it is."""

import pytest
import torch

from training.config import load
from training.data.dataset import load_scenes
from training.data.patches import Patches
from training.data.sources import Sources
from training.loop.stage_trainer import StageTrainer

WIDTH = "stages.0.network.colour_width=8"
ITERATIONS = "stages.0.iterations=60"  # five times as many of what is fitted
COLOURS = "condition_encoder.colours."


@pytest.fixture(scope="module")
def fitted(small_toml):
    """A function that makes a trainer of stage 1 after one step, its colours fitted."""

    def make(iterations=ITERATIONS):
        config = load(small_toml, [WIDTH, iterations])
        sources = Sources(load_scenes(config.data.train, config))
        trainer = StageTrainer(config, 0, Patches(sources, config, 0), [])
        trainer.advance()
        before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
        trainer.fit_colours()
        return trainer, before

    return make


def test_nothing_but_what_colours_tell_is_changed(fitted):
    trainer, before = fitted()
    after = trainer.network.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed and all(name.startswith(COLOURS) for name in changed)
    averaged = trainer.ema.network.state_dict()
    assert all(torch.equal(averaged[name], after[name]) for name in changed)


def test_steps_do_not_move_it_and_the_seed_decides_it(fitted):
    (one, _), (other, _) = fitted(), fitted()
    kept = {name: value.clone() for name, value in one.network.state_dict().items()}
    one.advance()
    for name, value in one.network.state_dict().items():
        if name.startswith(COLOURS):
            assert torch.equal(value, kept[name])
            assert torch.equal(value, other.network.state_dict()[name])


def test_it_has_its_share_of_the_estimate_where_both_agree_and_tells_the_spectra(fitted):
    trainer, _ = fitted()
    network, (scene, *_) = trainer.ema.network.eval(), trainer.patches.scenes
    offset, scale = network.settings.offset, network.settings.scale
    rgb, cube = (torch.from_numpy(part)[None] for part in (scene.rgb, scene.cube))
    condition, bands = (rgb - offset) / scale, list(trainer.settings.final_bands)
    x, t = torch.randn(1, len(bands), *rgb.shape[2:]), torch.tensor([9])

    encoder = network.condition_encoder
    with torch.no_grad():
        both = network(x, condition, t)
        colours = encoder.colours(*encoder.relative(condition))
        encoder.colours.fitted.fill_(False)
        own = network(x, condition, t)
    spectra = (each * scale + offset for each in (own, colours))
    cosine = torch.nn.functional.cosine_similarity(*spectra, dim=1)[:, None]
    share = network.settings.colour_share * (2 * cosine - 1).clamp_min(0)
    assert share.max() > 0 and share.min() < share.max()
    torch.testing.assert_close(both, own + share * (colours - own))
    error = (colours * scale + offset - cube[:, bands]).abs().mean()
    assert error < 0.02  # of reflectances to 0.6


def test_a_stage_of_one_step_has_it_too(fitted):
    trainer, _ = fitted("stages.0.iterations=1")
    assert trainer.ema.network.condition_encoder.colours.fitted


def test_without_such_a_part_nothing_is_fitted(small_toml):
    config = load(small_toml)
    sources = Sources(load_scenes(config.data.train, config))
    trainer = StageTrainer(config, 0, Patches(sources, config, 0), [])
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    trainer.fit_colours()
    assert all(torch.equal(before[n], v) for n, v in trainer.network.state_dict().items())
