# SPDX-License-Identifier: Apache-2.0
"""The task `score-file`: from a ROOT file to a file of scores, a process for each run.

Lorentz is the command `lorentz score`, measured from its start to its end. Peers say themselves
how long they took from opening the ROOT file to closing the scores, so that loading Python, its
modules and the model costs them nothing in the rates that are compared.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time

from settings import HALF_PRECISION, LORENTZ, PEERS, PYTHON, ROOT, SIZES, bound, environment

# Events of the file: enough for a run of some seconds.
EVENTS = {"S": 200_000, "M": 100_000, "L": 20_000}
CONFIGURATION = ROOT / "Benchmarks/score-file.yaml"


def contestants(size, threads, folder):
    """Returns the commands by name; all write a file of scores into the folder."""
    file = folder / f"collisions-{EVENTS[size]}.root"
    width, layers, heads = SIZES[size]
    score = [LORENTZ, "score", folder / f"classifier-{size}", file, "--json", "--threads", threads]
    result = {"Lorentz": [*score, "-o", folder / "scores-lorentz.csv"]}
    for precision in HALF_PRECISION:
        result[f"Lorentz, {precision}"] = [
            *score, "--precision", precision, "-o", folder / f"scores-lorentz-{precision}.csv"
        ]
    # The batch of each is the one that it is fastest with.
    for name, form, batch in (
        ("PyTorch, padded", "pytorch", 512),
        ("ONNX Runtime, grouped", "onnx-grouped", 512),
        ("ONNX Runtime, parallel", "onnx-parallel", 128),
    ):
        result[name] = [
            PYTHON, PEERS / "score_file.py", file, folder / f"scores-{form}.csv", "--form", form,
            "--width", width, "--layers", layers, "--heads", heads, "--threads", threads,
            "--batch", batch, "--model", folder / f"classifier-{size}.onnx",
        ]
    return result


def prepare(size, chosen, folder):
    """Makes the file, Lorentz's classifier, and the peers' models, unless they are there."""
    file = folder / f"collisions-{EVENTS[size]}.root"
    if not file.exists():
        partial = file.with_suffix(".partial")
        command = [PYTHON, PEERS / "collisions.py", partial, "--count", EVENTS[size]]
        subprocess.run([str(part) for part in command], check=True)
        partial.rename(file)
    run = folder / f"classifier-{size}"
    if not (run / "classifier.json").exists():
        # The paths in the configuration are relative to it.
        shutil.copy(CONFIGURATION, folder)
        width, layers, heads = SIZES[size]
        command = [LORENTZ, "finetune", folder / CONFIGURATION.name, "-o", run]
        for setting in (
            f"model.width={width}", f"model.layers={layers}", f"model.heads={heads}",
            "model.pairwiseBias=false",
            f"samples.0.files={file.name}", f"samples.1.files={file.name}",
        ):
            command += ["--set", setting]
        subprocess.run(
            [str(part) for part in command], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    for name, command in chosen.items():
        model = command[-1]
        if name.startswith("ONNX") and not model.exists():
            subprocess.run(
                [str(part) for part in command], check=True, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


def run(name, command, threads):
    """Runs a command to its end and returns what is known of it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        bound(command, threads), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(name), cwd=ROOT,
    )
    # Errors are few lines, so that neither pipe fills while the other is read.
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended: " + " / ".join(errors.strip().splitlines()[-3:]))
    answer = json.loads(output)
    events = answer.get("events", answer.get("entries"))
    return {
        "events": events, "commandSeconds": seconds, "seconds": answer.get("seconds", seconds),
        "processorSeconds": usage.ru_utime + usage.ru_stime,
        "peakBytes": usage.ru_maxrss * 1024,
    }


def compare(size, threads, given, folder):
    """Returns a row for each contestant."""
    chosen = {
        name: command
        for name, command in contestants(size, threads, folder).items()
        if not given.only or any(word in name for word in given.only)
    }
    prepare(size, chosen, folder)
    answers = {name: [] for name in chosen}
    for _ in range(given.file_rounds):
        for name in list(answers):
            try:
                answers[name].append(run(name, chosen[name], threads))
            except RuntimeError as error:
                print(f"LEFT OUT: {error}", file=sys.stderr)
                del answers[name]
    rows = []
    for name, runs in answers.items():
        rates = [one["events"] / one["seconds"] for one in runs]
        whole = [one["events"] / one["commandSeconds"] for one in runs]
        rows.append(
            {
                "task": "score-file", "size": size, "threads": threads, "name": name,
                "eventsPerSecond": statistics.median(rates), "rates": rates,
                "commandEventsPerSecond": statistics.median(whole), "commandRates": whole,
                "processorSeconds": statistics.median(one["processorSeconds"] for one in runs),
                "peakBytes": max(one["peakBytes"] for one in runs),
            }
        )
    return rows


def show(rows):
    """Prints the rows of a comparison."""
    first = rows[0]
    lorentz = next((row for row in rows if row["name"] == "Lorentz"), None)
    cores = "thread" if first["threads"] == 1 else "threads"
    print(
        f"\nscore-file, size {first['size']}, {first['threads']} {cores}, "
        f"{EVENTS[first['size']]:,} events: ROOT file to CSV"
    )
    print(f"  {'':24}{'events/s':>10}{'ratio':>8}{'with start-up':>16}{'ratio':>8}{'memory':>10}")
    for row in rows:
        line = f"  {row['name']:24}"
        for key, width in (("eventsPerSecond", 10), ("commandEventsPerSecond", 16)):
            ratio = f"{lorentz[key] / row[key]:.2f}" if lorentz else ""
            line += f"{row[key]:>{width},.0f}{ratio:>8}"
        print(f"{line}{row['peakBytes'] / 1e6:>7.0f} MB")
    sys.stdout.flush()
