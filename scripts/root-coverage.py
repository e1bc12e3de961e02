#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts which branches of ROOT files Lorentz reads, and prints the table of Documentation/ROOT.md.

    scripts/root-coverage.py ../shared/data > table.md

Whether the values are right is another question, which `swift test --filter ReferenceTests` and
`RNTupleTests` answer: they compare every readable branch of the same files with uproot.
"""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / ".build/release/lorentz"


def trees(path):
    done = subprocess.run([PROGRAM, "inspect", path, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["trees"]


def kind(reason):
    """The reason without what differs from branch to branch."""
    reason = reason.removeprefix("unsupported: ").rstrip(".")
    if "split into the branches below it" in reason:
        return "an object whose members are branches of their own, which are read"
    return re.sub(r" \(.*", "", reason)


def main():
    folder = Path(sys.argv[1])
    counts = defaultdict(Counter)
    reasons = Counter()
    for path in sorted(folder.rglob("*.root")):
        place = path.parent.relative_to(folder).as_posix()
        counts[place]["files"] += 1
        for tree in trees(path):
            counts[place]["trees"] += 1
            for branch in tree["branches"]:
                counts[place]["read" if branch["readable"] else "refused"] += 1
                if not branch["readable"]:
                    reasons[kind(branch["reason"])] += 1
    columns = ("files", "trees", "read", "refused")
    print("| folder | files | trees and RNTuples | branches read | refused by name |")
    print("|---|---:|---:|---:|---:|")
    for place, count in sorted(counts.items()):
        print(f"| {place} | " + " | ".join(f"{count[column]:,}" for column in columns) + " |")
    total = sum(counts.values(), Counter())
    print("| all | " + " | ".join(f"{total[column]:,}" for column in columns) + " |")
    print("\n| refused because | branches |\n|---|---:|")
    for reason, count in reasons.most_common():
        print(f"| {reason} | {count} |")


main()
