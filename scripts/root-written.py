# SPDX-License-Identifier: Apache-2.0
"""Reads the ROOT files that the tests write with uproot and with ROOT, and compares every value.

    mkdir -p results/written
    LORENTZ_WRITTEN=results/written swift test --disable-xctest --filter TreeWriterTests
    python3 -m venv .venv-root && .venv-root/bin/pip install uproot awkward root
    .venv-root/bin/python scripts/root-written.py results/written

The values follow from the entry, as in Tests/ROOTIOTests/WrittenTrees.swift. ROOT may print no warning
and no error while it opens, prints, scans, befriends, appends to and merges the files. Checked with uproot
5.7 and ROOT 6.40.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import uproot

TYPES = {
    "bool": "?", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4",
    "uint32": "u4", "int64": "i8", "uint64": "u8", "float32": "f4", "float64": "f8",
}


def values(element, numbers):
    """The values that follow from some numbers."""
    numbers = np.asarray(numbers, "i8")
    if element == "bool":
        return numbers % 3 == 0
    if element == "float32":
        return np.where(numbers % 11 == 10, np.nan, numbers / 8).astype("f4")
    if element == "float64":
        return numbers / 3
    with np.errstate(over="ignore"):
        words = numbers.astype("u8") * np.uint64(0x1E3779B97F4A7C15)
    return words.astype(TYPES[element])


def expected(count):
    """The columns of a tree: name, counts or None, values."""
    entries = np.arange(count)
    muons, jets = entries % 4, np.where(entries % 50 == 7, 40, 0)

    def jagged(counts):
        return np.concatenate([np.arange(n) + e for e, n in zip(entries, counts)] or [[]])

    for element in TYPES:
        yield f"{element}_flat", None, values(element, entries)
    for element in TYPES:
        yield f"{element}_fixed", None, values(element, entries[:, None] + np.arange(3))
    yield "nMuon", None, muons.astype("i4")
    yield "nJet", None, jets.astype("u4")
    for element in TYPES:
        yield f"Muon_{element}", muons, values(element, jagged(muons))
    yield "Jet_float", jets, values("float32", jagged(jets))


def check_uproot(path):
    with uproot.open(path) as file:
        tree = file["Scores"]
        assert file.keys() == ["Scores;1"] and tree.title == "all types"
        names = []
        for name, counts, numbers in expected(tree.num_entries):
            names.append(name)
            found = tree[name].array()
            if counts is None:
                found = found.to_numpy()
            else:
                assert len(found) == len(counts)
                lengths = [len(entry) for entry in found]
                assert np.array_equal(lengths, counts), name
                found = np.asarray([x for entry in found.to_list() for x in entry], numbers.dtype)
            assert found.dtype == numbers.dtype, (name, found.dtype)
            assert np.array_equal(found, numbers, equal_nan=numbers.dtype.kind == "f"), name
        assert tree.keys() == names
        return tree.num_entries


# Runs in a process of its own, so that all that ROOT prints can be seen.
ROOT_PART = r'''
import sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from written import expected
import ROOT
path, folder = sys.argv[1], sys.argv[3]
file = ROOT.TFile.Open(path)
assert not file.IsZombie() and not file.TestBit(ROOT.TFile.kRecovered)
tree = file.Get("Scores")
count = tree.GetEntries()
tree.Print()
tree.Scan("int32_flat:Muon_float32:float64_fixed", "", "", 3)
assert all(b.GetEntries() == count for b in tree.GetListOfBranches())
ROOT.TFile.Open(path).ReadStreamerInfo()
assert file.GetStreamerInfoList().GetSize() >= 20
columns = list(expected(count))
frame = ROOT.RDataFrame("Scores", path)
if count:
    # Bytes and Booleans become integers, since Python takes them for text, or not at all.
    for name, counts, numbers in columns:
        if numbers.dtype.itemsize == 1:
            is_list = counts is not None or numbers.ndim == 2
            integers = f"ROOT::RVecI({name}.begin(), {name}.end())" if is_list else f"int({name})"
            frame = frame.Redefine(name, integers)
    found = frame.AsNumpy([name for name, _, _ in columns])
    for name, counts, numbers in columns:
        if counts is not None or numbers.ndim == 2:
            flat = [np.asarray(x).reshape(-1) for x in found[name]]
            if counts is not None:
                assert [len(x) for x in flat] == list(counts), name
            flat = np.concatenate(flat)
        else:
            flat = np.asarray(found[name])
        numbers = numbers.reshape(-1)
        assert len(flat) == len(numbers), name
        is_real = numbers.dtype.kind == "f"
        assert np.array_equal(flat.astype(numbers.dtype), numbers, equal_nan=is_real), name

# As a friend of another tree.
main = folder + "/main.root"
out = ROOT.TFile(main, "RECREATE")
events = ROOT.TTree("Events", "")
number = np.zeros(1, "i8")
events.Branch("number", number, "number/L")
for entry in range(count):
    number[0] = entry
    events.Fill()
events.Write()
out.Close()
out = ROOT.TFile.Open(main)
events = out.Get("Events")
assert events.AddFriend("Scores", path)
if count:
    same = "abs(Scores.float64_flat - number / 3.) < 1e-9"
    assert events.GetEntries(same) == count
    befriended = ROOT.RDataFrame(events)
    assert befriended.Filter(same).Count().GetValue() == count
    sums = befriended.Define("n", "Scores.Muon_int16.size()").Sum("n").GetValue()
    assert sums == sum(entry % 4 for entry in range(count))

# As a file to which another object is added.
import shutil
copy = folder + "/copy.root"
shutil.copy(path, copy)
file = ROOT.TFile(copy, "UPDATE")
ROOT.TNamed("note", "more").Write()
file.Close()
file = ROOT.TFile.Open(copy)
assert file.Get("note").GetTitle() == "more" and file.Get("Scores").GetEntries() == count
'''


def check_root(path):
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(f"{here}/root-written.py", f"{folder}/written.py")
        for part in [
            [sys.executable, "-W", "ignore", "-c", ROOT_PART, path, folder, folder],
            [sys.executable, "-W", "ignore", "-c",
             "import ROOT, sys; m = ROOT.TFileMerger(False); m.OutputFile(sys.argv[1]);"
             "[m.AddFile(sys.argv[2]) for _ in range(2)]; assert m.Merge();"
             "files = [ROOT.TFile.Open(path) for path in sys.argv[1:]];"
             "n = [file.Get('Scores').GetEntries() for file in files]; assert n[0] == 2 * n[1]",
             f"{folder}/merged.root", path],
        ]:
            done = subprocess.run(part, capture_output=True, text=True)
            printed = done.stdout + done.stderr
            assert done.returncode == 0, printed
            assert "Error in" not in printed and "Warning in" not in printed, printed


def main():
    folder = sys.argv[1]
    try:
        import ROOT  # noqa: F401
        has_root = True
    except ImportError:
        has_root = False
        print("ROOT is not installed; only uproot reads the files")
    paths = sorted(f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".root"))
    for path in paths:
        count = check_uproot(path)
        if has_root:
            check_root(path)
        print(f"{os.path.basename(path)}: {count} entries are as written")
    assert paths, f"no ROOT files in {folder}"


if __name__ == "__main__":
    main()
