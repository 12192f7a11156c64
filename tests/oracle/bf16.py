"""The recipe of precision = bf16 (docs/training.md, section 2) in PyTorch, for replay.py and check_torch.py.

Every product with a weight of encoder and head: both operands rounded to bfloat16, forward and backward, sums in fp32;
queries, keys, values and the gradient to attention's output are rounded too. What attention forms between them, biases, norms
and the loss stay as they are.
"""
import h5py
import torch


def rounded(x):
    return x.bfloat16().to(x.dtype)


class Product(torch.autograd.Function):
    """x W^T; the gradients are products of rounded operands too."""

    @staticmethod
    def forward(ctx, x, w):
        x, w = rounded(x), rounded(w)
        ctx.save_for_backward(x, w)
        return x @ w.T

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        dy = rounded(dy)
        return dy @ w, dy.reshape(-1, dy.shape[-1]).T @ x.reshape(-1, x.shape[-1])


class Rounded(torch.autograd.Function):
    """x rounded, if `forward`; its gradient rounded, else."""

    @staticmethod
    def forward(ctx, x, forward):
        ctx.forward = forward
        return rounded(x) if forward else x.view_as(x)

    @staticmethod
    def backward(ctx, dy):
        return dy if ctx.forward else rounded(dy), None


def round_products(model):
    """From here on all linear maps of a BertForMaskedLM's encoder and head are such products."""
    def bind(name, linear):
        if name.endswith((".self.query", ".self.key", ".self.value")):
            linear.forward = lambda x: Rounded.apply(Product.apply(x, linear.weight) + linear.bias, True)
        elif name.endswith(".attention.output.dense"):
            linear.forward = lambda x: Product.apply(Rounded.apply(x, False), linear.weight) + linear.bias
        else:
            linear.forward = lambda x: Product.apply(x, linear.weight) + linear.bias
    for name, module in [*model.bert.named_modules(), *model.cls.named_modules()]:
        if isinstance(module, torch.nn.Linear):
            bind(name, module)


def gradients_of(named):
    return {name: p.grad.double().flatten() for name, p in named.items()}


def gradients_in(checkpoint, names):
    """Of a run of one step with clip = 0, whose first moments are 0.1 of the gradient."""
    with h5py.File(checkpoint) as f:
        return {name: torch.tensor(f["optimizer/first/" + name][()]).double().flatten() / 0.1 for name in names}


def compare_gradients(ours, theirs):
    """Over the tensors: smallest cosine, largest and mean relative difference, and where. Key biases have none but rounding."""
    cosine, difference, where, every = 1.0, 0.0, ["", ""], []
    for name, t in theirs.items():
        if name.endswith("attention.self.key.bias"):
            continue
        c, d = float(ours[name] @ t / ours[name].norm() / t.norm()), float((ours[name] - t).norm() / t.norm())
        every.append(d)
        if c < cosine:
            cosine, where[0] = c, name
        if d > difference:
            difference, where[1] = d, name
    return cosine, difference, sum(every) / len(every), where
