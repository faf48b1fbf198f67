"""A training step in PyTorch for bench/train.mjs: milliseconds and cases as JSON in, the best of many steps out."""
import json
import sys
import time

import torch

torch.set_num_threads(1)
budget, cases = float(sys.argv[1]) / 1000, json.loads(sys.argv[2])


def best(kind, inputs, hidden, outputs, batch, steps):
    layer = getattr(torch.nn, kind)(inputs, hidden, batch_first=True)
    head = torch.nn.Linear(hidden, outputs)
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters)
    x, y = torch.rand(batch, steps, inputs), torch.rand(batch, steps, outputs)
    least, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < budget:
        before = time.perf_counter()
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(head(layer(x)[0]), y).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        least = min(least, time.perf_counter() - before)
    return 1000 * least


print(json.dumps([best(*case) for case in cases]))
