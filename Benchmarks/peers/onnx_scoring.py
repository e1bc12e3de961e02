# SPDX-License-Identifier: Apache-2.0
"""Scoring by ONNX Runtime: padded with a mask, or grouped by multiplicity without padding.

padded    a batch at a time, its threads divide each product
grouped   the same, events of a multiplicity together
parallel  of some batches events of a multiplicity together, up to 128 of them, as many side by side
          as there are threads: its fastest form
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
from onnx_model import export
from store import Events, arguments, batches, serve


def main():
    given = arguments(["grouped", "padded", "parallel"])
    events = Events(given.store)
    hidden = np.zeros((*events.valid.shape, 1), np.float32)
    inputs = np.concatenate([events.inputs, hidden], -1)
    valid = events.valid.astype(np.float32)
    options = onnxruntime.SessionOptions()
    is_parallel = given.kind == "parallel"
    options.intra_op_num_threads = 1 if is_parallel else given.threads
    count_of_step = given.batch * (8 if is_parallel else 1)
    executor = ThreadPoolExecutor(given.threads)
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        export(file.name, events.width, given)
        session = onnxruntime.InferenceSession(file.name, options)
    taken = {value.name for value in session.get_inputs()}
    positions = batches(len(inputs), count_of_step)

    def run(chosen, count):
        fed = {"inputs": inputs[chosen, :count], "valid": valid[chosen, :count]}
        session.run(None, {name: fed[name] for name in taken})

    def step():
        part = next(positions)
        chosen = np.arange(part.start, part.stop)
        if given.kind == "padded":
            return run(chosen, inputs.shape[1])
        counts = events.counts[chosen]
        groups = [(chosen[counts == count], int(count)) for count in np.unique(counts)]
        if not is_parallel:
            for group, count in groups:
                run(group, count)
            return
        parts = [
            (group[first : first + 128], count)
            for group, count in groups
            for first in range(0, len(group), 128)
        ]
        for _ in executor.map(lambda part: run(*part), parts):
            pass

    serve(step, count_of_step)


if __name__ == "__main__":
    main()
