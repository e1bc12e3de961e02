# SPDX-License-Identifier: Apache-2.0
"""Writes roc_reference.json: inputs, and what scikit-learn and NumPy say about them.

    python3 make_roc_reference.py        # scikit-learn 1.9.1

Areas, accuracy and log loss are scikit-learn's. It rejects negative weights, so that case is the
sum over all pairs, written out; so is DeLong's standard error, by its placements.
"""

import json
import pathlib

import numpy
import sklearn
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score, roc_curve

generator = numpy.random.default_rng(20240611)


def pairs(scores, labels, weights):
    signal, background = scores[labels], scores[~labels]
    share = (signal[:, None] > background) + 0.5 * (signal[:, None] == background)
    return share, weights[labels], weights[~labels]


def brute_force_area(scores, labels, weights):
    share, signal, background = pairs(scores, labels, weights)
    return signal @ share @ background / (signal.sum() * background.sum())


def delong(scores, labels):
    share, _, _ = pairs(scores, labels, numpy.ones(len(scores)))
    of_signal, of_background = share.mean(axis=1), share.mean(axis=0)
    return numpy.sqrt(
        of_signal.var(ddof=1) / len(of_signal) + of_background.var(ddof=1) / len(of_background))


def case(name, count, digits, weights):
    labels = generator.random(count) < 0.4
    scores = 1 / (1 + numpy.exp(-(generator.normal(size=count) + 0.9 * labels)))
    scores = numpy.round(scores, digits)
    weights = weights(count)
    entry = {
        "name": name,
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "weights": weights.tolist(),
        "area": brute_force_area(scores, labels, weights),
    }
    if (weights >= 0).all():
        area = roc_auc_score(labels, scores, sample_weight=weights)
        assert abs(area - entry["area"]) < 1e-12
        entry["area"] = area
        entry["accuracy"] = accuracy_score(labels, scores >= 0.5, sample_weight=weights)
        floor = numpy.finfo(numpy.float32).eps
        entry["logLoss"] = log_loss(
            labels, numpy.clip(scores, floor, 1 - floor), sample_weight=weights)
        background, signal, _ = roc_curve(
            labels, scores, sample_weight=weights, drop_intermediate=False)
        wanted = [0.3, 0.5, 0.8]
        entry["backgroundEfficiencies"] = [
            interpolated(signal, background, efficiency) for efficiency in wanted]
    if (weights == 1).all():
        entry["standardError"] = delong(scores, labels)
    return entry


def interpolated(signal, background, efficiency):
    upper = int(numpy.argmax(signal >= efficiency))
    lower = upper - 1
    share = (efficiency - signal[lower]) / (signal[upper] - signal[lower])
    return background[lower] + share * (background[upper] - background[lower])


cases = [
    case("unit weights, no ties", 60, 12, numpy.ones),
    case("unit weights, many ties", 80, 1, numpy.ones),
    case("weights, no ties", 70, 12, lambda n: generator.gamma(2, size=n)),
    case("weights, many ties", 90, 1, lambda n: generator.gamma(2, size=n)),
    case("negative weights, many ties", 90, 1,
         lambda n: generator.gamma(2, size=n) * numpy.where(generator.random(n) < 0.15, -1, 1)),
]
path = pathlib.Path(__file__).with_name("roc_reference.json")
path.write_text(json.dumps({"scikitLearn": sklearn.__version__, "cases": cases}) + "\n")
