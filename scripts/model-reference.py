#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write what PyTorch computes for a small batch: the fixture of the model's parity tests.

    python3 scripts/model-reference.py Tests/PretrainingTests/Fixtures/parity.safetensors

The reference pads every event and masks the padding, in plain torch.nn.functional, so that it shares
no way of computing with the packed model. Needs torch 2.13.0 and numpy; made with Python 3.11.
"""

import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

KINDS = [("muon", ["charge", "isolation"], True), ("jet", ["btag"], True), ("missingMomentum", [], False)]
FIRST = [0, 2, 3]  # first feature column of each kind
FEATURES, WIDTH, LAYERS, HEADS, RANKS, BINS = 3, 16, 2, 4, 8, 32
MOMENTS = {"lnPt": (3.5, 0.8), "eta": (0.1, 1.2), "lnMass": (1.0, 0.9)}
FEATURE_MOMENTS = [(0.1, 0.9), (0.4, 0.3), (0.5, 0.25)]
SCALAR_MOMENTS = (20.0, 5.0)
PAIR_MOMENTS = [(4.0, 0.7), (3.5, 0.9), (4.0, 0.6), (1.5, 0.9), (1.2, 0.8), (0.05, 1.1)]


def make_events(random):
    events = []
    for muons, jets in [(1, 0), (2, 1), (1, 3), (3, 2), (1, 0), (2, 4)]:
        objects = []
        for kind, count in ((0, muons), (1, jets), (2, 1)):
            drawn = []
            for _ in range(count):
                mass = 0.10566 if kind == 0 else 5 + 5 * random.random()
                features = [float("nan")] * 2
                if kind == 0:
                    features = [random.choice([-1.0, 1.0]), random.random()]
                if kind == 1:
                    features = [random.random() if random.random() < 0.8 else float("nan"), float("nan")]
                seen = kind != 2
                drawn.append([kind, 20 + random.exponential(30), random.normal() if seen else float("nan"),
                              random.uniform(-3.1, 3.1), mass if seen else float("nan")] + features)
            objects += sorted(drawn, key=lambda o: -o[1])
        events.append((np.array(objects, np.float32), np.float32(round(10 + 20 * random.random()))))
    return events


def edges_of(kind, quantity):
    """Fixed inner edges; phi has all 31, charge one, a muon's mass none."""
    if quantity == 0:
        return np.linspace(3, 5, 31)
    if quantity == 1:
        return np.linspace(-2, 2, 31) if kind != 2 else []
    if quantity == 2:
        return np.linspace(-3, 3, 31)
    if quantity == 3:
        return np.linspace(1.8, 2.4, 20) if kind == 1 else []
    if kind == 0 and quantity == 4:
        return [-1.0]
    return np.linspace(0.1, 0.9, 15)


