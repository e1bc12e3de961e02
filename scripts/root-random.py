#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes random ROOT files with ROOT, and compares what Lorentz reads with what was written.

    swift build -c release --product lorentz-bench
    scripts/root-random.py SEED COUNT FOLDER [--program .build/release/lorentz-bench] [--keep]

The environment is that of `make bench-root` with ROOT, and a C++ compiler. A seed stands for a set
of C++ classes and containers, which are compiled with their dictionaries once, and for the files:
trees of split and whole objects, of lists of leaves and counted arrays, in folders and cycles,
merged, copied, with branches that came late, and RNTuples, in all compressions and with odd sizes
of baskets, clusters and pages.

What differs, is missing or is refused is printed, a line for each column: file, tree, column, what
is expected and what is found. Files without such a line are removed unless they are to be kept.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "root-random"))

from classes import Types  # noqa: E402

LIBRARIES = ["Core", "RIO", "Tree", "TreePlayer", "ROOTNTuple", "MathCore", "Physics", "Hist", "GenVector", "Net",
             "Thread", "ROOTVecOps"]


def root_folder():
    """Where ROOT is, for its wheel and for an installation alike."""
    found = subprocess.run(
        [sys.executable, "-c", "import ROOT; print(ROOT.gROOT.GetIncludeDir().Data())"],
        capture_output=True, text=True, check=True)
    return Path(found.stdout.split()[-1]).parent


def compiled(seed, folder):
    """Returns the program that writes the files of a seed, and its environment."""
    place = folder / f"seed-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    root = root_folder()
    environment = dict(os.environ, ROOTSYS=str(root), LD_LIBRARY_PATH=f"{root}/lib:{place}")
    if not (place / "dictionary.cxx").exists():
        types = Types(random.Random(f"types {seed}"))
        for name, text in (("types.h", types.header()), ("typevalues.h", types.values()),
                           ("linkdef.h", types.linkdef()), ("makers.cxx", types.makers())):
            (place / name).write_text(text)
        subprocess.run([root / "bin/rootcling", "-f", "dictionary.cxx", "-s", "files", "types.h", "linkdef.h"],
                       cwd=place, env=environment, check=True)
    flags = ["-pthread", "-std=c++17", "-O0", "-w", f"-I{root}/include", f"-I{HERE}/root-random", "-I."]
    headers = max(path.stat().st_mtime for path in (HERE / "root-random").glob("*.h"))
    objects = []
    for source in (HERE / "root-random/files.cxx", place / "makers.cxx", place / "dictionary.cxx"):
        target = place / f"{source.stem}.o"
        objects.append(target)
        if not target.exists() or target.stat().st_mtime < max(headers, source.stat().st_mtime):
            subprocess.run(["g++", *flags, "-c", source, "-o", target], cwd=place, check=True)
    subprocess.run(["g++", *objects, "-o", "files", "-rdynamic", f"-L{root}/lib", f"-Wl,-rpath,{root}/lib",
                    *(f"-l{name}" for name in LIBRARIES)], cwd=place, check=True)
    return place / "files", environment


def written(seed, count, folder):
    """Writes the files and yields what they hold; a file that ROOT itself fails on is left out."""
    program, environment = compiled(seed, folder)
    index = 0
    while index < count:
        done = subprocess.run([program, str(seed), str(index), str(count - index), folder], capture_output=True,
                              text=True, env=environment, cwd=program.parent)
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                index += 1
                yield json.loads(line)
        if done.returncode != 0:
            print(f"ROOT fails on file {index} of seed {seed}: {done.stderr[-200:]!r}", file=sys.stderr)
            index += 1


def found_in(program, path):
    """What Lorentz reads; a string if the program ends by itself."""
    done = subprocess.run([program, "digest", path], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return f"the program ended with {done.returncode}: {done.stderr[-500:]}"
    return json.loads(done.stdout)


def plain_name(name):
    """The members that lead to a column, without folders of branches, dimensions and base classes."""
    top, last = name.split("/")[0], name.split("/")[-1]
    top, last = (re.sub(r"\[[^]]*\]", "", part) for part in (top, last))
    full = last if last == top or last.startswith((top if top.endswith(".") else top + ".")) else f"{top}.{last}"
    full = full.replace("..", ".").rstrip(".")
    full = re.sub(r"\.Class\d+\b", "", full)
    return re.sub(r"\._0\b", ".first", re.sub(r"\._1\b", ".second", full))


def differences(expected, found):
    """Yields tree, column, what is expected and what is found."""
    if isinstance(found, str) or found.get("error"):
        yield "", "", "a file that can be read", found if isinstance(found, str) else found["error"]
        return
    trees = {tree["name"]: tree for tree in found["trees"]}
    for name, tree in expected["trees"].items():
        if name not in trees:
            yield name, "", "a tree", "none"
            continue
        if trees[name].get("error") or trees[name]["entries"] != tree["entries"]:
            yield name, "", f"{tree['entries']} entries", trees[name].get("error") or f"{trees[name]['entries']}"
            continue
        if trees[name]["wrongTogether"]:
            yield name, "", "equal columns when all are read at once", str(trees[name]["wrongTogether"])
        branches = {}
        for branch in trees[name]["branches"]:
            branches.setdefault(branch["name"], branch)
        for branch in trees[name]["branches"]:
            branches.setdefault(plain_name(branch["name"]), branch)
            if branch["wrongRanges"]:
                yield name, branch["name"], "equal ranges", str(branch["wrongRanges"])
        for column, wanted in tree["columns"].items():
            branch = branches.get(column) or branches.get(plain_name(column))
            if branch is None:
                parents = [one for one in trees[name]["branches"]
                           if one.get("error") and column.startswith(plain_name(one["name"]).rstrip("."))]
                errors = [one["error"] for one in parents if "split into" not in one["error"]]
                yield name, column, wanted["type"], "refused: " + errors[0] if errors else "no such column"
            elif branch.get("error"):
                yield name, column, wanted["type"], f"{branch['typeName']}: {branch['error']}"
            else:
                keys = ("type", "values", "digest", "counts", "entries")
                if "bitset" in branch["typeName"]:
                    # A list of bits where an array is expected.
                    keys = ("type", "values", "digest", "entries")
                if any(branch[key] != wanted[key] for key in keys):
                    yield (name, f"{column} ({branch['typeName']})", " ".join(str(wanted[key]) for key in keys),
                           " ".join(str(branch[key]) for key in keys))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--program", type=Path, default=HERE.parent / ".build/release/lorentz-bench")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    counts = Counter()
    for expected in written(arguments.seed, arguments.count, folder):
        if "failed" in expected["notes"]:
            # ROOT could not merge or copy it.
            Path(expected["file"]).unlink(missing_ok=True)
            continue
        counts["files"] += 1
        counts["columns"] += sum(len(tree["columns"]) for tree in expected["trees"].values())
        lines = list(differences(expected, found_in(arguments.program, expected["file"])))
        for line in lines:
            counts["differences"] += 1
            print("\t".join([Path(expected["file"]).name, *line]), flush=True)
        if not lines and not arguments.keep:
            Path(expected["file"]).unlink()
    print(f"{counts['files']} files, {counts['columns']} columns, {counts['differences']} differences")
    sys.exit(1 if counts["differences"] else 0)


main()
