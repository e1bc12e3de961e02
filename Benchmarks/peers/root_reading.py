# SPDX-License-Identifier: Apache-2.0
"""Reads a ROOT file by uproot, or by ROOT's RDataFrame, each time that a line on standard input says
for how long, like `lorentz-bench read`.

columns   all columns, as awkward arrays; RDataFrame adds up their values instead
open      the file is opened and the columns named are read
batches   padded inputs of a model, as in `score_file.py`
padding   the same inputs, as awkward's users mostly write it: `awkward_padding.py`
"""

import argparse
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def by_uproot(given):
    import uproot

    executor = ThreadPoolExecutor(given.threads) if given.threads > 1 else None

    def opened():
        # What was read once is not to be kept for the next time.
        return uproot.open(given.file, array_cache=None, object_cache=None)

    if given.task == "open":
        names = given.columns.split(",")

        def work():
            opened()["Events"].arrays(names)
            return 1
    elif given.task == "columns":
        tree = opened()["Events"]

        def work():
            tree.arrays(decompression_executor=executor)
            return tree.num_entries
    else:
        import score_file

        padded = score_file.padded
        if given.task == "padding":
            from awkward_padding import padded
        names = [*score_file.columns()]

        def work():
            # Baskets are read 20,000 events at a time, so that what is padded is in the cache.
            tree = opened()["Events"]
            for part in tree.iterate(
                names, step_size=score_file.ENTRIES, decompression_executor=executor
            ):
                padded(part)
            return tree.num_entries

    return work


def by_root(given):
    import ROOT

    if given.threads > 1:
        ROOT.EnableImplicitMT(given.threads)
    frame = ROOT.RDataFrame("Events", given.file)
    # Compiled once, with the types of the columns, so that no loop waits for a compiler.
    sums = "".join(
        f'auto sum{index} = frame.Sum<{frame.GetColumnType(str(name))}>("{name}"); '
        for index, name in enumerate(frame.GetColumnNames()))
    ROOT.gInterpreter.Declare(
        "ULong64_t readAll(const char* path) { ROOT::RDataFrame frame(\"Events\", path); "
        f"{sums} auto count = frame.Count(); return *count; }}")
    return lambda: ROOT.readAll(given.file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--task", choices=["columns", "open", "batches", "padding"], required=True)
    parser.add_argument("--by", choices=["uproot", "root"], default="uproot")
    parser.add_argument("--columns", default="")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    work = by_uproot(given) if given.by == "uproot" else by_root(given)
    work()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = float(line.split()[1])
        events, start = 0, time.perf_counter()
        while (passed := time.perf_counter() - start) < seconds or events == 0:
            events += work()
        passed = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"events": events, "seconds": passed, "peakBytes": peak}), flush=True)


main()
