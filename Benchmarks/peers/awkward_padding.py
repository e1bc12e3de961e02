# SPDX-License-Identifier: Apache-2.0
"""Padded inputs of a model by awkward's own functions: the kinds of objects are concatenated, and
every column of the inputs goes through `pad_none` and `fill_none`.

The same numbers as those of `score_file.padded`, which puts them together by their positions.
"""

import awkward as ak
import numpy as np
from score_file import KINDS, OBJECTS, WIDTH


def objects(part, kind, smallest_pt, largest_eta, features):
    """Returns the objects of a kind that pass the cuts, as lists of records."""
    if kind == "MET":
        met = ak.zip({name: part[f"MET_{name}"][:, np.newaxis] for name in ("pt", "phi")})
        for name in ("eta", "mass"):
            met = ak.with_field(met, ak.zeros_like(met.pt), name)
        return met
    names = ["pt", "eta", "phi", "mass", *features]
    found = ak.zip({name: part[f"{kind}_{name}"] for name in names})
    passed = found.pt > smallest_pt
    if largest_eta:
        passed = passed & (abs(found.eta) < largest_eta)
    return found[passed]


def padded(part):
    """Returns inputs [E, 20, W] and the number of objects of each event."""
    kinds = [objects(part, *kind) for kind in KINDS]

    def joined(column, of=None):
        """Joins a column of all kinds; 0 for kinds but that of position `of`, if there is one."""
        return ak.concatenate(
            [
                column(kind) if of in (None, number) else ak.zeros_like(kind.pt)
                for number, kind in enumerate(kinds)
            ], axis=1)

    columns = [
        joined(lambda kind: np.log(np.maximum(kind.pt, 1e-3)) - 3.8),
        joined(lambda kind: kind.eta),
        joined(lambda kind: np.sin(kind.phi)),
        joined(lambda kind: np.cos(kind.phi)),
        joined(lambda kind: np.log1p(kind.mass)),
    ]
    columns += [joined(lambda kind: ak.ones_like(kind.pt), number) for number in range(len(KINDS))]
    for number, (*_, features) in enumerate(KINDS):
        for name in features:
            columns.append(joined(lambda kind: np.arcsinh(ak.nan_to_num(kind[name])), number))
            columns.append(joined(lambda kind: np.isnan(kind[name]), number))
    inputs = np.zeros((len(part), OBJECTS, WIDTH), np.float32)
    for place, column in enumerate(columns):
        filled = ak.fill_none(ak.pad_none(column, OBJECTS, axis=1, clip=True), 0)
        inputs[..., place] = ak.to_numpy(filled)
    return inputs, np.minimum(ak.to_numpy(ak.num(columns[0])), OBJECTS)
