#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs Lorentz and its peers side by side and prints who does how many events per second.

All of a comparison are started, and then work in turn, some seconds each, round after round, so
that what else the machine does meets all of them alike. Medians over the rounds are compared.
"""

import argparse
import json
import pathlib
import statistics
import sys

import curves
import file_scoring
from contestant import Contestant
from settings import HALF_PRECISION, LORENTZ_BENCH, PEERS, PYTHON, SIZES, make_store


def contestants(task, size, threads):
    """Returns the commands of a comparison by name."""
    width, layers, heads = SIZES[size]
    model = ["--width", width, "--layers", layers, "--heads", heads]
    both = ["--threads", threads]
    work = [LORENTZ_BENCH, "work", "STORE", *model, *both, "--task"]
    torch = [PYTHON, PEERS / "torch_encoder.py", "STORE", *model, *both, "--task", task]
    result = {
        "Lorentz": [*work, task],
        "Lorentz, bias by pairs": [*work, task, "--reference-vectors"],
        "Lorentz, no kernels": [*work, task],
    }
    for kind in ("padded", "packed", "grouped"):
        result[f"PyTorch, {kind}"] = [*torch, "--kind", kind]
    if task == "score":
        for precision in HALF_PRECISION:
            result[f"Lorentz, {precision}"] = [*work, task]
        onnx = [PYTHON, PEERS / "onnx_scoring.py", "STORE", *model, *both]
        for kind in ("padded", "grouped", "parallel"):
            result[f"ONNX Runtime, {kind}"] = [*onnx, "--kind", kind]
    if size == "M" and task != "pretrain":
        published = [PYTHON, PEERS / "published.py", "STORE", *both, "--task", task]
        result["ParticleTransformer"] = [*published, "--kind", "particle-transformer"]
        result["OmniLearned"] = [*published, "--kind", "omnilearned"]
    if task == "pretrain":
        result["Lorentz, all objectives"] = [*work, task, "--objectives", "default"]
        result["matrix products"] = [*work, "products"]
    return result


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
            if "pageFaults" in last:
                # Pages that the system gave, in the last round, to a step of 512 events.
                row["newPagesPerStep"] = 512 * last["pageFaults"] / last["events"]
            if last.get("tensorsReused"):
                # Tensors whose memory came from the system, and from freed tensors.
                for key in ["tensorsAllocated", "tensorsReused"]:
                    row[f"{key}PerStep"] = 512 * last[key] / last["events"]
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
        if row.get("newPagesPerStep") is not None:
            note += f"   {row['newPagesPerStep']:.1f} new pages"
            if row.get("tensorsReusedPerStep") is not None:
                made = row["tensorsAllocatedPerStep"]
                note += f" for {made:.2f} of {made + row['tensorsReusedPerStep']:.0f} tensors"
            note += " a step"
        print(f"  {row['name']:24}{rate:>10,.0f}{ratio:>8}{memory:>10}{note}")
    if products and lorentz:
        width, layers, _ = SIZES[first["size"]]
        # Of the last layer only keys and values are computed for others than hidden objects.
        hidden = 0.4 * (tokens - 1) / tokens
        made = layers - 1 + 2 / 12 + hidden * 10 / 12
        operations = tokens * 3 * 24 * width**2 * 1e-9
        rate = lorentz["eventsPerSecond"]
        peak = products["gigaflops"]
        lorentz["fractionOfPeak"] = rate * operations * layers / peak
        print(
            f"  LibTorch's products of the model's shapes: {peak:.0f} GFLOP/s; those of all layers "
            f"alone would take the time of {peak / operations / layers:,.0f} events/s"
        )
        print(
            f"  Lorentz: {100 * lorentz['fractionOfPeak']:.0f} % of that, with "
            f"{rate * operations * made:.0f} GFLOP/s in the encoder"
        )
    sys.stdout.flush()


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
        help="numbers of stored events; none given leaves the curves out",
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
        result["scaling"] = curves.scaling(given, folder)
        result["busy"] = curves.busy(given, folder)
    (folder / "bench.json").write_text(json.dumps(result, indent=1))
    print(f"\nAll numbers: {folder / 'bench.json'}")


if __name__ == "__main__":
    main()