class Reference:
    def __init__(self, events, hides_momentum, hides_kind, parameters):
        self.p, self.events = parameters, events
        self.counts = [len(o) for o, _ in events]
        self.longest = max(self.counts)
        batch = len(events)
        self.real = torch.zeros(batch, self.longest, dtype=torch.bool)
        self.raw = torch.full((batch, self.longest, 7), float("nan"))
        for e, (objects, _) in enumerate(events):
            self.real[e, : len(objects)] = True
            self.raw[e, : len(objects)] = torch.tensor(objects)
        self.hides_momentum, self.hides_kind = self.pad(hides_momentum), self.pad(hides_kind)

    def pad(self, flat):
        result = torch.zeros(len(self.events), self.longest, dtype=torch.bool)
        result[self.real] = torch.tensor(flat)
        return result

    def ranks(self, e, o):
        return int(sum(self.raw[e, x, 0] == self.raw[e, o, 0] and self.raw[e, x, 1] > self.raw[e, o, 1]
                       for x in range(self.counts[e])))

    def rows(self, hides_momentum, hides_kind):
        kinds, width = len(KINDS), 5 + len(KINDS) + 2 * FEATURES + 2 + RANKS
        rows = torch.zeros(len(self.events), self.longest, width)
        for e in range(len(self.events)):
            for o in range(self.counts[e]):
                kind, pt, eta, phi, mass = self.raw[e, o, :5].tolist()
                kind, row = int(kind), rows[e, o]
                momentum, hidden_kind = bool(hides_momentum[e, o]), bool(hides_kind[e, o])
                if not momentum:
                    row[0] = (np.log(pt) - MOMENTS["lnPt"][0]) / MOMENTS["lnPt"][1]
                    row[1] = 0 if np.isnan(eta) else (eta - MOMENTS["eta"][0]) / MOMENTS["eta"][1]
                    row[2], row[3] = np.sin(phi), np.cos(phi)
                    if not hidden_kind and not np.isnan(mass):
                        row[4] = (np.log1p(mass) - MOMENTS["lnMass"][0]) / MOMENTS["lnMass"][1]
                if not hidden_kind:
                    row[5 + kind] = 1
                if not hidden_kind and not momentum:
                    for f in range(len(KINDS[kind][1])):
                        value, column = float(self.raw[e, o, 5 + f]), FIRST[kind] + f
                        if np.isnan(value):
                            row[5 + kinds + FEATURES + column] = 1
                        else:
                            mean, deviation = FEATURE_MOMENTS[column]
                            row[5 + kinds + column] = np.arcsinh((value - mean) / deviation)
                if momentum:
                    row[5 + kinds + 2 * FEATURES] = 1
                    row[5 + kinds + 2 * FEATURES + 2 + min(self.ranks(e, o), RANKS - 1)] = 1
                if hidden_kind:
                    row[5 + kinds + 2 * FEATURES + 1] = 1
        return rows

    def linear(self, x, name):
        return F.linear(x, self.p[name + ".weight"], self.p[name + ".bias"])

    def norm(self, x, name):
        return F.layer_norm(x, (WIDTH,), self.p[name + ".weight"], self.p[name + ".bias"], 1e-5)

    def encode(self, hides_momentum, hides_kind):
        b = "backbone."
        x = self.linear(F.gelu(self.linear(self.rows(hides_momentum, hides_kind), b + "objectInput")),
                        b + "objectEmbedding")
        scalars = torch.tensor([[np.arcsinh((s - SCALAR_MOMENTS[0]) / SCALAR_MOMENTS[1]), 0.0]
                                for _, s in self.events], dtype=torch.float32)
        event = self.p[b + "eventToken"] + self.linear(scalars, b + "eventInput")
        x = torch.cat([event[:, None], x], 1)
        mask = torch.cat([torch.ones(len(x), 1, dtype=torch.bool), self.real], 1)
        for layer in range(LAYERS):
            n = f"{b}encoder.{layer}."
            q, k, v = self.linear(self.norm(x, n + "attentionNorm"), n + "attention.projection").chunk(3, -1)
            split = lambda t: t.unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)
            logits = split(q) @ split(k).transpose(-1, -2) / (WIDTH // HEADS) ** 0.5
            weights = logits.masked_fill(~mask[:, None, None], float("-inf")).softmax(-1)
            x = x + self.linear((weights @ split(v)).transpose(1, 2).flatten(-2), n + "attention.output")
            inner = F.gelu(self.linear(self.norm(x, n + "feedForwardNorm"), n + "expansion"))
            x = x + self.linear(inner, n + "contraction")
        x = self.norm(x, b + "norm")
        return x[:, 0], x[:, 1:]

    def masked_objects(self):
        _, objects = self.encode(self.hides_momentum, self.hides_kind)
        chosen = objects[self.hides_momentum]
        out = self.linear(F.gelu(self.linear(chosen, "maskedObjects.hidden")), "maskedObjects.output")
        quantities = 4 + FEATURES
        logits, kinds = out[:, : quantities * BINS].unflatten(1, (quantities, BINS)), out[:, quantities * BINS:]
        losses, kind_losses, row = [], [], 0
        for e in range(len(self.events)):
            for o in range(self.counts[e]):
                if not self.hides_momentum[e, o]:
                    continue
                kind, pt, eta, phi, mass = self.raw[e, o, :5].tolist()
                kind = int(kind)
                values = [np.log(pt), eta, phi, np.log1p(max(0, mass)) if not np.isnan(mass) else np.nan]
                values += [float(self.raw[e, o, 5 + f]) for f in range(len(KINDS[kind][1]))]
                for q, value in enumerate(values):
                    edges = np.array(edges_of(kind, q), np.float32)
                    if len(edges) == 0 or np.isnan(value):
                        continue
                    bin_ = int(np.searchsorted(edges, np.float32(value), side="left"))
                    column = q if q < 4 else q + FIRST[kind]
                    losses.append(-logits[row, column].log_softmax(-1)[bin_])
                if self.hides_kind[e, o]:
                    kind_losses.append(-kinds[row].log_softmax(-1)[kind])
                row += 1
        return torch.stack(losses).mean() + 0.3 * torch.stack(kind_losses).mean()

    def invariants(self):
        none = torch.zeros_like(self.hides_kind)
        events, _ = self.encode(none, none)
        n = "kinematicInvariants."
        total, count = 0.0, 0
        for e in range(len(self.events)):
            for i in range(self.counts[e]):
                for j in range(i + 1, self.counts[e]):
                    query = torch.cat([self.p[n + "objectQuery.weight"][
                        int(self.raw[e, o, 0]) * RANKS + min(self.ranks(e, o), RANKS - 1)] for o in (i, j)])
                    hidden = self.linear(events[e], n + "eventProjection") + self.linear(query, n + "pairProjection")
                    predicted = self.linear(F.gelu(hidden), n + "output")
                    for q, value in enumerate(self.pair(self.raw[e, i].double(), self.raw[e, j].double())):
                        if not np.isnan(value):
                            total = total + (predicted[q] - (value - PAIR_MOMENTS[q][0]) / PAIR_MOMENTS[q][1]) ** 2
                            count += 1
        return total / count

    @staticmethod
    def pair(a, b):
        def vector(o):
            pt, eta, phi, m = o[1:5]
            p = [pt * torch.cos(phi), pt * torch.sin(phi), pt * torch.sinh(eta)]
            return torch.stack([torch.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2 + m ** 2)] + p)
        s = vector(a) + vector(b)
        mass2 = s[0] ** 2 - s[1] ** 2 - s[2] ** 2 - s[3] ** 2
        dphi = abs(float(torch.remainder(a[3] - b[3] + np.pi, 2 * np.pi) - np.pi))
        px = a[1] * torch.cos(a[3]) + b[1] * torch.cos(b[3])
        py = a[1] * torch.sin(a[3]) + b[1] * torch.sin(b[3])
        charge = float(a[5] * b[5]) if int(a[0]) == int(b[0]) == 0 else np.nan
        return [float(0.5 * torch.log(mass2)), float(np.log1p(np.sqrt(2 * a[1] * b[1] * (1 - np.cos(dphi))))),
                float(torch.log1p(torch.hypot(px, py))), dphi, float(abs(a[2] - b[2])), charge]

    def object_type(self):
        none = torch.zeros_like(self.hides_kind)
        _, objects = self.encode(none, self.hides_kind)
        out = self.linear(F.gelu(self.linear(objects[self.real], "objectType.hidden")), "objectType.output")
        return F.cross_entropy(out, self.raw[self.real][:, 0].long())


