# SPDX-License-Identifier: Apache-2.0
"""Scores a ROOT file as users of uproot and awkward do, and writes the scores as CSV.

pytorch        nn.TransformerEncoder over 20 objects with a padding mask
onnx-grouped   ONNX Runtime without padding: events of a multiplicity together, its threads divide
               each product
onnx-parallel  the same, with as many batches side by side as there are threads: its fastest form

Some baskets are read at a time, decompressed on all threads; objects that pass the cuts of
`score-file.yaml` become rows of inputs, and those find their places in the padded array by their
positions, which is faster than pad_none and fill_none for every column.
"""

import argparse
import json
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

import awkward as ak
import numpy as np
import uproot

FORMS = ["pytorch", "onnx-grouped", "onnx-parallel"]
OBJECTS = 20
ENTRIES = 20_000
# Prefix, smallest pt, largest |eta|, features.
KINDS = [
    ("Electron", 15, 2.5, ["charge", "pfRelIso03_all"]),
    ("Muon", 15, 2.5, ["charge", "pfRelIso03_all"]),
    ("Photon", 15, 2.5, []),
    ("Jet", 25, None, ["btagDeepFlavB"]),
    ("MET", None, None, []),
]
FEATURES = sum(len(features) for *_, features in KINDS)
# The momentum, the kind, value and mark of absence of each feature, and, as in the model that was
# pre-trained, whether the object is hidden.
WIDTH = 5 + len(KINDS) + 2 * FEATURES + 1


def columns():
    for kind, _, _, features in KINDS:
        momentum = ["pt", "phi"] if kind == "MET" else ["pt", "eta", "phi", "mass"]
        yield from (f"{kind}_{name}" for name in momentum + features)


def rows(part, number):
    """Returns the inputs of the objects of a kind, and how many of them each event has."""
    kind, smallest_pt, largest_eta, features = KINDS[number]
    if kind == "MET":
        pt, phi = part["MET_pt"].to_numpy(), part["MET_phi"].to_numpy()
        eta, mass, values = 0, 0, []
        counts = np.ones(len(pt), np.int64)
    else:
        passed = part[f"{kind}_pt"] > smallest_pt
        if largest_eta:
            passed = passed & (abs(part[f"{kind}_eta"]) < largest_eta)
        counts = ak.to_numpy(ak.sum(passed, axis=1))
        kept = ak.to_numpy(ak.flatten(passed))

        def flat(name):
            return ak.to_numpy(ak.flatten(part[f"{kind}_{name}"]))[kept]

        pt, eta, phi, mass = map(flat, ["pt", "eta", "phi", "mass"])
        values = [flat(name) for name in features]
    result = np.zeros((len(pt), WIDTH), np.float32)
    result[:, 0] = np.log(np.maximum(pt, 1e-3)) - 3.8
    result[:, 1] = eta
    result[:, 2] = np.sin(phi)
    result[:, 3] = np.cos(phi)
    result[:, 4] = np.log1p(mass)
    result[:, 5 + number] = 1
    column = 5 + len(KINDS) + 2 * sum(len(others) for *_, others in KINDS[:number])
    for value in values:
        missing = np.isnan(value)
        result[:, column] = np.where(missing, 0, np.arcsinh(value))
        result[:, column + 1] = missing
        column += 2
    return result, counts


def padded(part):
    """Returns inputs [E, 20, W] and the number of objects of each event."""
    inputs = np.zeros((len(part), OBJECTS, WIDTH), np.float32)
    filled = np.zeros(len(part), np.int64)
    for number in range(len(KINDS)):
        values, counts = rows(part, number)
        event = np.repeat(np.arange(len(part)), counts)
        place = np.arange(len(values)) + np.repeat(filled - np.cumsum(counts) + counts, counts)
        fits = place < OBJECTS
        inputs[event[fits], place[fits]] = values[fits]
        filled += counts
    return inputs, np.minimum(filled, OBJECTS)


def pytorch(given):
    """Returns a function from inputs and counts to probabilities."""
    import torch
    from torch_encoder import Model

    torch.set_num_threads(given.threads)
    model = Model("padded", WIDTH - 1, given.width, given.layers, given.heads, 1).eval()

    def scores(inputs, counts):
        valid = np.arange(OBJECTS) < counts[:, None]
        with torch.inference_mode():
            # The model adds the column of hidden objects itself.
            return model.scores(torch.from_numpy(inputs[..., :-1]), torch.from_numpy(valid)).numpy()

    return scores


def onnx(given):
    """Returns the same by ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if given.form == "onnx-parallel" else given.threads
    session = onnxruntime.InferenceSession(given.model, options)
    taken = {value.name for value in session.get_inputs()}

    def scores(inputs, counts):
        valid = (np.arange(inputs.shape[1]) < counts[:, None]).astype(np.float32)
        fed = {"inputs": inputs, "valid": valid}
        return session.run(None, {name: fed[name] for name in taken})[0]

    return scores


def batches(counts, size, is_grouped):
    """Returns the events of each batch and the number of objects that they are cut to."""
    if not is_grouped:
        for first in range(0, len(counts), size):
            yield slice(first, first + size), OBJECTS
        return
    for count in np.unique(counts):
        events = np.flatnonzero(counts == count)
        for first in range(0, len(events), size):
            yield events[first : first + size], count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("output")
    parser.add_argument("--form", choices=FORMS, required=True)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", help="the ONNX file; a missing one is made, and no more")
    given = parser.parse_args()
    if given.form != "pytorch" and not pathlib.Path(given.model).exists():
        from onnx_model import export

        given.kind = "grouped"
        return export(given.model, WIDTH - 1, given)
    scores = pytorch(given) if given.form == "pytorch" else onnx(given)
    executor = uproot.ThreadPoolExecutor(given.threads)
    apply = ThreadPoolExecutor(given.threads).map if given.form == "onnx-parallel" else map

    start = time.perf_counter()
    done = 0
    with uproot.open(given.file, decompression_executor=executor) as file, open(
        given.output, "w"
    ) as output:
        output.write("entry,score_background,score_signal\n")
        for part in file["Events"].iterate(list(columns()), step_size=ENTRIES):
            inputs, counts = padded(part)
            result = np.empty((len(part), 2), np.float32)

            def score(batch):
                events, objects = batch
                result[events] = scores(inputs[events, :objects], counts[events])

            for _ in apply(score, batches(counts, given.batch, given.form != "pytorch")):
                pass
            entries = range(done, done + len(part))
            lines = zip(entries, result[:, 0].tolist(), result[:, 1].tolist())
            output.writelines(map("%d,%.7g,%.7g\n".__mod__, lines))
            done += len(part)
    print(json.dumps({"events": done, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
