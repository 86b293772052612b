"""A baseline network: MST++ (Cai et al., CVPR workshops 2022), written from its publication.

Spectral attention: each band's map of a patch is a token, so attention is between bands and costs
what the number of pixels costs. Three U-shaped transformers follow one another, each on three
levels, with as many features as there are bands.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TRANSFORMERS, EXPANSION = 3, 4


@dataclass(frozen=True)
class MstSettings:
    """``condition_bands`` of RGB to ``output_bands``."""

    condition_bands: int
    output_bands: int


class SpectralAttention(nn.Module):
    """Attention between the ``heads`` x ``width`` features of (N, features, rows, cols)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        features = width * heads
        self.heads = heads
        self.queries, self.keys, self.values = (
            nn.Conv2d(features, features, 1, bias=False) for _ in range(3)
        )
        self.rescale = nn.Parameter(torch.ones(heads, 1, 1))
        self.project = nn.Conv2d(features, features, 1)
        self.position = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1, groups=features, bias=False),
            nn.GELU(),
            nn.Conv2d(features, features, 3, padding=1, groups=features, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        values = self.values(x)
        q, k = (F.normalize(self._tokens(part(x)), dim=-1) for part in (self.queries, self.keys))
        weights = (k @ q.transpose(-2, -1) * self.rescale).softmax(dim=-1)
        mixed = (weights @ self._tokens(values)).reshape(x.shape)
        return self.project(mixed) + self.position(values)

    def _tokens(self, x: Tensor) -> Tensor:
        """(N, heads, width, pixels)."""
        return x.reshape(len(x), self.heads, -1, x.shape[2] * x.shape[3])


class ChannelNorm(nn.LayerNorm):
    """Normalisation over the features of each pixel of (N, features, rows, cols)."""

    def forward(self, x: Tensor) -> Tensor:
        # Not movedim: its export counts axes from the end, which ONNX Runtime refuses.
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """Spectral attention and a feed-forward network, each added to what it is given."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        features, inner = width * heads, EXPANSION * width * heads
        self.attention = SpectralAttention(width, heads)
        self.feed_forward = nn.Sequential(
            ChannelNorm(features),
            nn.Conv2d(features, inner, 1, bias=False),
            nn.GELU(),
            nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False),
            nn.GELU(),
            nn.Conv2d(inner, features, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + self.feed_forward(x)


class Transformer(nn.Module):
    """One U: full, half and quarter resolution with one, two and four heads."""

    def __init__(self, width: int):
        super().__init__()
        self.embed = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.down_blocks = nn.ModuleList(Block(width, heads) for heads in (1, 2))
        self.down = nn.ModuleList(
            nn.Conv2d(width * n, width * n * 2, 4, stride=2, padding=1, bias=False) for n in (1, 2)
        )
        self.middle = Block(width, 4)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(width * n * 2, width * n, 2, stride=2) for n in (2, 1)
        )
        self.join = nn.ModuleList(
            nn.Conv2d(width * n * 2, width * n, 1, bias=False) for n in (2, 1)
        )
        self.up_blocks = nn.ModuleList(Block(width, heads) for heads in (2, 1))
        self.map = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        level, skips = self.embed(x), []
        for block, down in zip(self.down_blocks, self.down):
            skips.append(block(level))
            level = down(skips[-1])
        level = self.middle(level)
        for up, join, block in zip(self.up, self.join, self.up_blocks):
            level = block(join(torch.cat([up(level), skips.pop()], dim=1)))
        return x + self.map(level)


class MstPlusPlus(nn.Module):
    """All bands of RGB, both normalised; x_t and t of the cascade's networks are not looked at."""

    multiple = 4

    def __init__(self, settings: MstSettings):
        super().__init__()
        self.settings, bands = settings, settings.output_bands
        self.enter = nn.Conv2d(settings.condition_bands, bands, 3, padding=1, bias=False)
        self.body = nn.Sequential(*(Transformer(bands) for _ in range(TRANSFORMERS)))
        self.leave = nn.Conv2d(bands, bands, 3, padding=1, bias=False)

    def forward(self, x: Tensor, condition: Tensor, t: Tensor) -> Tensor:
        entered = self.enter(condition)
        return entered + self.leave(self.body(entered))