def make_parameters():
    torch.manual_seed(7)
    inputs = 5 + len(KINDS) + 2 * FEATURES + 2 + RANKS
    shapes = {"backbone.eventToken": (WIDTH,)}

    def linear(name, into, out):
        shapes[name + ".weight"], shapes[name + ".bias"] = (out, into), (out,)
    linear("backbone.objectInput", inputs, WIDTH)
    linear("backbone.objectEmbedding", WIDTH, WIDTH)
    linear("backbone.eventInput", 2, WIDTH)
    for layer in range(LAYERS):
        n = f"backbone.encoder.{layer}."
        shapes[n + "attentionNorm.weight"] = shapes[n + "attentionNorm.bias"] = (WIDTH,)
        linear(n + "attention.projection", WIDTH, 3 * WIDTH)
        linear(n + "attention.output", WIDTH, WIDTH)
        shapes[n + "feedForwardNorm.weight"] = shapes[n + "feedForwardNorm.bias"] = (WIDTH,)
        linear(n + "expansion", WIDTH, 4 * WIDTH)
        linear(n + "contraction", 4 * WIDTH, WIDTH)
    shapes["backbone.norm.weight"] = shapes["backbone.norm.bias"] = (WIDTH,)
    linear("maskedObjects.hidden", WIDTH, WIDTH)
    linear("maskedObjects.output", WIDTH, (4 + FEATURES) * BINS + len(KINDS))
    shapes["kinematicInvariants.objectQuery.weight"] = (len(KINDS) * RANKS, WIDTH)
    linear("kinematicInvariants.pairProjection", 2 * WIDTH, 2 * WIDTH)
    linear("kinematicInvariants.eventProjection", WIDTH, 2 * WIDTH)
    linear("kinematicInvariants.output", 2 * WIDTH, 6)
    linear("objectType.hidden", WIDTH, WIDTH)
    linear("objectType.output", WIDTH, len(KINDS))
    return {name: (0.3 * torch.randn(shape) + ("orm.weight" in name)).requires_grad_() for name, shape in shapes.items()}


