#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads ROOT files by Lorentz and by its peers, side by side, and prints the ratios.

All of a comparison are started, and then read in turn, some seconds each, round after round.
Medians over the rounds are compared. Targets stand behind the ratios that have one.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys

from contestant import Contestant
from settings import LORENTZ_BENCH, PEERS, ROOT

# That of the peers.
PYTHON = sys.executable

COMPRESSIONS = ["none", "lz4", "zstd", "zlib", "lzma"]
TEN_COLUMNS = "nMuon,Muon_pt,Muon_eta,Muon_phi,Jet_pt,Jet_eta,Jet_phi,MET_pt,MET_phi,run"
HAS_ROOT = importlib.util.find_spec("ROOT") is not None


def compare(commands, threads, given):
    """Returns the median rates of commands by name."""
    running = []
    for name, command in commands.items():
        contestant = Contestant(name, command, None, threads)
        try:
            contestant.wait_until_ready()
            running.append(contestant)
        except RuntimeError as error:
            print(f"LEFT OUT: {error}", file=sys.stderr)
    try:
        for _ in range(given.rounds):
            for contestant in running:
                contestant.go(given.seconds)
        return {one.name: one.rates() for one in running}
    finally:
        for contestant in running:
            contestant.end()


def median(rates, name):
    return statistics.median(rates[name]) if name in rates else None


def ratio(first, second, wanted=""):
    return f"{first / second:.2f}{wanted}" if first and second else "–"


def columns(folder, given, threads):
    """Prints a line for each compression, and returns its rates."""
    many = "thread" if threads == 1 else "threads"
    print(f"\nall 25 columns of {given.events:,} events, {threads} {many}, million events/s")
    print(f"  {'':6}{'Lorentz':>9}{'bare':>9}{'uproot':>9}{'ROOT':>7}"
          f"   time ÷ bare   rate ÷ uproot")
    results = {}
    for name in given.compressions:
        file = folder / f"nano-{name}-{given.events}.root"
        read = [LORENTZ_BENCH, "read", file, "--threads", threads, "--task"]
        peer = [PYTHON, PEERS / "root_reading.py", file, "--threads", threads, "--task", "columns"]
        bare = "copy" if name == "none" else "decompress"
        commands = {"Lorentz": [*read, "columns"], "bare": [*read, bare], "uproot": peer}
        if HAS_ROOT:
            commands["ROOT"] = [*peer, "--by", "root"]
        rates = compare(commands, threads, given)
        results[name] = rates
        line = f"  {name:6}"
        for contestant, width in (("Lorentz", 9), ("bare", 9), ("uproot", 9), ("ROOT", 7)):
            value = median(rates, contestant)
            line += f"{value / 1e6:>{width}.2f}" if value else f"{'–':>{width}}"
        limit = 1.5 if name == "none" else 1.25
        least = 2.5 if name in ("none", "lz4") else 1
        lorentz = median(rates, "Lorentz")
        line += "   " + ratio(median(rates, "bare"), lorentz, f" (≤ {limit})").ljust(14)
        line += ratio(lorentz, median(rates, "uproot"), f" (≥ {least})")
        print(line, flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compressions", nargs="+", default=COMPRESSIONS)
    parser.add_argument(
        "--nanoaod", type=pathlib.Path, default=ROOT / "../shared/data/cms-nanoaod/nano_dy.root",
        help="a NanoAOD file with many branches, to be opened")
    given = parser.parse_args()
    folder = ROOT / "results/bench-root"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [PYTHON, PEERS / "root_files.py", folder, "--events", str(given.events)], check=True)
    results = {"columns": {}}
    for threads in (1, 2):
        results["columns"][threads] = columns(folder, given, threads)
    print("\ntwo threads ÷ one (≥ 1.8)")
    for name in given.compressions:
        one, two = (median(results["columns"][threads][name], "Lorentz") for threads in (1, 2))
        print(f"  {name:6}{ratio(two, one):>9}")

    file = folder / f"collisions-{given.events // 2}.root"
    if not file.exists():
        partial = file.with_suffix(".partial")
        subprocess.run(
            [PYTHON, PEERS / "collisions.py", partial, "--count", str(given.events // 2)],
            check=True)
        partial.rename(file)
    print("\nfrom a ROOT file to inputs of a model, million events/s: uproot with awkward's padding, and"
          " with padding by hand in numpy")
    results["batches"] = {}
    for threads in (1, 2):
        rates = compare(
            {
                "Lorentz": [
                    LORENTZ_BENCH, "read", file, "--task", "batches", "--threads", threads,
                    "--events", ROOT / "Benchmarks/score-file.yaml",
                ],
                **{
                    name: [
                        PYTHON, PEERS / "root_reading.py", file, "--task", task, "--threads",
                        threads,
                    ] for name, task in (("awkward", "padding"), ("numpy", "batches"))
                },
            }, threads, given)
        results["batches"][threads] = rates
        lorentz, awkward, numpy = (median(rates, name) for name in ("Lorentz", "awkward", "numpy"))
        print(f"  {threads} {'thread ' if threads == 1 else 'threads'}  Lorentz {lorentz / 1e6:.3f}"
              f"  awkward {awkward / 1e6:.3f}  ratio {ratio(lorentz, awkward, ' (≥ 8)')}"
              f"  numpy {numpy / 1e6:.3f}  ratio {ratio(lorentz, numpy)}", flush=True)

    if given.nanoaod.exists():
        many = ["--task", "open", "--columns", TEN_COLUMNS]
        rates = compare(
            {
                "Lorentz": [LORENTZ_BENCH, "read", given.nanoaod, *many],
                "uproot": [PYTHON, PEERS / "root_reading.py", given.nanoaod, *many],
            }, 1, given)
        results["open"] = rates
        lorentz, uproot = median(rates, "Lorentz"), median(rates, "uproot")
        print(f"\nopen {given.nanoaod.name} and read ten columns: Lorentz {1e3 / lorentz:.1f} ms, "
              f"uproot {1e3 / uproot:.1f} ms, ratio {ratio(lorentz, uproot, ' (≥ 10)')}")
    else:
        print(f"\nNot measured: opening a NanoAOD file, as there is no {given.nanoaod}.")
    path = folder / "bench-root.json"
    path.write_text(json.dumps(results, indent=1))
    print(f"\nAll rates: {path.relative_to(ROOT)}")


main()
