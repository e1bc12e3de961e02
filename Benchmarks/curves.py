# SPDX-License-Identifier: Apache-2.0
"""Pre-training at size M: how it scales, and what a busy core does to it."""

import os
import statistics
import subprocess
import sys

from contestant import Contestant
from settings import LORENTZ_BENCH, PEERS, PYTHON, SIZES, make_store


def scaling(given, folder):
    """Lorentz alone: events per second against objects per event and against stored events."""
    rows = []
    cores = os.cpu_count()
    for objects in (5, 8, 12, 20, 30):
        store = make_store(folder, 20_000, objects)
        rows.append(measure("Lorentz", cores, store, given) | {"objects": objects, "events": 20_000})
    for events in given.scaling:
        store = make_store(folder, events, 8.3)
        rows.append(measure("Lorentz", cores, store, given) | {"objects": 8.3, "events": events})
    print("\npretrain, size M, all threads: how it scales")
    print(f"  {'objects':>8}{'stored events':>15}{'events/s':>10}{'memory':>10}")
    for row in rows:
        print(
            f"  {row['objects']:>8}{row['events']:>15,}{row['eventsPerSecond']:>10,.0f}"
            f"{row['peakBytes'] / 1e6:>7.0f} MB"
        )
    return rows


def busy(given, folder):
    """One thread, all threads, and all threads while another program keeps one core busy."""
    store = make_store(folder, 20_000, 8.3)
    cores = os.cpu_count()
    rows = []
    for name in ("Lorentz", "PyTorch, padded"):
        row = {"name": name, "one": measure(name, 1, store, given)["eventsPerSecond"]}
        row["all"] = measure(name, cores, store, given)["eventsPerSecond"]
        with_core = ["taskset", "-c", str(cores - 1), sys.executable, "-c", "while True: pass"]
        neighbor = subprocess.Popen(with_core)
        try:
            row["busy"] = measure(name, cores, store, given)["eventsPerSecond"]
        finally:
            neighbor.kill()
            neighbor.wait()
        rows.append(row)
    print(f"\npretrain, size M: events/s on one thread, on {cores}, and on {cores} with one core busy")
    for row in rows:
        print(
            f"  {row['name']:24}{row['one']:>10,.0f}{row['all']:>10,.0f}{row['busy']:>10,.0f}"
            f"   {100 * row['busy'] / row['one']:.0f} % of one thread"
        )
    return rows


def measure(name, threads, store, given):
    """Returns the median rate of a contestant that works alone, and its memory."""
    width, layers, heads = SIZES["M"]
    program = (
        [LORENTZ_BENCH, "work", "STORE"] if name == "Lorentz"
        else [PYTHON, PEERS / "torch_encoder.py", "STORE", "--kind", name.split()[-1]]
    )
    contestant = Contestant(
        name,
        [*program, "--task", "pretrain", "--width", width, "--layers", layers, "--heads", heads]
        + ["--threads", threads],
        store, threads,
    )
    try:
        contestant.wait_until_ready()
        for _ in range(given.rounds):
            contestant.go(given.seconds)
        return {
            "eventsPerSecond": statistics.median(contestant.rates()),
            "peakBytes": contestant.answers[-1].get("peakBytes"),
        }
    finally:
        contestant.end()
