# SPDX-License-Identifier: Apache-2.0
"""Lorentz's classifier for ONNX Runtime, padded with a mask or for events of equal multiplicity."""

import torch
import torch.nn.functional as F
from torch_encoder import Layer


class Scorer(torch.nn.Module):
    """Lorentz's classifier for events of N objects each, some of them padding."""

    def __init__(self, inputs, width, layers, heads, is_masked):
        super().__init__()
        self.embedding = torch.nn.Sequential(
            torch.nn.Linear(inputs + 1, width), torch.nn.GELU(), torch.nn.Linear(width, width)
        )
        self.token = torch.nn.Parameter(0.02 * torch.randn(width))
        self.layers = torch.nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(width)
        self.classifier = torch.nn.Linear(width, 2)
        self.is_masked = is_masked

    def forward(self, inputs, valid):
        objects = self.embedding(inputs)
        events = self.token.expand(inputs.shape[0], 1, -1)
        tokens = torch.cat([events, objects], 1)
        bias = None
        if self.is_masked:
            seen = torch.cat([torch.ones_like(valid[:, :1]), valid], 1)
            bias = (1 - seen)[:, None, None, :] * -1e9
        batch, count, width = tokens.shape
        for layer in self.layers:
            packed = layer.projection(layer.norm1(tokens))
            packed = packed.view(batch, count, 3, layer.heads, width // layer.heads)
            q, k, v = packed.permute(2, 0, 3, 1, 4).unbind(0)
            weights = q @ k.transpose(-1, -2) / (width // layer.heads) ** 0.5
            if bias is not None:
                weights = weights + bias
            part = (weights.softmax(-1) @ v).transpose(1, 2).reshape(batch, count, width)
            tokens = tokens + layer.output(part)
            inner = F.gelu(layer.expansion(layer.norm2(tokens)))
            tokens = tokens + layer.contraction(inner)
        return self.classifier(self.norm(tokens[:, 0])).softmax(-1)


def export(path, inputs, given):
    """Writes the classifier of `inputs` values per object."""
    model = Scorer(inputs, given.width, given.layers, given.heads, given.kind == "padded").eval()
    names = ["inputs", "valid"]
    torch.onnx.export(
        model,
        (torch.zeros(3, 5, inputs + 1), torch.ones(3, 5)),
        path,
        input_names=names,
        dynamic_axes={name: {0: "events", 1: "objects"} for name in names},
        dynamo=False,
    )
