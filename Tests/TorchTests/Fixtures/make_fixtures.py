# SPDX-License-Identifier: Apache-2.0
"""Computes with PyTorch what the tests of `Torch` compare with.

    python3 Tests/TorchTests/Fixtures/make_fixtures.py

Made with PyTorch 2.13.0 on the CPU. Every case stores its inputs beside its outputs. Gradients are
those of sum(output * upstream) over all real outputs, where element i of an output has the
upstream gradient (i % 5) * 0.5 - 0.75.
"""

import json
import math
import os
import random

import torch
import torch.nn.functional as F

numbers = random.Random(20260101)


def real(*shape, low=-2.0, high=2.0):
    count = math.prod(shape)
    return torch.tensor([round(numbers.uniform(low, high), 4) for _ in range(count)]).reshape(shape)


def integers(values, dtype=torch.int64):
    return torch.tensor(values, dtype=dtype)


def stored(tensor):
    if tensor.dtype == torch.bool:
        values = tensor.flatten().tolist()
        values = [int(value) for value in values]
    else:
        values = tensor.detach().flatten().tolist()
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "values": values}


def upstream(tensor):
    index = torch.arange(tensor.numel())
    return ((index % 5) * 0.5 - 0.75).to(tensor.dtype).reshape(tensor.shape)


