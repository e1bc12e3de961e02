#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the reference of the model's tests: what PyTorch makes of the same events and weights.

    scripts/model-reference.py Tests/TestSupport/Fixtures

Everything is written down a second time, from the definitions in the documentation: the inputs'
columns, a *padded* Transformer with masked attention, the three objectives, the classifier's
loss and the training step. Two files are written: model-reference.json (events, what is hidden,
settings, losses) and model-reference.safetensors (weights, outputs, gradients, and all parameters
after each of ten steps of pre-training). Needs torch and numpy.
"""

import bisect
import json
import math
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

WIDTH, LAYERS, HEADS, FACTOR = 8, 2, 2, 2
BINS, RANKS, INVARIANTS = 32, 8, 6
STEPS, LEARNING_RATE, WEIGHT_DECAY, CLIP = 10, 1e-3, 0.01, 1.0
MASKED_WEIGHT, INVARIANT_WEIGHT, TYPE_WEIGHT, KIND_WEIGHT = 1.0, 2.0, 0.5, 0.3
KINDS = [  # name, features, has eta, has mass
    ("muon", ["charge", "isolation"], True, True),
    ("jet", ["btag"], True, True),
    ("missingMomentum", [], False, False),
]
SCALARS = ["npv"]
NAMED = [(k, f) for k, kind in enumerate(KINDS) for f in kind[1]]  # (kind, feature) pairs
MOMENTS = {
    "lnPt": (3.4, 0.7), "eta": (0.1, 1.1), "lnMass": (1.2, 0.9),
    "muon.charge": (0.05, 1.0), "muon.isolation": (0.2, 0.15), "jet.btag": (0.4, 0.3),
    "npv": (19.0, 6.0),
}
PAIR_MOMENTS = [(4.1, 0.8), (3.9, 0.9), (3.8, 0.6), (1.6, 0.9), (1.2, 0.8), (0.0, 1.0)]

random = np.random.default_rng(20240601)


def single(value):
    """Returns the nearest float32 as a Python number, so that JSON holds it exactly."""
    return float(np.float32(value))


def make_events():
    """Eight events of one to six objects; every tenth feature or so is missing."""
    events = []
    for number, kinds in enumerate(
        [[2], [0, 0, 2], [0, 1, 1, 1, 2], [0], [0, 1, 2], [1, 1, 1, 1, 1, 2], [0, 0, 1], [0, 0, 2]]
    ):
        objects = []
        for kind in kinds:
            _, features, has_eta, has_mass = KINDS[kind]
            values = []
            for feature in features:
                value = random.choice([-1.0, 1.0]) if feature == "charge" else random.uniform()
                values.append(None if random.uniform() < 0.15 else single(value))
            objects.append({
                "kind": kind, "pt": single(20 + random.exponential(30)),
                "eta": single(random.normal()) if has_eta else None,
                "phi": single(random.uniform(-3.1, 3.1)),
                "mass": single(0.10566 if kind == 0 else random.uniform(4, 12))
                if has_mass else None,
                "features": values, "hidesMomentum": False, "hidesKind": False,
                "hidesType": bool(random.uniform() < 0.65),
            })
        if len(objects) > 1:
            for chosen in random.choice(len(objects), max(1, len(objects) // 2), replace=False):
                objects[chosen]["hidesMomentum"] = True
                objects[chosen]["hidesKind"] = bool(random.uniform() < 0.5)
        events.append({
            "objects": objects, "scalars": [None if number == 3 else single(10 + 3 * number)],
            "weight": single(random.uniform(0.5, 1.5)), "label": int(number % 3 == 0),
        })
    return events


EVENTS = make_events()


def quantity(thing, index):
    """ln pT, eta, phi, ln(1 + m), then the features; None where there is none."""
    if index == 0:
        return math.log(thing["pt"])
    if index == 1:
        return thing["eta"]
    if index == 2:
        return thing["phi"]
    if index == 3:
        return None if thing["mass"] is None else math.log1p(thing["mass"])
    return thing["features"][index - 4]


def make_edges():
    """Some inner edges for every quantity; none where a kind lacks it or it is constant."""
    edges = []
    for kind, (_, features, has_eta, has_mass) in enumerate(KINDS):
        rows = [np.linspace(3.0, 4.6, 31), np.linspace(-2, 2, 25), np.linspace(-3, 3, 31), []]
        if not has_eta:
            rows[1] = []
        if has_mass and kind != 0:
            rows[3] = np.linspace(1.7, 2.5, 20)
        for feature in features:
            rows.append([0.0] if feature == "charge" else np.linspace(0.05, 0.95, 10))
        edges.append([[single(edge) for edge in row] for row in rows])
    return edges


EDGES = make_edges()


def ranks(event):
    """The rank in pT of each object among those of its kind."""
    objects = event["objects"]
    return [
        min(RANKS - 1, sum(
            other["kind"] == thing["kind"] and other["pt"] > thing["pt"] for other in objects))
        for thing in objects
    ]


def standard(value, name):
    mean, deviation = MOMENTS[name]
    return (value - np.float32(mean)) / np.float32(deviation)


COLUMNS = 5 + len(KINDS) + 2 * len(NAMED) + 2 + RANKS


def object_row(thing, rank, hides_momentum, hides_kind):
    row = np.zeros(COLUMNS, np.float64)
    first_value = 5 + len(KINDS)
    first_missing = first_value + len(NAMED)
    hidden = first_missing + len(NAMED)
    if not hides_momentum:
        row[0] = standard(math.log(thing["pt"]), "lnPt")
        row[1] = 0 if thing["eta"] is None else standard(thing["eta"], "eta")
        row[2], row[3] = math.sin(thing["phi"]), math.cos(thing["phi"])
        if not hides_kind and thing["mass"] is not None:
            row[4] = standard(math.log1p(thing["mass"]), "lnMass")
    if not hides_kind:
        row[5 + thing["kind"]] = 1
    if not hides_kind and not hides_momentum:
        for name, value in zip(KINDS[thing["kind"]][1], thing["features"]):
            column = NAMED.index((thing["kind"], name))
            if value is None:
                row[first_missing + column] = 1
            else:
                key = f"{KINDS[thing['kind']][0]}.{name}"
                row[first_value + column] = math.asinh(standard(value, key))
    if hides_momentum:
        row[hidden] = 1
        row[hidden + 2 + rank] = 1
    if hides_kind:
        row[hidden + 1] = 1
    return row


LONGEST = max(len(event["objects"]) for event in EVENTS)


def inputs(momentum_key=None, kind_key=None):
    """Padded inputs [B, N, columns], scalars [B, 2 k] and which objects are real [B, N]."""
    rows = np.zeros((len(EVENTS), LONGEST, COLUMNS))
    real = np.zeros((len(EVENTS), LONGEST), bool)
    scalars = np.zeros((len(EVENTS), 2 * len(SCALARS)))
    for e, event in enumerate(EVENTS):
        for o, (thing, rank) in enumerate(zip(event["objects"], ranks(event))):
            rows[e, o] = object_row(
                thing, rank, bool(momentum_key) and thing[momentum_key],
                bool(kind_key) and thing[kind_key])
            real[e, o] = True
        for s, name in enumerate(SCALARS):
            if event["scalars"][s] is None:
                scalars[e, len(SCALARS) + s] = 1
            else:
                scalars[e, s] = math.asinh(standard(event["scalars"][s], name))
    return (
        torch.tensor(rows, dtype=torch.float32), torch.tensor(scalars, dtype=torch.float32),
        torch.tensor(real))


# The parameters, with the names of the checkpoint.

def make_parameters():
    parameters = {}

    def linear(name, wide, out, bias=True):
        bound = 1 / math.sqrt(wide)
        parameters[name + ".weight"] = random.uniform(-bound, bound, (out, wide))
        if bias:
            parameters[name + ".bias"] = random.uniform(-bound, bound, out)

    def norm(name):
        parameters[name + ".weight"] = random.uniform(0.8, 1.2, WIDTH)
        parameters[name + ".bias"] = random.uniform(-0.2, 0.2, WIDTH)

    parameters["backbone.eventToken"] = random.normal(0, 0.3, WIDTH)
    linear("backbone.objectInput", COLUMNS, WIDTH)
    linear("backbone.objectEmbedding", WIDTH, WIDTH)
    linear("backbone.eventInput", 2 * len(SCALARS), WIDTH)
    for layer in range(LAYERS):
        prefix = f"backbone.encoder.{layer}."
        norm(prefix + "attentionNorm")
        linear(prefix + "attention.projection", WIDTH, 3 * WIDTH)
        linear(prefix + "attention.output", WIDTH, WIDTH)
        norm(prefix + "feedForwardNorm")
        linear(prefix + "expansion", WIDTH, FACTOR * WIDTH)
        linear(prefix + "contraction", FACTOR * WIDTH, WIDTH)
    norm("backbone.norm")
    linear("maskedObjects.hidden", WIDTH, WIDTH)
    linear("maskedObjects.output", WIDTH, (4 + len(NAMED)) * BINS + len(KINDS))
    parameters["kinematicInvariants.objectQuery.weight"] = random.normal(
        0, 1, (len(KINDS) * RANKS, WIDTH))
    linear("kinematicInvariants.pairProjection", 2 * WIDTH, 2 * WIDTH)
    linear("kinematicInvariants.eventProjection", WIDTH, 2 * WIDTH)
    linear("kinematicInvariants.output", 2 * WIDTH, INVARIANTS)
    linear("objectType.hidden", WIDTH, WIDTH)
    linear("objectType.output", WIDTH, len(KINDS))
    linear("head", WIDTH, 2)
    return {
        name: torch.tensor(value, dtype=torch.float32, requires_grad=True)
        for name, value in parameters.items()
    }


P = make_parameters()


def apply_linear(name, x):
    return F.linear(x, P[name + ".weight"], P[name + ".bias"])


def apply_norm(name, x):
    return F.layer_norm(x, (WIDTH,), P[name + ".weight"], P[name + ".bias"], 1e-5)


def attention(name, x, real):
    batch, length, _ = x.shape
    size = WIDTH // HEADS
    q, k, v = apply_linear(name + ".projection", x).chunk(3, dim=-1)
    q, k, v = (t.reshape(batch, length, HEADS, size).transpose(1, 2) for t in (q, k, v))
    scores = q @ k.transpose(-1, -2) / math.sqrt(size)
    scores = scores.masked_fill(~real[:, None, None, :], float("-inf"))
    mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(batch, length, WIDTH)
    return apply_linear(name + ".output", mixed)


def encode(rows, scalars, real):
    """Returns the event vectors [B, D] and the object vectors [B, N, D]."""
    objects = apply_linear(
        "backbone.objectEmbedding", F.gelu(apply_linear("backbone.objectInput", rows)))
    event = P["backbone.eventToken"] + apply_linear("backbone.eventInput", scalars)
    x = torch.cat([event[:, None, :], objects], dim=1)
    real = torch.cat([torch.ones(len(EVENTS), 1, dtype=torch.bool), real], dim=1)
    for layer in range(LAYERS):
        prefix = f"backbone.encoder.{layer}."
        x = x + attention(prefix + "attention", apply_norm(prefix + "attentionNorm", x), real)
        inner = F.gelu(apply_linear(prefix + "expansion", apply_norm(prefix + "feedForwardNorm", x)))
        x = x + apply_linear(prefix + "contraction", inner)
    x = apply_norm("backbone.norm", x)
    return x[:, 0], x[:, 1:]


# The losses.

def masked_objects():
    _, objects = encode(*inputs("hidesMomentum", "hidesKind"))
    binned, kinds = [], []
    for e, event in enumerate(EVENTS):
        for o, thing in enumerate(event["objects"]):
            if not thing["hidesMomentum"]:
                continue
            kind = thing["kind"]
            output = apply_linear(
                "maskedObjects.output", F.gelu(apply_linear("maskedObjects.hidden", objects[e, o])))
            for index, edges in enumerate(EDGES[kind]):
                value = quantity(thing, index)
                if not edges or value is None:
                    continue
                column = index if index < 4 else 4 + NAMED.index((kind, KINDS[kind][1][index - 4]))
                logits = output[column * BINS:(column + 1) * BINS]
                binned.append(-logits.log_softmax(0)[bisect.bisect_left(edges, value)])
            if thing["hidesKind"]:
                logits = output[(4 + len(NAMED)) * BINS:]
                kinds.append(-logits.log_softmax(0)[kind])
    return torch.stack(binned).mean() + KIND_WEIGHT * torch.stack(kinds).mean()


def four_momentum(thing):
    pt, phi = thing["pt"], thing["phi"]
    if thing["eta"] is None or thing["mass"] is None:
        return None
    px, py, pz = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(thing["eta"])
    return math.sqrt(px * px + py * py + pz * pz + thing["mass"] ** 2), px, py, pz


def invariants(a, b):
    delta_phi = abs((a["phi"] - b["phi"] + math.pi) % (2 * math.pi) - math.pi)
    pair = four_momentum(a), four_momentum(b)
    values = [None] * INVARIANTS
    if None not in pair:
        e, x, y, z = (p + q for p, q in zip(*pair))
        values[0] = math.log(math.sqrt(max(1e-4, e * e - x * x - y * y - z * z)))
        values[4] = abs(a["eta"] - b["eta"])
    values[1] = math.log1p(math.sqrt(2 * a["pt"] * b["pt"] * (1 - math.cos(delta_phi))))
    values[2] = math.log1p(math.hypot(
        a["pt"] * math.cos(a["phi"]) + b["pt"] * math.cos(b["phi"]),
        a["pt"] * math.sin(a["phi"]) + b["pt"] * math.sin(b["phi"])))
    values[3] = delta_phi
    if a["kind"] == 0 and b["kind"] == 0 and None not in (a["features"][0], b["features"][0]):
        values[5] = a["features"][0] * b["features"][0]
    return values


def kinematic_invariants():
    events, _ = encode(*inputs())
    squares = []
    for e, event in enumerate(EVENTS):
        objects, order = event["objects"], ranks(event)
        for i in range(len(objects)):
            for j in range(i + 1, len(objects)):
                query = P["kinematicInvariants.objectQuery.weight"]
                question = torch.cat([
                    query[objects[i]["kind"] * RANKS + order[i]],
                    query[objects[j]["kind"] * RANKS + order[j]]])
                hidden = apply_linear("kinematicInvariants.pairProjection", question)
                hidden = hidden + apply_linear("kinematicInvariants.eventProjection", events[e])
                answer = apply_linear("kinematicInvariants.output", F.gelu(hidden))
                for q, value in enumerate(invariants(objects[i], objects[j])):
                    if value is not None:
                        mean, deviation = PAIR_MOMENTS[q]
                        squares.append((answer[q] - (value - mean) / deviation) ** 2)
    return torch.stack(squares).mean()


def object_type():
    _, objects = encode(*inputs(None, "hidesType"))
    losses = []
    for e, event in enumerate(EVENTS):
        for o, thing in enumerate(event["objects"]):
            logits = apply_linear(
                "objectType.output", F.gelu(apply_linear("objectType.hidden", objects[e, o])))
            losses.append(-logits.log_softmax(0)[thing["kind"]])
    return torch.stack(losses).mean()


def classification():
    """Cross-entropy with event weights, the classes balanced to the same sum, with mean 1."""
    logits = apply_linear("head", encode(*inputs())[0])
    sums = [sum(ev["weight"] for ev in EVENTS if ev["label"] == c) for c in (0, 1)]
    total = 0
    for e, event in enumerate(EVENTS):
        weight = event["weight"] * len(EVENTS) / 2 / sums[event["label"]]
        total = total - weight * logits[e].log_softmax(0)[event["label"]]
    return logits, total / len(EVENTS)


OBJECTIVES = [
    ("maskedObjects", masked_objects, MASKED_WEIGHT),
    ("kinematicInvariants", kinematic_invariants, INVARIANT_WEIGHT),
    ("objectType", object_type, TYPE_WEIGHT),
]


def forget_gradients():
    for parameter in P.values():
        parameter.grad = None


def main(folder):
    tensors, losses, steps, norms = {}, {}, [], []

    def keep(prefix, values):
        for name, value in values.items():
            tensors[f"{prefix}.{name}"] = value.detach().clone()

    keep("initial", P)
    events, objects = encode(*inputs())
    _, _, real = inputs()
    tensors["output.inputs"] = inputs()[0][real]
    tensors["output.events"], tensors["output.objects"] = events.detach(), objects[real].detach()
    for name, loss, _ in OBJECTIVES:
        forget_gradients()
        value = loss()
        value.backward()
        losses[name] = value.item()
        keep("gradient." + name, {n: p.grad for n, p in P.items() if p.grad is not None})
    forget_gradients()
    logits, value = classification()
    value.backward()
    losses["classification"] = value.item()
    tensors["output.logits"] = logits.detach()
    keep("gradient.classification", {n: p.grad for n, p in P.items() if p.grad is not None})

    trained = {name: p for name, p in P.items() if not name.startswith("head.")}
    optimizer = torch.optim.AdamW([
        {"params": [p for p in trained.values() if p.dim() >= 2], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in trained.values() if p.dim() < 2], "weight_decay": 0.0},
    ], lr=LEARNING_RATE, betas=(0.9, 0.98), eps=1e-8)
    for step in range(STEPS):
        forget_gradients()
        values = [loss() for _, loss, _ in OBJECTIVES]
        sum(w * value for (_, _, w), value in zip(OBJECTIVES, values)).backward()
        norms.append(torch.nn.utils.clip_grad_norm_(list(trained.values()), CLIP).item())
        optimizer.step()
        steps.append([value.item() for value in values])
        keep(f"step.{step + 1}", trained)

    description = {
        "width": WIDTH, "layers": LAYERS, "heads": HEADS, "feedForwardFactor": FACTOR,
        "moments": {n: {"mean": m, "deviation": d} for n, (m, d) in MOMENTS.items()},
        "pairMoments": [{"mean": m, "deviation": d} for m, d in PAIR_MOMENTS],
        "edges": EDGES, "events": EVENTS, "losses": losses, "stepLosses": steps,
        "gradientNorms": norms, "learningRate": LEARNING_RATE, "weightDecay": WEIGHT_DECAY,
        "gradientClip": CLIP, "kindWeight": KIND_WEIGHT,
        "weights": {name: weight for name, _, weight in OBJECTIVES},
        "torch": torch.__version__,
    }
    with open(f"{folder}/model-reference.json", "w") as file:
        json.dump(description, file, indent=1)
        file.write("\n")
    write_safetensors(f"{folder}/model-reference.safetensors", tensors)


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        content = tensor.contiguous().numpy().astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
