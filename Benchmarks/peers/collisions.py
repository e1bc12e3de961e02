# SPDX-License-Identifier: Apache-2.0
"""Writes a ROOT file of made-up collisions, with the columns of NanoAOD.

Those that pass the cuts of `score-file.yaml` have 8.3 objects per event on average, and 20 at
most. Baskets hold 10,000 events, compressed as uproot does by default: zlib, level 1.
"""

import argparse

import awkward as ak
import numpy as np
import uproot

BASKET = 10_000
MOST_JETS = 18


def jagged(counts, values):
    return ak.unflatten(values.astype(np.float32), counts)


def collection(random, counts, threshold, mass):
    """Objects of falling pt, some of them below the threshold of the configuration."""
    total = int(counts.sum())
    pt = threshold - 5 + random.exponential(40, total)
    # Falling within an event: sorted by event first and pt second.
    event = np.repeat(np.arange(len(counts)), counts)
    pt = pt[np.lexsort((-pt, event))]
    columns = {
        "pt": pt,
        "eta": np.clip(1.2 * random.normal(size=total), -4.7, 4.7),
        "phi": random.uniform(-np.pi, np.pi, total),
        "mass": mass(random, total),
    }
    return {name: jagged(counts, values) for name, values in columns.items()}


def charges(random, counts):
    return ak.unflatten(random.choice(np.array([-1, 1], np.int32), int(counts.sum())), counts)


def unit(random, counts):
    return jagged(counts, random.random(int(counts.sum())))


def events(random, first, count):
    """Returns the columns of some events: missing momentum, a lepton, photons and jets."""
    is_muon = random.random(count) < 0.5
    muons = is_muon.astype(np.int64)
    jets = np.minimum(random.poisson(7.35, count), MOST_JETS)
    photons = random.binomial(jets, 0.1)
    jets = jets - photons
    result = {
        "run": np.full(count, 1, np.uint32),
        "luminosityBlock": (1 + np.arange(first, first + count) // 1000).astype(np.uint32),
        "event": np.arange(first, first + count, dtype=np.uint64),
        "MET_pt": random.exponential(40, count).astype(np.float32),
        "MET_phi": random.uniform(-np.pi, np.pi, count).astype(np.float32),
        "PV_npvs": np.maximum(1, random.normal(20, 5, count)).astype(np.int32),
    }
    light = {"Electron": 0.000511, "Muon": 0.10566, "Photon": 0.0}
    for name, counts in (("Electron", 1 - muons), ("Muon", muons), ("Photon", photons)):
        parts = collection(
            random, counts, 15, lambda random, total: np.full(total, light[name], np.float32)
        )
        if name != "Photon":
            parts |= {"charge": charges(random, counts), "pfRelIso03_all": unit(random, counts)}
        result[name] = ak.zip(parts)
    parts = collection(random, jets, 25, lambda random, total: random.uniform(5, 10, total))
    result["Jet"] = ak.zip(parts | {"btagDeepFlavB": unit(random, jets)})
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--count", type=int, default=100_000)
    given = parser.parse_args()
    random = np.random.default_rng(1)
    with uproot.recreate(given.file) as file:
        for first in range(0, given.count, BASKET):
            part = events(random, first, min(BASKET, given.count - first))
            if first == 0:
                file.mktree("Events", {name: array_type(values) for name, values in part.items()})
            file["Events"].extend(part)


def array_type(values):
    return values.type.content if isinstance(values, ak.Array) else values.dtype


if __name__ == "__main__":
    main()