def save(path, tensors):
    header, data, offset = {}, [], 0
    for name, value in tensors.items():
        array = np.ascontiguousarray(value.detach().numpy() if isinstance(value, torch.Tensor) else value)
        kind = {"float32": "F32", "int64": "I64", "uint8": "U8", "float64": "F64"}[str(array.dtype)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        data.append(array.tobytes())
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def main():
    random = np.random.RandomState(3)
    random_ = type("R", (), {})()
    random_.random, random_.choice = random.random_sample, random.choice
    random_.exponential, random_.normal, random_.uniform = random.exponential, random.normal, random.uniform
    events = make_events(random_)
    total = sum(len(o) for o, _ in events)
    hides_momentum = random.random_sample(total) < 0.4
    hides_kind = hides_momentum & (random.random_sample(total) < 0.5)
    parameters = make_parameters()
    reference = Reference(events, hides_momentum, hides_kind, parameters)
    rows = np.concatenate([o for o, _ in events])
    out = {
        "offsets": np.cumsum([0] + [len(o) for o, _ in events]).astype(np.int64),
        "kinds": rows[:, 0].astype(np.uint8), "momenta": rows[:, 1:5].copy(), "features": rows[:, 5:7].copy(),
        "scalars": np.array([s for _, s in events], np.float32),
        "hidesMomentum": hides_momentum.astype(np.uint8), "hidesKind": hides_kind.astype(np.uint8),
    }
    out |= {"initial." + name: value.detach().clone() for name, value in parameters.items()}
    event_vectors, objects = reference.encode(reference.hides_momentum, reference.hides_kind)
    out["output.events"], out["output.objects"] = event_vectors, objects[reference.real]
    decay = [p for p in parameters.values() if p.dim() >= 2]
    rest = [p for p in parameters.values() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}],
                                  lr=1e-3, betas=(0.9, 0.98))
    losses = []
    for step in range(10):
        optimizer.zero_grad()
        parts = [reference.masked_objects(), reference.invariants(), reference.object_type()]
        (parts[0] + 2 * parts[1] + parts[2]).backward()
        if step == 0:
            out |= {"gradient." + name: value.grad.clone() for name, value in parameters.items()}
        torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
        optimizer.step()
        losses.append([float(part.detach()) for part in parts])
    out["losses"] = np.array(losses, np.float64)
    out |= {"final." + name: value.detach().clone() for name, value in parameters.items()}
    save(sys.argv[1], out)
    print(json.dumps(losses[0]), json.dumps(losses[-1]))


if __name__ == "__main__":
    main()
