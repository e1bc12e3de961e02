#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the files that `make bench-root` reads: made-up collisions in the form of NanoAOD.

Each file has a tree `Events` of 25 branches: six numbers for each event, and muons, electrons and
jets as lists. As in NanoAOD, real numbers keep 10 bits of their mantissa, so that they compress as
there. One file for each compression, with the same events.
"""

import argparse
import pathlib

import awkward as ak
import numpy as np
import uproot

# Levels as CMS and ROOT use them.
COMPRESSIONS = {
    "none": None,
    "lz4": uproot.LZ4(4),
    "zstd": uproot.ZSTD(5),
    "zlib": uproot.ZLIB(6),
    "lzma": uproot.LZMA(9),
}

EVENTS_PER_BASKET = 10_000

LISTS = {
    "Muon": (1.2, ("pt", "eta", "phi", "mass", "charge", "pfRelIso04_all")),
    "Electron": (0.8, ("pt", "eta", "phi", "mass", "charge")),
    "Jet": (4.5, ("pt", "eta", "phi", "mass", "btagDeepFlavB")),
}


def rounded(values):
    """Rounds to 10 bits of mantissa."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(1 << 12)) & np.uint32(0xFFFFE000)).view(np.float32)


def feature(generator, name, count):
    if name == "pt":
        return rounded(15 + generator.exponential(30, count))
    if name == "eta":
        return rounded(generator.normal(0, 1.3, count))
    if name == "phi":
        return rounded(generator.uniform(-np.pi, np.pi, count))
    if name == "charge":
        return (2 * generator.integers(0, 2, count) - 1).astype(np.int32)
    return rounded(generator.exponential(0.2, count))


def events(generator, first, count):
    """Returns the columns of some events."""
    columns = {
        "run": np.full(count, 194_533, np.uint32),
        "luminosityBlock": ((first + np.arange(count)) // 500).astype(np.uint32),
        "event": (first + np.arange(count)).astype(np.uint64) * 37,
        "PV_npvs": generator.poisson(20, count).astype(np.int32),
        "MET_pt": rounded(generator.exponential(30, count)),
        "MET_phi": rounded(generator.uniform(-np.pi, np.pi, count)),
    }
    for kind, (mean, names) in LISTS.items():
        counts = generator.poisson(mean, count)
        columns[kind] = ak.zip(
            {name: ak.unflatten(feature(generator, name, counts.sum()), counts) for name in names})
    return columns


def write(path, compression, count):
    generator = np.random.default_rng(1)
    part = path.with_suffix(".part")
    with uproot.recreate(part, compression=compression) as file:
        for first in range(0, count, EVENTS_PER_BASKET):
            columns = events(generator, first, min(EVENTS_PER_BASKET, count - first))
            if first == 0:
                file.mktree(
                    "Events", {name: ak.type(values) if name in LISTS else values.dtype
                               for name, values in columns.items()})
            file["Events"].extend(columns)
    part.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--events", type=int, default=200_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, compression in COMPRESSIONS.items():
        path = given.folder / f"nano-{name}-{given.events}.root"
        if not path.exists():
            write(path, compression, given.events)


if __name__ == "__main__":
    main()
