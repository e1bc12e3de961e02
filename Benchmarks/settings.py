# SPDX-License-Identifier: Apache-2.0
"""What all comparisons share: where programs are, how large models are, which cores are used."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
LORENTZ = ROOT / ".build/release/lorentz"
LORENTZ_BENCH = ROOT / ".build/release/lorentz-bench"
PEERS = ROOT / "Benchmarks/peers"
PYTHON = ROOT / ".deps/bench/bin/python"
# Width, layers, heads.
SIZES = {"S": (64, 4, 4), "M": (128, 6, 4), "L": (256, 8, 8)}

# Lorentz scores in these too, and by which kernels.
HALF_PRECISION = {"float16": "avx512fp16", "bfloat16": "avx512bf16", "int16": "avx512vnni"}


def bound(command, threads):
    """Returns a command that stays on as many cores as it has threads, where there are more."""
    words = [str(part) for part in command]
    if threads >= os.cpu_count():
        return words
    return ["taskset", "-c", ",".join(str(core) for core in range(threads)), *words]


def environment(name):
    """Returns the environment of a contestant."""
    result = dict(os.environ)
    if name.endswith("no kernels"):
        result["LORENTZ_KERNELS"] = "none"
    for precision, kernels in HALF_PRECISION.items():
        if name == f"Lorentz, {precision}":
            result["LORENTZ_KERNELS"] = kernels
    return result


def make_store(folder, events, objects):
    """Writes a store of made-up events, unless it is there."""
    store = folder / f"events-{events}-{objects}"
    if not (store / "manifest.json").exists():
        subprocess.run(
            [LORENTZ_BENCH, "events", store, "--count", str(events), "--objects", str(objects)],
            check=True, stdout=subprocess.DEVNULL,
        )
    return store