def case(name, function, *inputs, constants=()):
    """Runs a function; inputs at the positions `constants`, and integers, get no gradient."""
    leaves = [
        x.clone().requires_grad_(x.is_floating_point() and index not in constants)
        for index, x in enumerate(inputs)
    ]
    outputs = function(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    differentiable = [out for out in outputs if out.requires_grad]
    if differentiable:
        torch.autograd.backward(differentiable, [upstream(out) for out in differentiable])
    gradients = [stored(x.grad) if x.grad is not None else None for x in leaves]
    return {
        "name": name,
        "inputs": [stored(x) for x in inputs],
        "outputs": [stored(out) for out in outputs],
        "gradients": gradients,
    }


x, y = real(2, 3), real(2, 3)
row = real(3)
positive = real(2, 3, low=0.2, high=3.0)
inside = real(2, 3, low=-0.9, high=0.9)
counts = integers([[1, 2, 3], [3, 2, 1]])
mask = torch.tensor([[True, False, True], [False, False, True]])
square = real(2, 3, 4)
attention = [real(2, 2, 3, 4), real(2, 2, 5, 4), real(2, 2, 5, 3)]
attention_mask = torch.ones(2, 1, 3, 5, dtype=torch.bool)
attention_mask[0, :, :, 3:] = False
attention_bias = real(2, 2, 3, 5)
logits, classes = real(4, 3), integers([2, 0, 1, 1])
binary_targets = integers([[1, 0, 1], [0, 0, 1]]).float()

cases = [
    # Operators.
    case("add", lambda a, b: a + b, x, row),
    case("subtract", lambda a, b: a - b, x, row),
    case("multiply", lambda a, b: a * b, x, row),
    case("divide", lambda a, b: a / b, x, positive),
    case("addScalar", lambda a: a + 1.5, x),
    case("subtractScalar", lambda a: a - 1.5, x),
    case("multiplyScalar", lambda a: a * 1.5, x),
    case("divideScalar", lambda a: a / 1.5, x),
    case("scalarAdd", lambda a: 1.5 + a, x),
    case("scalarSubtract", lambda a: 1.5 - a, x),
    case("scalarMultiply", lambda a: 1.5 * a, x),
    case("scalarDivide", lambda a: 1.5 / a, positive),
    case("integerAdd", lambda a: a + 2, counts),
    case("integerSubtract", lambda a: 2 - a, counts),
    case("integerTimesReal", lambda a: a * 0.5, counts),
    case("integerDivide", lambda a: a / 2, counts),
    case("negate", lambda a: -a, x),
    case("equal", lambda a, b: a == b, counts, integers([1, 2, 1])),
    case("notEqual", lambda a, b: a != b, counts, integers([1, 2, 1])),
    case("less", lambda a, b: a < b, x, y),
    case("lessOrEqual", lambda a, b: a <= b, counts, integers([2, 2, 2])),
    case("greater", lambda a, b: a > b, x, y),
    case("greaterOrEqual", lambda a, b: a >= b, counts, integers([2, 2, 2])),
    case("equalScalar", lambda a: a == 2, counts),
    case("notEqualScalar", lambda a: a != 2, counts),
    case("lessScalar", lambda a: a < 0.5, x),
    case("lessOrEqualScalar", lambda a: a <= 2, counts),
    case("greaterScalar", lambda a: a > 0.5, x),
    case("greaterOrEqualScalar", lambda a: a >= 2, counts),
    case("and", lambda a, b: a & b, mask, torch.tensor([True, True, False])),
    case("or", lambda a, b: a | b, mask, torch.tensor([True, True, False])),
    case("not", lambda a: ~a, mask),
    # Element by element.
    case("exp", torch.exp, x),
    case("expm1", torch.expm1, x),
    case("log", torch.log, positive),
    case("log1p", torch.log1p, inside),
    case("sqrt", torch.sqrt, positive),
    case("rsqrt", torch.rsqrt, positive),
    case("reciprocal", torch.reciprocal, positive),
    case("square", torch.square, x),
    case("abs", torch.abs, x),
    case("sign", torch.sign, x),
    case("floor", torch.floor, x),
    case("rounded", torch.round, x),
    case("sin", torch.sin, x),
    case("cos", torch.cos, x),
    case("sinh", torch.sinh, x),
    case("cosh", torch.cosh, x),
    case("tanh", torch.tanh, x),
    case("asinh", torch.asinh, x),
    case("atanh", torch.atanh, inside),
    case("sigmoid", torch.sigmoid, x),
    case("logSigmoid", F.logsigmoid, x),
    case("softplus", F.softplus, x),
    case("relu", torch.relu, x),
    case("gelu", F.gelu, x),
    case("silu", F.silu, x),
    case("powScalar", lambda a: a.pow(1.7), positive),
    case("powTensor", lambda a, b: a.pow(b), positive, row),
    case("remainder", lambda a: a.remainder(0.75), x),
    case("atan2", torch.atan2, x, y),
    case("clamp", lambda a: a.clamp(-0.5, 1.0), x),
    case("clampMin", lambda a: a.clamp(min=0.25), x),
    case("clampMax", lambda a: a.clamp(max=0.25), x),
    case("where", torch.where, mask, x, row),
    case("maximum", torch.maximum, x, row),
    case("minimum", torch.minimum, x, row),
    case("maskedFill", lambda a, m: a.masked_fill(m, -7.0), x, mask),
    # Reductions.
    case("sum", lambda a: a.sum(), x),
    case("sumIntegers", lambda a: a.sum(), counts),
    case("sumMask", lambda a: a.sum(), mask),
    case("mean", lambda a: a.mean(), x),
    case("max", lambda a: a.max(), x),
    case("min", lambda a: a.min(), x),
    case("any", lambda a: a.any(), mask),
    case("all", lambda a: a.all(), mask),
    case("logSumExp", lambda a: a.logsumexp((0, 1)), x),
    case("norm", lambda a: torch.linalg.vector_norm(a), x),
    case("variance", lambda a: a.var(), x),
    case("sumOver", lambda a: a.sum((0, 2)), square),
    case("sumOverKept", lambda a: a.sum((0, 2), keepdim=True), square),
    case("meanOver", lambda a: a.mean((-1,)), square),
    case("maxOver", lambda a: a.amax((1, 2)), square),
    case("minOver", lambda a: a.amin((1, 2)), square),
    case("anyOver", lambda a: a.any(0), mask),
    case("allOver", lambda a: a.all(0), mask),
    case("logSumExpOver", lambda a: a.logsumexp((1,)), square),
    case("normOver", lambda a: torch.linalg.vector_norm(a, dim=(2,)), square),
    case("varianceOver", lambda a: a.var((2,), correction=0), square),
    case("maxAlong", lambda a: a.max(1), square),
    case("minAlong", lambda a: a.min(1, keepdim=True), square),
    case("argmax", lambda a: a.argmax(1), x),
    case("argmin", lambda a: a.argmin(1), x),
    case("cumsum", lambda a: a.cumsum(1), x),
    case("argsort", lambda a: a.argsort(dim=1, descending=True, stable=True), x),
    # Shape.
    case("reshaped", lambda a: a.reshape(4, -1), square),
    case("transposed", lambda a: a.transpose(0, 2), square),
    case("permuted", lambda a: a.permute(2, 0, 1), square),
    case("unsqueezed", lambda a: a.unsqueeze(-1), x),
    case("squeezed", lambda a: a.squeeze(1), real(2, 1, 3)),
    case("narrowed", lambda a: a.narrow(2, 1, 2), square),
    case("selected", lambda a: a.select(1, -1), square),
    case("expanded", lambda a: a.expand(2, 3, -1), real(3, 1)),
    case("split", lambda a: a.split([1, 3], 2), square),
    case("flattened", lambda a: a.flatten(1), square),
    case("flipped", lambda a: a.flip((0, 2)), square),
    case("concatenate", lambda a, b: torch.cat([a, b], 1), x, real(2, 2)),
    case("stack", lambda a, b: torch.stack([a, b], 1), x, y),
    case("contiguous", lambda a: a.transpose(0, 1).contiguous(), x),
    case("cloned", lambda a: a.clone(), x),
    case("toFloat64", lambda a: a.to(torch.float64), x),
    case("toInt32", lambda a: a.to(torch.int32), x),
    # Indexing.
    case("indexSelected", lambda a, i: a.index_select(1, i), square, integers([2, 0, 2])),
    case("gathered", lambda a, i: a.gather(1, i), x, integers([[2, 0], [1, 1]])),
    case("indexAdd", lambda a, i, s: a.index_add(0, i, s), x, integers([1, 1, 0]), real(3, 3)),
    case("scatterAdd", lambda a, i, s: a.scatter_add(1, i, s), x, integers([[2, 0], [1, 1]]), real(2, 2)),
    case("maskedSelected", lambda a, m: a.masked_select(m), x, mask),
    case("nonzeroIndices", lambda m: m.nonzero(), mask),
    case("repeatInterleaved", lambda a, r: a.repeat_interleave(r, 0), x, integers([2, 1])),
    # Linear algebra and layers.
    case("matmul", torch.matmul, square, real(4, 2)),
    case("bmm", torch.bmm, square, real(2, 4, 2)),
    case("linear", F.linear, square, real(2, 4), real(2)),
    case("linearWithoutBias", F.linear, square, real(2, 4)),
    case("softmax", lambda a: a.softmax(1), square),
    case("logSoftmax", lambda a: a.log_softmax(-1), square),
    case("layerNorm", lambda a, w, b: F.layer_norm(a, (4,), w, b), square, real(4), real(4)),
    case("layerNormPlain", lambda a: F.layer_norm(a, (4,), eps=1e-3), square),
    case("embedding", lambda w, i: F.embedding(i, w), real(5, 3), integers([[0, 4], [4, 2]])),
    case("attention", F.scaled_dot_product_attention, *attention),
    case("attentionMasked", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), *attention, attention_mask),
    case("attentionBiased", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m, scale=0.3), *attention, attention_bias),
    # Losses.
    case("crossEntropy", F.cross_entropy, logits, classes),
    case("crossEntropyNone", lambda a, t: F.cross_entropy(a, t, reduction="none"), logits, integers([2, -100, 1, 1])),
    case(
        "crossEntropyWeighted", lambda a, t, w: F.cross_entropy(a, t, w, label_smoothing=0.1),
        logits, classes, torch.tensor([0.5, 1.0, 2.0]), constants=(2,),
    ),
    case("binaryCrossEntropy", F.binary_cross_entropy_with_logits, x, binary_targets, constants=(1,)),
    case(
        "binaryCrossEntropyWeighted",
        lambda a, t, w, p: F.binary_cross_entropy_with_logits(a, t, w, pos_weight=p, reduction="sum"),
        x, binary_targets, positive, torch.tensor([3.0]), constants=(1, 2, 3),
    ),
    case("meanSquaredError", F.mse_loss, x, y),
    case("meanSquaredErrorSum", lambda a, b: F.mse_loss(a, b, reduction="sum"), x, y),
    case("smoothL1", lambda a, b: F.smooth_l1_loss(a, b, beta=0.5, reduction="none"), x, y),
]


