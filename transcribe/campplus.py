"""The CAM++ speaker network, so that its weights can be turned into ONNX once; recognition never imports this.

Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking" (2023);
module names follow the published checkpoint (`campplus_cn_en_common.pt`, Apache-2.0), whose keys must all match.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

FILTERS = 80
"""Log-mel filters per frame that the network was trained on."""
EMBEDDING = 192
"""Size of the embedding."""


def _normalised(channels: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU()))


class _Residual(nn.Module):
    """Two 3×3 convolutions over (frequency, time); `stride` thins frequency only."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(inner + self.shortcut(x))


class _Head(nn.Module):
    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_Residual(channels, 2), _Residual(channels, 1))
        self.layer2 = nn.Sequential(_Residual(channels, 2), _Residual(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.out_channels = channels * (FILTERS // 8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(x.unsqueeze(1))))
        x = torch.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class _ContextMask(nn.Module):
    """A convolution whose channels are masked by the utterance's mean and the mean of each 100 frames."""

    def __init__(self, inner: int, out: int, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(inner, out, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(inner, inner // 2, 1)
        self.linear2 = nn.Conv1d(inner // 2, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        segments = nn.functional.avg_pool1d(x, kernel_size=100, stride=100, ceil_mode=True)
        spread = segments.repeat_interleave(100, dim=2)[..., : x.shape[-1]]
        context = x.mean(-1, keepdim=True) + spread
        mask = torch.sigmoid(self.linear2(torch.relu(self.linear1(context))))
        masked: Tensor = self.linear_local(x) * mask
        return masked


class _DenseLayer(nn.Module):
    def __init__(self, channels: int, growth: int, dilation: int) -> None:
        super().__init__()
        inner = growth * 4
        self.nonlinear1 = _normalised(channels)
        self.linear1 = nn.Conv1d(channels, inner, 1, bias=False)
        self.nonlinear2 = _normalised(inner)
        self.cam_layer = _ContextMask(inner, growth, dilation)

    def forward(self, x: Tensor) -> Tensor:
        grown: Tensor = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return torch.cat([x, grown], dim=1)


class _Transit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.nonlinear = _normalised(channels)
        self.linear = nn.Conv1d(channels, channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.linear(self.nonlinear(x))
        return halved


class _Tdnn(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _normalised(out)

    def forward(self, x: Tensor) -> Tensor:
        thinned: Tensor = self.nonlinear(self.linear(x))
        return thinned


class _Statistics(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=-1), x.std(dim=-1)], dim=-1)


class _Dense(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 1, bias=False)
        self.nonlinear = nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(out, affine=False)))

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1))
        return embedding


class CamPlusPlus(nn.Module):
    """(batch, frames, 80 log-mel filters, mean removed) → (batch, 192); at least 20 frames."""

    def __init__(self, growth: int = 32) -> None:
        super().__init__()
        self.head = _Head()
        channels = 128
        parts: OrderedDict[str, nn.Module] = OrderedDict(tdnn=_Tdnn(self.head.out_channels, channels))
        for block, (layers, dilation) in enumerate(((12, 1), (24, 2), (16, 2)), start=1):
            dense: OrderedDict[str, nn.Module] = OrderedDict()
            for layer in range(layers):
                dense[f"tdnnd{layer + 1}"] = _DenseLayer(channels, growth, dilation)
                channels += growth
            parts[f"block{block}"] = nn.Sequential(dense)
            parts[f"transit{block}"] = _Transit(channels)
            channels //= 2
        parts["out_nonlinear"] = _normalised(channels)
        parts["stats"] = _Statistics()
        parts["dense"] = _Dense(channels * 2, EMBEDDING)
        self.xvector = nn.Sequential(parts)

    def forward(self, feats: Tensor) -> Tensor:
        embedding: Tensor = self.xvector(self.head(feats.transpose(1, 2)))
        return embedding
