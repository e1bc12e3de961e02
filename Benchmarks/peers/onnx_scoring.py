# SPDX-License-Identifier: Apache-2.0
"""Scoring by ONNX Runtime: padded with a mask, or grouped by multiplicity without padding."""

import tempfile

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from store import Events, arguments, batches, serve
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


def main():
    given = arguments(["grouped", "padded"])
    events = Events(given.store)
    hidden = np.zeros((*events.valid.shape, 1), np.float32)
    inputs = np.concatenate([events.inputs, hidden], -1)
    valid = events.valid.astype(np.float32)
    model = Scorer(
        events.width, given.width, given.layers, given.heads, given.kind == "padded"
    ).eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        names = ["inputs", "valid"]
        torch.onnx.export(
            model,
            (torch.from_numpy(inputs[:3]), torch.from_numpy(valid[:3])),
            file.name,
            input_names=names,
            dynamic_axes={name: {0: "events", 1: "objects"} for name in names},
            dynamo=False,
        )
        session = onnxruntime.InferenceSession(file.name, options)
    taken = {value.name for value in session.get_inputs()}
    positions = batches(len(inputs), given.batch)

    def run(chosen, count):
        fed = {"inputs": inputs[chosen, :count], "valid": valid[chosen, :count]}
        session.run(None, {name: fed[name] for name in taken})

    def step():
        part = next(positions)
        chosen = np.arange(part.start, part.stop)
        if given.kind == "padded":
            return run(chosen, inputs.shape[1])
        counts = events.counts[chosen]
        for count in np.unique(counts):
            run(chosen[counts == count], int(count))

    serve(step, given.batch)


if __name__ == "__main__":
    main()
