# SPDX-License-Identifier: Apache-2.0
"""Scoring by ONNX Runtime: padded with a mask, or grouped by multiplicity without padding."""

import tempfile

import numpy as np
import onnxruntime
from onnx_model import export
from store import Events, arguments, batches, serve


def main():
    given = arguments(["grouped", "padded"])
    events = Events(given.store)
    hidden = np.zeros((*events.valid.shape, 1), np.float32)
    inputs = np.concatenate([events.inputs, hidden], -1)
    valid = events.valid.astype(np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        export(file.name, events.width, given)
        session = onnxruntime.InferenceSession(file.name, options)
    taken = {value.name for value in session.get_inputs()}
    positions = batches(len(inputs), given.batch)

    def run(chosen, count):
        fed = {"inputs": inputs[chosen, :count], "valid": valid[chosen, :count]}
        session.run(None, {name: fed[name] for name in taken})

    def step():
        part = next(positions)
        chosen = np.arange(part.start, part.stop)
        if given.kind == "padded":
            return run(chosen, inputs.shape[1])
        counts = events.counts[chosen]
        for count in np.unique(counts):
            run(chosen[counts == count], int(count))

    serve(step, given.batch)


if __name__ == "__main__":
    main()
