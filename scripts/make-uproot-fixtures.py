# SPDX-License-Identifier: Apache-2.0
"""Makes files of the ROOTIO tests as uproot writes them: an RNTuple with locators for very long
pages, a tree with several lists that have one counter, and trees in folders that belong together.

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

# As CMS's POET writes ntuples of Open Data: one tree for each kind of object.
path = pathlib.Path(sys.argv[1]) / "friends.root"
with uproot.recreate(path, compression=None) as file:
    for kind, shift in (("electron", 0), ("muon", 1)):
        lists = awkward.Array([[10.0 * i + k for k in range((i + shift) % 3)] for i in range(12)])
        file.mktree(f"my{kind}s/Events", {f"{kind}_pt": lists.type.content, "run": "uint32"})
        file[f"my{kind}s/Events"].extend(
            {f"{kind}_pt": lists, "run": numpy.arange(12, dtype="u4") + 100 * shift})

# The same with whole momenta, missing momentum and what there is once in an event.
path = pathlib.Path(sys.argv[1]) / "poet.root"
with uproot.recreate(path, compression=None) as file:
    for kind in ("electron", "jet"):
        counts = [i % 3 for i in range(6)]
        def lists(start, step):
            return awkward.values_astype(
                awkward.Array([[start + step * k for k in range(n)] for n in counts]), "float32")
        columns = {
            f"{kind}_pt": lists(40, -10), f"{kind}_eta": lists(1, 0.5), f"{kind}_phi": lists(2, -1),
            f"{kind}_e": lists(100, 1), f"{kind}_ch": lists(-1, 2)}
        file.mktree(f"my{kind}s/Events", {name: list.type.content for name, list in columns.items()})
        file[f"my{kind}s/Events"].extend(columns)
    for tree, names in {"mymets": ["met_pt", "met_phi"], "mypvertex": ["PV_npvs"]}.items():
        file.mktree(f"{tree}/Events", {name: "int32" for name in names})
        file[f"{tree}/Events"].extend({name: numpy.arange(6, dtype="i4") for name in names})
    # Of other entries: it does not belong to the events.
    file.mktree("info/Runs", {"run": "uint32"})
    file["info/Runs"].extend({"run": numpy.arange(2, dtype="u4")})
