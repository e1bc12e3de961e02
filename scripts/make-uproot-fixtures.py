# SPDX-License-Identifier: Apache-2.0
"""Makes files of the ROOTIO tests as uproot writes them: an RNTuple with locators for very long
pages, and a tree with several lists that have one counter.

    .venv-uproot/bin/python scripts/make-uproot-fixtures.py Tests/ROOTIOTests/Fixtures

The environment is that of `root-reference.py`. ROOT uses such locators from 2 GiB on; here every
page and envelope has one.
"""

import pathlib
import struct
import sys

import awkward
import numpy
import uproot
import uproot.writing._cascadentuple as cascade


def serialize(locator):
    # Type 1, and 20 bytes of locator, as the absolute value of a negative number.
    return struct.pack("<iQQ", -(1 << 24 | 20), locator.num_bytes, locator.offset)


cascade.NTuple_Locator.serialize = serialize

path = pathlib.Path(sys.argv[1]) / "rntuple-large-locators.root"
with uproot.recreate(path) as file:
    events = awkward.Array({
        "run": numpy.arange(20, dtype="u4"),
        "weight": numpy.arange(20) / 7,
        "pass": numpy.arange(20) % 3 == 0,
        "pt": awkward.Array([[i + k / 4 for k in range(i % 4)] for i in range(20)]),
        "name": awkward.Array([f"entry {i}" * (i % 3) for i in range(20)]),
    })
    ntuple = file.mkrntuple("Events", events[:12])
    ntuple.extend(events[12:])

path = pathlib.Path(sys.argv[1]) / "counted.root"
with uproot.recreate(path, compression=None) as file:
    muons = awkward.zip({
        "pt": awkward.Array([[i + k / 4 for k in range(i % 4)] for i in range(20)]),
        "charge": awkward.Array([[(-1) ** (i + k) for k in range(i % 4)] for i in range(20)]),
        "iso": awkward.Array([[k / (i + 1) for k in range(i % 4)] for i in range(20)]),
    })
    muons["charge"] = awkward.values_astype(muons["charge"], "int8")
    muons["iso"] = awkward.values_astype(muons["iso"], "float32")
    file.mktree("Events", {"Muon": muons.type.content})
    for first in (0, 8, 15):
        file["Events"].extend({"Muon": muons[first:{0: 8, 8: 15, 15: 20}[first]]})
