#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs Lorentz and its peers side by side and prints who does how many events per second.

All of a comparison are started, and then work in turn, some seconds each, round after round, so
that what else the machine does meets all of them alike. Medians over the rounds are compared.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import file_scoring
from settings import LORENTZ_BENCH, PEERS, PYTHON, ROOT, SIZES, bound, environment


def contestants(task, size, threads):
    """Returns the commands of a comparison by name."""
    width, layers, heads = SIZES[size]
    model = ["--width", width, "--layers", layers, "--heads", heads]
    both = ["--threads", threads]
    work = [LORENTZ_BENCH, "work", "STORE", *model, *both, "--task"]
    torch = [PYTHON, PEERS / "torch_encoder.py", "STORE", *model, *both, "--task", task]
    result = {"Lorentz": [*work, task], "Lorentz, no kernels": [*work, task]}
    for kind in ("padded", "packed", "grouped"):
        result[f"PyTorch, {kind}"] = [*torch, "--kind", kind]
    if task == "score":
        onnx = [PYTHON, PEERS / "onnx_scoring.py", "STORE", *model, *both]
        for kind in ("padded", "grouped"):
            result[f"ONNX Runtime, {kind}"] = [*onnx, "--kind", kind]
    if size == "M" and task != "pretrain":
        published = [PYTHON, PEERS / "published.py", "STORE", *both, "--task", task]
        result["ParticleTransformer"] = [*published, "--kind", "particle-transformer"]
        result["OmniLearned"] = [*published, "--kind", "omnilearned"]
    if task == "pretrain":
        result["matrix products"] = [*work, "products"]
    return result


