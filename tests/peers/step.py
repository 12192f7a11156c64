"""The steps of a traced run, done by a careful user of PyTorch and transformers: the peer of tests/peers/methods.sh.

  python tests/peers/step.py TRACE.h5 RUN_FOLDER INIT.h5 [--threads N] [--skip 2]

Whole batch in one pass, padded to its longest sample; head at masked positions only; fused AdamW; clipping; the method's
loss from tests/oracle/tasks.py, of adept and dpce from tests/peers/peer_debias.py. The same batches as the run's. Prints one
JSON line: tokens of the steps behind the first `skip`, seconds of each, median tokens a second, and the relative difference of
the loss before the first update, and the largest of all steps.
"""
import argparse
import json
import os
import statistics
import sys
import time

import h5py
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "oracle"))
import replay  # noqa: E402
import tasks  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import peer_debias  # noqa: E402


def padded_loss(s, batch, model, method):
    offset = torch.tensor(batch["offset"])
    length = offset[1:] - offset[:-1]
    place = torch.arange(int(length.max()))[None] < length[:, None]
    ids = torch.zeros(place.shape, dtype=torch.long)
    ids[place] = torch.tensor(batch["ids"], dtype=torch.long)
    hidden = model.bert(ids, attention_mask=place.long()).last_hidden_state[place]
    return method(s, batch, model, hidden)[0]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("trace"), ap.add_argument("folder"), ap.add_argument("init")
    ap.add_argument("--threads", type=int, default=2), ap.add_argument("--skip", type=int, default=2)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    s = replay.settings_of(a.folder)
    model, _, pieces = replay.load_model(a.init, torch.float32, s.get("mabel-tie") == "no")
    model.train()
    named = {n: p for n, p in model.named_parameters() if n != "cls.predictions.decoder.bias"}
    debias = peer_debias.Debias(s, model, pieces) if s["method"] in ("adept", "dpce") else None
    method = None if debias else tasks.task_of(s, model, named, pieces)
    optimizer = torch.optim.AdamW(named.values(), lr=float(s["learning-rate"]), eps=float(s["adam-epsilon"]),
                                  weight_decay=float(s["weight-decay"]), fused=True)
    trace, seconds, tokens, differs = h5py.File(a.trace), [], [], []
    for number, step in enumerate(sorted(k for k in trace if k.startswith("step_"))):
        g = trace[step]
        batch = {n: g[n][()].tolist() for n in g}
        if debias:
            debias.begin(model, number // debias.steps)
        for group in optimizer.param_groups:
            group["lr"] = float(g.attrs["learning_rate"])
        began = time.perf_counter()
        loss = debias.loss(batch, model) if debias else padded_loss(s, batch, model, method)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(named.values(), float(s["clip"]))
        optimizer.step()
        seconds.append(time.perf_counter() - began), tokens.append(len(batch["ids"]))
        differs.append(abs(loss.item() - g.attrs["task_loss"]) / max(abs(g.attrs["task_loss"]), 1e-12))
    rates = [t / x for t, x in zip(tokens[a.skip:], seconds[a.skip:])]
    print(json.dumps(dict(method=s["method"], tokens_per_s=statistics.median(rates), tokens=sum(tokens[a.skip:]),
                          seconds=[round(x, 3) for x in seconds], first_loss_differs=differs[0], losses_differ=max(differs))))


main()
