"""What a stage sees around its pixels, worked out only where a tile's kept pixels need it.

A tile is read with a margin as wide as the network looks, and its features are cut off there. On
the way to full resolution ever less of that margin is needed: the coarsest level all of it, the
finest its own blocks' reach. So every level is cut to what the next ones look at.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.compact import CompactSettings, Surroundings, influence, level_margins

CENTRE = "centre_"  # begins the names of what crops: no weights


class CroppedSurroundings(nn.Module):
    """``looks`` on a tile: the same features inside the ``margin``, zeros in it.

    Rows and columns are multiples of the network's, and more than twice the margin.
    """

    def __init__(self, looks: Surroundings, settings: CompactSettings):
        super().__init__()
        self.enter, self.down, self.up = looks.enter, looks.down, looks.up
        self.blocks, self.leave, self.own = looks.blocks, looks.leave, looks.own
        self.texture = looks.texture
        self._levels, self.margin = level_margins(settings), influence(settings)
        for i, up in enumerate(self.up):
            self.register_buffer(f"{CENTRE}{i}", _centre(up.out_channels))

    def forward(self, relative: Tensor, brightness: Tensor) -> Tensor:
        cut = self.margin - self._levels[0].given
        inside = slice(cut, -cut or None)
        inner, inner_brightness = (v[..., inside, inside] for v in (relative, brightness))
        around = self._around(relative, F.relu(self.enter(inner)))
        features = torch.cat([self.leave(around) + self.own(inner), inner_brightness], 1)
        return F.pad(features, [cut] * 4)

    def _around(self, relative: Tensor, finest: Tensor) -> Tensor:
        """As ``Surroundings``, each level cut; ``finest`` is the first level's, cut already."""
        plan, levels = self._levels, [F.relu(self.enter(relative))]
        for down in self.down:
            levels.append(F.relu(down(F.avg_pool2d(levels[-1], 2))))
        coarsest = levels[-1]
        if self.texture is not None:
            coarsest = coarsest + self.texture(relative)
        around = self.blocks[-1](coarsest if self.up else finest)
        for i in reversed(range(len(self.up))):
            coarser = plan[i + 1]
            held = self._crop(i, self.up[i](around), coarser.given - coarser.taken)
            finer = F.interpolate(held, scale_factor=2, mode="bilinear")
            own = finest
            if i:
                own = self._crop(i, levels[i], self.margin // 2**i - plan[i].given)
            around = self.blocks[i](own + finer)
        return around

    def _crop(self, level: int, values: Tensor, pixels: int) -> Tensor:
        """Without ``pixels`` on each side.

        A convolution that hands on its middle: ONNX Runtime would leave its blocked layout for a
        slice, and come back to it, which takes longer than all that is saved.
        """
        centre = getattr(self, f"{CENTRE}{level}")
        return F.conv2d(values, centre, groups=len(centre), dilation=pixels)


def _centre(channels: int) -> Tensor:
    kernel = torch.zeros(channels, 1, 3, 3)
    kernel[..., 1, 1] = 1
    return kernel
