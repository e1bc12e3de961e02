# SPDX-License-Identifier: Apache-2.0
"""Lorentz's model and objective in PyTorch, in the three ways that its users write it.

padded   nn.TransformerEncoder over events padded to 20 objects, with a mask
packed   one sequence of tokens; attention over a block-diagonal mask in chunks
grouped  one sequence; attention for all events of a multiplicity together

Inputs and targets are prepared before, so that data cost these peers nothing.
"""


import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from store import BINS, Events, arguments, batches, serve


class Layer(nn.Module):
    """A pre-norm layer over tokens [T, D], whose attention is given."""

    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projection = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.expansion = nn.Linear(width, 4 * width)
        self.contraction = nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, tokens, plan):
        packed = self.projection(self.norm1(tokens))
        parts = [self.attention(packed, *part) for part in plan]
        tokens = tokens + self.output(torch.cat(parts))
        return tokens + self.contraction(F.gelu(self.expansion(self.norm2(tokens))))

    def attention(self, packed, start, events, count):
        """Attends within each of some events of `count` tokens."""
        q, k, v = (
            packed[start : start + events * count]
            .view(events, count, 3, self.heads, -1)
            .permute(2, 0, 3, 1, 4)
        )
        part = F.scaled_dot_product_attention(q, k, v)
        return part.transpose(1, 2).reshape(events * count, -1)


class MaskedLayer(Layer):
    """The same, with the events of a chunk side by side under a mask."""

    def attention(self, packed, start, end, mask):
        q, k, v = packed[start:end].view(end - start, 3, self.heads, -1).permute(1, 2, 0, 3)
        part = F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask)
        return part[0].transpose(0, 1).reshape(end - start, -1)


class Model(nn.Module):
    def __init__(self, kind, inputs, width, layers, heads, outputs):
        super().__init__()
        self.kind = kind
        self.embedding = nn.Sequential(
            nn.Linear(inputs + 1, width), nn.GELU(), nn.Linear(width, width)
        )
        self.token = nn.Parameter(0.02 * torch.randn(width))
        if kind == "padded":
            layer = nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        else:
            make = Layer if kind == "grouped" else MaskedLayer
            self.encoder = nn.ModuleList(make(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs)
        )
        self.classifier = nn.Linear(width, 2)

    def encode(self, inputs, hidden, valid):
        """Returns the vectors of events [B, D] and of objects, as [B, N, D] or [objects, D]."""
        shown = torch.cat([inputs * ~hidden[..., None], hidden[..., None].float()], -1)
        if self.kind == "padded":
            objects = self.embedding(shown)
            tokens = torch.cat([self.token.expand(len(inputs), 1, -1), objects], 1)
            padding = torch.cat([torch.zeros(len(inputs), 1, dtype=torch.bool), ~valid], 1)
            tokens = self.norm(self.encoder(tokens, src_key_padding_mask=padding))
            return tokens[:, 0], tokens[:, 1:]
        counts = valid.sum(1) + 1
        order = torch.argsort(counts)
        kept = valid[order]
        objects = self.embedding(shown[order][kept])
        counts = counts[order]
        starts = torch.cumsum(counts, 0) - counts
        total = int(counts.sum())
        is_event = torch.zeros(total, dtype=torch.bool)
        is_event[starts] = True
        tokens = torch.empty(total, objects.shape[-1])
        tokens = tokens.masked_scatter(~is_event[:, None], objects)
        tokens = torch.where(is_event[:, None], self.token, tokens)
        plan = self.plan(counts.tolist())
        for layer in self.encoder:
            tokens = layer(tokens, plan)
        tokens = self.norm(tokens)
        return tokens[starts], (tokens[~is_event], order, kept)

    def plan(self, counts):
        plan, start = [], 0
        if self.kind == "grouped":
            values, numbers = np.unique(counts, return_counts=True)
            for count, events in zip(values.tolist(), numbers.tolist()):
                plan.append((start, events, count))
                start += events * count
            return plan
        chunk = 16
        for first in range(0, len(counts), chunk):
            part = torch.tensor(counts[first : first + chunk])
            event = torch.repeat_interleave(torch.arange(len(part)), part)
            plan.append((start, start + len(event), event[:, None] == event[None, :]))
            start += len(event)
        return plan

    def pretraining_loss(self, inputs, valid, targets):
        hidden = (torch.rand(valid.shape) < 0.4) & valid
        _, objects = self.encode(inputs, hidden, valid)
        if self.kind == "padded":
            vectors, wanted = objects[hidden], targets[hidden]
        else:
            vectors, order, kept = objects
            vectors = vectors[hidden[order][kept]]
            wanted = targets[order][hidden[order]]
        logits = self.head(vectors).view(len(vectors), -1, BINS)
        known = wanted >= 0
        return F.cross_entropy(logits[known], wanted[known])

    def classification_loss(self, inputs, valid, labels):
        none = torch.zeros_like(valid)
        events, objects = self.encode(inputs, none, valid)
        if self.kind != "padded":
            labels = labels[objects[1]]
        return F.cross_entropy(self.classifier(events), labels)

    def scores(self, inputs, valid):
        none = torch.zeros_like(valid)
        return self.classifier(self.encode(inputs, none, valid)[0]).softmax(-1)


def main():
    given = arguments(["padded", "packed", "grouped"], ["pretrain", "finetune", "score"])
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    events = Events(given.store)
    inputs, valid = torch.from_numpy(events.inputs), torch.from_numpy(events.valid)
    targets, labels = torch.from_numpy(events.targets), torch.from_numpy(events.labels)
    model = Model(
        given.kind, events.width, given.width, given.layers, given.heads,
        events.quantities * BINS,
    )
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.98), fused=True)
    positions = batches(len(inputs), given.batch)

    def step():
        chosen = next(positions)
        if given.task == "score":
            with torch.inference_mode():
                return model.scores(inputs[chosen], valid[chosen])
        optimizer.zero_grad()
        if given.task == "pretrain":
            loss = model.pretraining_loss(inputs[chosen], valid[chosen], targets[chosen])
        else:
            loss = model.classification_loss(inputs[chosen], valid[chosen], labels[chosen])
        loss.backward()
        loss.item()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    model.train(given.task != "score")
    serve(step, given.batch)


if __name__ == "__main__":
    main()
