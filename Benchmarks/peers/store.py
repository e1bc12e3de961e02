# SPDX-License-Identifier: Apache-2.0
"""Reads an event store of Lorentz into padded arrays, for the peers of the benchmark."""

import argparse
import json
import pathlib
import struct

import numpy as np

DTYPES = {"I64": np.int64, "F32": np.float32, "I32": np.int32, "U8": np.uint8}
BINS = 32


def read_shard(path):
    """Returns the tensors of a safetensors file by name."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        raw = data[8 + size + first : 8 + size + last]
        tensors[name] = np.frombuffer(raw, DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class Events:
    """The events of a store, padded to a fixed number of objects.

    inputs   float32 [E, N, W]  lnPt, eta, sin and cos of phi, lnMass, kinds, features, missing marks
    valid    bool    [E, N]     whether there is an object
    targets  int64   [E, N, Q]  the bin of lnPt, eta, phi, mass and each feature; -1 where missing
    labels   int64   [E]
    """

    def __init__(self, folder, length=20, most=8192):
        folder = pathlib.Path(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        shard = read_shard(folder / manifest["shards"][0]["file"])
        kinds = manifest["schema"]["objectKinds"]
        counts = np.diff(shard["offsets"])
        chosen = np.flatnonzero(counts <= length)[:most]
        starts = shard["offsets"][chosen]
        counts = counts[chosen]
        place = np.arange(length)
        self.valid = place[None, :] < counts[:, None]
        index = np.minimum(starts[:, None] + place[None, :], len(shard["kind"]) - 1)
        kind = shard["kind"][index]
        momentum = shard["momentum"][index]
        features = shard["features"][index]

        columns = [
            np.log(np.maximum(momentum[..., 0], 1e-3)) - 3.8,
            momentum[..., 1],
            np.sin(momentum[..., 2]),
            np.cos(momentum[..., 2]),
            np.log1p(momentum[..., 3]),
        ]
        columns += [kind == k for k in range(len(kinds))]
        quantities = [momentum[..., i] for i in range(4)]
        for k, description in enumerate(kinds):
            for feature in range(len(description["features"])):
                value = np.where(kind == k, features[..., feature], np.nan)
                columns += [np.arcsinh(value), np.isnan(value)]
                quantities.append(value)
        inputs = np.nan_to_num(np.stack(columns, -1).astype(np.float32))
        self.inputs = inputs * self.valid[..., None]
        targets = np.full((*kind.shape, len(quantities)), -1, np.int64)
        for q, value in enumerate(quantities):
            known = self.valid & ~np.isnan(value)
            edges = np.quantile(value[known], np.arange(1, BINS) / BINS)
            targets[..., q][known] = np.searchsorted(edges, value[known])
        self.targets = targets
        self.labels = shard["label"][chosen].astype(np.int64)
        self.counts = counts
        self.width = inputs.shape[-1]
        self.quantities = targets.shape[-1]


def arguments(kinds, tasks=("score",)):
    """Reads what all peers are told; `kinds` and `tasks` are the choices, the first the default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("--kind", choices=kinds, default=kinds[0])
    parser.add_argument("--task", choices=tasks, default=tasks[0])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def batches(count, size):
    """Returns the positions of batch after batch, without end."""
    position = 0
    while True:
        yield slice(position, position + size)
        position = (position + size) % (count - size)


def serve(step, events_per_step, extra=lambda: {}):
    """Answers lines "go SECONDS" with what was done, as `lorentz-bench work` does."""
    import resource
    import sys
    import time

    for _ in range(3):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = float(line.split()[-1])
        start = time.perf_counter()
        events = 0
        while time.perf_counter() - start < seconds:
            step()
            events += events_per_step
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answer = {"events": events, "seconds": time.perf_counter() - start, "peakBytes": peak}
        print(json.dumps(answer | extra()), flush=True)