class Contestant:
    """A process that works when it is told to."""

    def __init__(self, name, command, store, threads):
        self.name = name
        self.answers = []
        command = [store if part == "STORE" else part for part in command]
        self.process = subprocess.Popen(
            bound(command, threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment(name), cwd=ROOT,
        )

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            words = self.process.stderr.read().strip().splitlines()[-3:]
            raise RuntimeError(f"{self.name} ended: " + " / ".join(words))
        return line.strip()

    def wait_until_ready(self):
        while self.read() != "ready":
            pass

    def go(self, seconds):
        self.process.stdin.write(f"go {seconds}\n")
        self.process.stdin.flush()
        self.answers.append(json.loads(self.read()))

    def rates(self):
        return [answer["events"] / answer["seconds"] for answer in self.answers]

    def end(self):
        self.process.kill()
        self.process.wait()


def compare(task, size, threads, store, given):
    """Returns a row for each contestant."""
    running = []
    for name, command in contestants(task, size, threads).items():
        if given.only and not any(word in name for word in given.only):
            continue
        contestant = Contestant(name, command, store, threads)
        try:
            contestant.wait_until_ready()
            running.append(contestant)
        except RuntimeError as error:
            print(f"LEFT OUT: {error}", file=sys.stderr)
    rows = []
    try:
        for _ in range(given.rounds):
            for contestant in running:
                contestant.go(given.seconds)
        for contestant in running:
            last = contestant.answers[-1]
            rates = contestant.rates()
            row = {
                "task": task, "size": size, "threads": threads, "name": contestant.name,
                "eventsPerSecond": statistics.median(rates), "rates": rates,
                "peakBytes": last.get("peakBytes"), "parameters": last.get("parameters"),
            }
            if last.get("parts"):
                seconds = sum(answer["seconds"] for answer in contestant.answers)
                row["shares"] = {
                    part: sum(answer["parts"][part] for answer in contestant.answers) / seconds
                    for part in last["parts"]
                }
            if "operations" in last:
                row["gigaflops"] = statistics.median(
                    answer["operations"] / answer["seconds"] * 1e-9
                    for answer in contestant.answers
                )
            rows.append(row)
    finally:
        for contestant in running:
            contestant.end()
    return rows


def show(rows, tokens):
    """Prints the rows of a comparison."""
    first = rows[0]
    products = next((row for row in rows if "gigaflops" in row), None)
    lorentz = next((row for row in rows if row["name"] == "Lorentz"), None)
    cores = "thread" if first["threads"] == 1 else "threads"
    print(f"\n{first['task']}, size {first['size']}, {first['threads']} {cores}")
    print(f"  {'':24}{'events/s':>10}{'ratio':>8}{'memory':>10}")
    for row in rows:
        if row is products:
            continue
        rate = row["eventsPerSecond"]
        ratio = f"{lorentz['eventsPerSecond'] / rate:.2f}" if lorentz else ""
        memory = f"{row['peakBytes'] / 1e6:.0f} MB" if row["peakBytes"] else ""
        note = ""
        if row["parameters"]:
            note = f"   {row['parameters'] / 1e6:.1f} M parameters"
        if row.get("shares"):
            note = "   " + ", ".join(
                f"{part} {100 * share:.1f} %" for part, share in row["shares"].items()
            )
        print(f"  {row['name']:24}{rate:>10,.0f}{ratio:>8}{memory:>10}{note}")
    if products and lorentz:
        width, layers, _ = SIZES[first["size"]]
        # The last layer is computed for hidden objects only, but for its keys and values.
        hidden = 0.4 * (tokens - 1) / tokens
        full = layers - 1 + 2 / 12 + hidden * 10 / 12
        done = lorentz["eventsPerSecond"] * tokens * full * 3 * 24 * width**2 * 1e-9
        lorentz["fractionOfProducts"] = done / products["gigaflops"]
        print(
            f"  LibTorch's products of the model's shapes: {products['gigaflops']:.0f} GFLOP/s; "
            f"the encoder of Lorentz did {done:.0f}, {100 * done / products['gigaflops']:.0f} %"
        )
    sys.stdout.flush()


def scaling(given, folder):
    """Lorentz alone: events per second against objects per event and against stored events."""
    rows = []
    for objects in (5, 8, 12, 20, 30):
        store = make_store(folder, 20_000, objects)
        rows.append(lone(store, given) | {"objects": objects, "events": 20_000})
    for events in given.scaling:
        store = make_store(folder, events, 8.3)
        rows.append(lone(store, given) | {"objects": 8.3, "events": events})
    print("\npretrain, size M, all threads: how it scales")
    print(f"  {'objects':>8}{'stored events':>15}{'events/s':>10}{'memory':>10}")
    for row in rows:
        print(
            f"  {row['objects']:>8}{row['events']:>15,}{row['eventsPerSecond']:>10,.0f}"
            f"{row['peakBytes'] / 1e6:>7.0f} MB"
        )
    return rows


def lone(store, given):
    width, layers, heads = SIZES["M"]
    command = [LORENTZ_BENCH, "work", "STORE", "--task", "pretrain", "--width", width, "--layers"]
    command += [layers, "--heads", heads, "--threads", os.cpu_count()]
    contestant = Contestant("Lorentz", command, store, os.cpu_count())
    try:
        contestant.wait_until_ready()
        for _ in range(given.rounds):
            contestant.go(given.seconds)
        return {
            "eventsPerSecond": statistics.median(contestant.rates()),
            "peakBytes": contestant.answers[-1]["peakBytes"],
        }
    finally:
        contestant.end()


def make_store(folder, events, objects):
    """Writes a store of made-up events, unless it is there."""
    store = folder / f"events-{events}-{objects}"
    if not (store / "manifest.json").exists():
        subprocess.run(
            [LORENTZ_BENCH, "events", store, "--count", str(events), "--objects", str(objects)],
            check=True, stdout=subprocess.DEVNULL,
        )
    return store


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", default="results/bench", help="where JSON and events go")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument(
        "--tasks", nargs="+", default=["pretrain", "finetune", "score", "score-file"],
        choices=["pretrain", "finetune", "score", "score-file"],
    )
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of a comparison")
    parser.add_argument("--seconds", type=float, default=2, help="time of each in a round")
    parser.add_argument("--file-rounds", type=int, default=3, help="runs of each in score-file")
    parser.add_argument("--only", nargs="+", help="only contestants with one of these words")
    parser.add_argument(
        "--scaling", nargs="*", type=int, default=[10_000, 100_000, 1_000_000, 10_000_000],
        help="numbers of stored events; none given leaves scaling out",
    )
    given = parser.parse_args()
    folder = pathlib.Path(given.output).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    store = make_store(folder, 20_000, 8.3)
    manifest = json.loads((store / "manifest.json").read_text())
    tokens = 1 + manifest["objectCount"] / manifest["eventCount"]
    result = {"tokensPerEvent": tokens, "comparisons": [], "scaling": []}
    for threads in given.threads:
        for size in given.sizes:
            for task in given.tasks:
                if task == "score-file":
                    rows = file_scoring.compare(size, threads, given, folder)
                else:
                    rows = compare(task, size, threads, store, given)
                if not rows:
                    continue
                file_scoring.show(rows) if task == "score-file" else show(rows, tokens)
                result["comparisons"] += rows
                (folder / "bench.json").write_text(json.dumps(result, indent=1))
    if given.scaling:
        result["scaling"] = scaling(given, folder)
    (folder / "bench.json").write_text(json.dumps(result, indent=1))
    print(f"\nAll numbers: {folder / 'bench.json'}")


if __name__ == "__main__":
    main()