def clipping():
    """Clips the gradients of two tensors together."""
    values = [real(2, 3), real(4)]
    gradients = [real(2, 3), real(4)]
    parameters = [torch.nn.Parameter(value.clone()) for value in values]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, 1.25)
    return {
        "values": [stored(value) for value in values],
        "gradients": [stored(gradient) for gradient in gradients],
        "maximum": 1.25,
        "norm": norm.item(),
        "clipped": [stored(parameter.grad) for parameter in parameters],
    }


def training(fused):
    """Ten steps of AdamW in two groups on a small network with a fixed batch."""
    torch.manual_seed(1)
    weights = [real(5, 3), real(5), real(2, 5), real(2)]
    inputs, targets = real(8, 3), integers([0, 1, 1, 0, 1, 0, 0, 1])
    parameters = [torch.nn.Parameter(weight.clone()) for weight in weights]
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameters[0], parameters[2]], "weight_decay": 0.1},
            {"params": [parameters[1], parameters[3]], "weight_decay": 0.0, "lr": 0.025},
        ],
        lr=0.05, betas=(0.9, 0.98), eps=1e-7, fused=fused,
    )
    losses, first = [], None
    for _ in range(10):
        optimizer.zero_grad()
        hidden = F.gelu(F.linear(inputs, parameters[0], parameters[1]))
        loss = F.cross_entropy(F.linear(hidden, parameters[2], parameters[3]), targets)
        loss.backward()
        if first is None:
            first = [stored(parameter.grad) for parameter in parameters]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
    return {
        "initial": [stored(weight) for weight in weights],
        "inputs": stored(inputs),
        "targets": stored(targets),
        "gradients": first,
        "losses": losses,
        "final": [stored(parameter) for parameter in parameters],
    }


folder = os.path.dirname(os.path.abspath(__file__))
document = {
    "pytorch": torch.__version__,
    "cases": cases,
    "clipping": clipping(),
    "training": training(fused=True),
}
with open(os.path.join(folder, "pytorch.json"), "w") as file:
    json.dump(document, file, allow_nan=False, separators=(",", ":"))
    file.write("\n")
print(len(cases), "cases")
