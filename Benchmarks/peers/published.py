# SPDX-License-Identifier: Apache-2.0
"""Published models as classifiers of the same events: ParticleTransformer and OmniLearned.

particle-transformer   weaver-core's ParticleTransformer with pairwise features, arXiv:2202.03772
omnilearned            omnilearned's PET2, arXiv:2510.24066

Their number of layers is chosen so that the number of parameters is near that of Lorentz's size M,
1.2 million.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from store import Events, arguments, batches, serve


def make(kind, events):
    """Returns the model, and a function from a slice of events to logits."""
    inputs = torch.from_numpy(events.inputs)
    valid = torch.from_numpy(events.valid)
    if kind == "particle-transformer":
        from weaver.nn.model.ParticleTransformer import ParticleTransformer

        model = ParticleTransformer(
            events.width, 2, pair_input_dim=4, num_layers=3, num_cls_layers=1, fc_params=[]
        )
        pt = np.exp(events.inputs[..., 0] + 3.8)
        eta, sine, cosine = (events.inputs[..., i] for i in (1, 2, 3))
        mass = np.expm1(events.inputs[..., 4])
        pz = pt * np.sinh(eta)
        energy = np.sqrt(pt**2 + pz**2 + mass**2)
        momenta = np.stack([pt * cosine, pt * sine, pz, energy], 1) * events.valid[:, None]
        momenta = torch.from_numpy(momenta.astype(np.float32))

        def logits(chosen):
            return model(
                inputs[chosen].transpose(1, 2), momenta[chosen], valid[chosen][:, None].float()
            )

        return model, logits
    from omnilearned.network import PET2

    # The coordinates come first: eta, phi, and a momentum that is 0 where there is nothing.
    phi = np.arctan2(events.inputs[..., 2], events.inputs[..., 3])
    pt = (events.inputs[..., 0] + 3.8) * events.valid
    columns = [events.inputs[..., 1], phi, pt]
    columns += [events.inputs[..., i] for i in range(4, events.width)]
    given = torch.from_numpy(np.stack(columns, -1).astype(np.float32))
    model = PET2(given.shape[-1], num_transformers=3, num_transformers_head=1)
    labels = torch.zeros(len(given), dtype=torch.long)

    def logits(chosen):
        result = model(given[chosen], labels[chosen])
        return result["y_pred"] if isinstance(result, dict) else result[0]

    return model, logits


def main():
    given = arguments(["particle-transformer", "omnilearned"], ["finetune", "score"])
    torch.set_num_threads(given.threads)
    events = Events(given.store)
    model, logits = make(given.kind, events)
    labels = torch.from_numpy(events.labels)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, fused=True)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(json.dumps({"parameters": count}), file=sys.stderr)
    positions = batches(len(labels), given.batch)

    def step():
        chosen = next(positions)
        if given.task == "score":
            with torch.inference_mode():
                return logits(chosen).softmax(-1)
        optimizer.zero_grad()
        loss = F.cross_entropy(logits(chosen), labels[chosen])
        loss.backward()
        loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    model.train(given.task != "score")
    serve(step, given.batch, lambda: {"parameters": count})


if __name__ == "__main__":
    main()
