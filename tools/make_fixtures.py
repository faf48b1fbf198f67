"""Makes the reference cases in test/fixtures/torch: what PyTorch, or the textbook, says a layer must give.

    apt-get install python3-torch
    /usr/bin/python3 tools/make_fixtures.py            # all cases
    /usr/bin/python3 tools/make_fixtures.py gru-chung  # those whose names start so

One safetensors file a case: the layer's weights under PyTorch's state dict names, `input`, optional `h0` and `c0`, and the
expected `output`, `hn` and (LSTM) `cn`. Weights and inputs are exact in float32. The expected values are computed in
float64 and rounded once, so a difference is the error of the code under test and not the reference's.

Shapes are PyTorch's with batch_first=True: input [B, T, I], output [B, T, D * O], hn [L * D, B, O], cn [L * D, B, H];
a case that is not "batched" has no B axis anywhere.

Metadata `source` says who computed it; metadata `case` is JSON:

    layer                RNN, LSTM or GRU
    options              PyTorch's arguments: input_size, hidden_size, num_layers, bias, bidirectional, and where the
                         layer has them nonlinearity (RNN) and proj_size (LSTM). The GRUs that PyTorch does not have
                         carry reset_after (true, false) and update_gate ("keep", "replace") as well
    batched              whether there is a B axis
    lengths              valid steps of each sequence, only where the case has them. The input past a sequence's end
                         is noise that must not matter, the output there is 0
    float32_error        largest absolute error of `output` when the reference itself runs in float32
    float32_state_error  the same of `hn` and `cn`
"""
import json
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

sys.path.insert(0, str(Path(__file__).resolve().parent))
from safetensors_writer import write_safetensors  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "test" / "fixtures" / "torch"
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


@dataclass
class Case:
    name: str
    I: int  # input size
    H: int  # hidden size
    B: "int | None"  # batch; None: no batch axis
    T: int  # time steps
    layers: int = 1
    bi: bool = False
    bias: bool = True
    relu: bool = False  # RNN
    proj: int = 0  # LSTM
    state: bool = False  # starts from a random state instead of zeros
    lengths: "list[int] | None" = None
    scale: float = 1.0  # of the weights; 3 and more saturates the gates
    # GRU variants; None for those PyTorch has
    reset_after: "bool | None" = None
    update_gate: "str | None" = None  # keep: h' = z h + (1 - z) n; replace: h' = (1 - z) h + z n

    @property
    def layer(self):
        return self.name.split("-")[0].upper()

    @property
    def directions(self):
        return 2 if self.bi else 1

    @property
    def out(self):
        return self.proj or self.H

    def options(self):
        options = {
            "input_size": self.I,
            "hidden_size": self.H,
            "num_layers": self.layers,
            "bias": self.bias,
            "bidirectional": self.bi,
        }
        if self.layer == "RNN":
            options["nonlinearity"] = "relu" if self.relu else "tanh"
        if self.proj:
            options["proj_size"] = self.proj
        if self.update_gate is not None:
            options.update(reset_after=self.reset_after, update_gate=self.update_gate)
        return options


# The first part of a name is the layer. Sizes are chosen around the widths a vector kernel works in: whole vectors (4, 8,
# 16, 64), one more and one less (5, 7, 9, 17, 31, 33, 65), and less than one (1, 2, 3). Batches likewise. The saturated RNN
# is short because such a recurrence is chaotic: after 31 steps it has made rounding errors a hundred times larger.
PYTORCH = [
    Case("rnn-smallest", I=1, H=1, B=1, T=1),
    Case("rnn-two-of-all", I=2, H=2, B=2, T=2),
    Case("rnn-batch-of-four", I=3, H=5, B=4, T=7),
    Case("rnn-state", I=5, H=9, B=3, T=31, state=True),
    Case("rnn-long", I=8, H=20, B=1, T=100),
    Case("rnn-lengths", I=3, H=33, B=5, T=7, lengths=[7, 1, 4, 3, 6]),
    Case("rnn-unbatched", I=13, H=7, B=None, T=31, state=True),
    Case("rnn-saturated", I=2, H=16, B=9, T=7, scale=4.0),
    Case("rnn-two-layers-bidirectional", I=5, H=31, B=2, T=7, layers=2, bi=True, state=True),
    Case("rnn-relu", I=1, H=3, B=2, T=3, relu=True),
    Case("rnn-relu-no-bias", I=13, H=12, B=7, T=7, relu=True, bias=False),
    Case("rnn-relu-bidirectional-lengths", I=5, H=17, B=4, T=31, relu=True, bi=True, lengths=[2, 31, 30, 17]),
    Case("rnn-relu-three-layers", I=2, H=40, B=1, T=31, relu=True, layers=3),
    #
    Case("lstm-smallest", I=1, H=1, B=1, T=1),
    Case("lstm-one-unit-long", I=1, H=1, B=3, T=100, state=True),
    Case("lstm-two-units", I=3, H=2, B=5, T=7),
    Case("lstm-whole-vector", I=8, H=4, B=4, T=31),
    Case("lstm-one-input", I=1, H=8, B=1, T=64),
    Case("lstm-state", I=2, H=12, B=6, T=7, state=True),
    Case("lstm-one-step", I=28, H=17, B=9, T=1, state=True),
    Case("lstm-no-bias", I=5, H=20, B=2, T=31, bias=False),
    Case("lstm-unbatched", I=8, H=33, B=None, T=31, state=True),
    Case("lstm-wide", I=3, H=65, B=1, T=3),
    Case("lstm-wide-input", I=28, H=48, B=2, T=7),
    Case("lstm-lengths", I=3, H=16, B=7, T=31, lengths=[31, 30, 1, 16, 5, 31, 8], state=True),
    Case("lstm-lengths-all-short", I=2, H=5, B=3, T=7, lengths=[4, 2, 3]),
    Case("lstm-saturated", I=5, H=9, B=8, T=64, scale=4.0),
    Case("lstm-saturated-state", I=13, H=7, B=2, T=31, scale=12.0, state=True),
    Case("lstm-bidirectional", I=5, H=7, B=4, T=7, bi=True),
    Case("lstm-bidirectional-lengths", I=8, H=12, B=9, T=7, bi=True, lengths=[7, 6, 5, 4, 3, 2, 1, 7, 1]),
    Case("lstm-bidirectional-unbatched", I=2, H=3, B=None, T=31, bi=True, state=True),
    Case("lstm-two-layers", I=1, H=31, B=1, T=31, layers=2),
    Case("lstm-three-layers-bidirectional", I=3, H=9, B=5, T=7, layers=3, bi=True, state=True, lengths=[5, 7, 2, 1, 6]),
    Case("lstm-projection", I=8, H=20, B=3, T=31, proj=7),
    Case("lstm-projection-to-one", I=2, H=5, B=4, T=7, proj=1, bias=False),
    Case("lstm-projection-two-layers-bidirectional", I=5, H=16, B=2, T=7, layers=2, bi=True, proj=9, state=True),
    Case("lstm-projection-lengths", I=13, H=33, B=7, T=3, proj=16, lengths=[1, 2, 3, 3, 2, 1, 2], state=True),
    Case("lstm-projection-unbatched", I=3, H=12, B=None, T=7, proj=4),
    #
    Case("gru-smallest", I=1, H=1, B=1, T=1),
    Case("gru-two-units", I=2, H=2, B=7, T=2, state=True),
    Case("gru-three-units-long", I=1, H=3, B=2, T=100),
    Case("gru-whole-vector", I=28, H=8, B=4, T=3),
    Case("gru-state", I=5, H=17, B=9, T=7, state=True),
    Case("gru-wide", I=13, H=64, B=1, T=7),
    Case("gru-wide-no-bias", I=2, H=65, B=2, T=3, bias=False),
    Case("gru-unbatched", I=8, H=40, B=None, T=31),
    Case("gru-lengths", I=3, H=31, B=5, T=31, lengths=[9, 31, 1, 22, 30]),
    Case("gru-saturated", I=5, H=16, B=6, T=64, scale=4.0),
    Case("gru-bidirectional", I=8, H=20, B=3, T=7, bi=True, state=True),
    Case("gru-two-layers", I=1, H=33, B=8, T=7, layers=2),
    Case("gru-three-layers-bidirectional-lengths", I=13, H=5, B=7, T=7, layers=3, bi=True, lengths=[7, 1, 2, 6, 7, 3, 5]),
    Case("gru-two-layers-bidirectional-unbatched", I=3, H=4, B=None, T=31, layers=2, bi=True, state=True, bias=False),
]

# Chung et al. 2014 reset before the product and let z replace: reset_after False, "replace". PyTorch is True, "keep".
TEXTBOOK = [
    Case("gru-chung", I=3, H=5, B=4, T=7, reset_after=False, update_gate="replace"),
    Case("gru-chung-smallest", I=1, H=1, B=1, T=1, reset_after=False, update_gate="replace", state=True),
    Case("gru-chung-long", I=2, H=16, B=1, T=100, reset_after=False, update_gate="replace"),
    Case("gru-chung-lengths", I=5, H=9, B=5, T=7, reset_after=False, update_gate="replace", lengths=[3, 7, 1, 6, 7]),
    Case("gru-chung-two-layers", I=8, H=20, B=3, T=7, reset_after=False, update_gate="replace", layers=2, bi=True, state=True),
    Case("gru-reset-before", I=13, H=33, B=2, T=31, reset_after=False, update_gate="keep"),
    Case("gru-reset-before-state", I=2, H=7, B=9, T=7, reset_after=False, update_gate="keep", state=True),
    Case("gru-reset-before-no-bias", I=3, H=17, B=None, T=31, reset_after=False, update_gate="keep", bias=False),
    Case("gru-reset-before-saturated", I=5, H=12, B=7, T=31, reset_after=False, update_gate="keep", scale=4.0),
    Case("gru-replace", I=8, H=8, B=4, T=7, reset_after=True, update_gate="replace", state=True),
    Case("gru-replace-lengths", I=3, H=31, B=3, T=31, reset_after=True, update_gate="replace", bi=True, lengths=[31, 2, 17]),
]


# ── random weights and inputs, all exact in float32


def draw_weights(case, rng):
    """PyTorch's own names, shapes and range, but from numpy, whose numbers do not change with PyTorch's version."""
    gates, bound, weights = GATES[case.layer], case.scale / np.sqrt(case.H), {}
    for layer in range(case.layers):
        for suffix in ["", "_reverse"][: case.directions]:
            width = case.I if layer == 0 else case.directions * case.out
            shapes = {"weight_ih": (gates * case.H, width), "weight_hh": (gates * case.H, case.out)}
            if case.bias:
                shapes.update(bias_ih=(gates * case.H,), bias_hh=(gates * case.H,))
            if case.proj:
                shapes["weight_hr"] = (case.proj, case.H)
            for kind, shape in shapes.items():
                weights[f"{kind}_l{layer}{suffix}"] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return weights


def draw_data(case, rng):
    """The input and, where the case has one, the state, always with a batch axis."""
    batch, rows = case.B or 1, case.layers * case.directions
    data = {"input": rng.uniform(-2, 2, (batch, case.T, case.I))}
    if case.state:
        data["h0"] = rng.uniform(-1, 1, (rows, batch, case.out))
        if case.layer == "LSTM":
            data["c0"] = rng.uniform(-2, 2, (rows, batch, case.H))
    return {name: value.astype(np.float32) for name, value in data.items()}


# ── the two references; each takes a dtype and gives {"output", "hn", "cn"?} with a batch axis


def run_pytorch(case, weights, data, dtype):
    to_torch = lambda array: torch.from_numpy(array.astype(dtype))
    net = getattr(torch.nn, case.layer)(batch_first=True, **case.options()).to(to_torch(np.zeros(0)).dtype)
    net.load_state_dict({name: to_torch(value) for name, value in weights.items()})
    state = None
    if case.state:
        state = (to_torch(data["h0"]), to_torch(data["c0"])) if case.layer == "LSTM" else to_torch(data["h0"])
    x = to_torch(data["input"])
    with torch.no_grad():
        if case.lengths is None:
            output, state = net(x, state)
        else:
            packed = pack_padded_sequence(x, torch.tensor(case.lengths), batch_first=True, enforce_sorted=False)
            packed, state = net(packed, state)
            output, _ = pad_packed_sequence(packed, batch_first=True, total_length=case.T)
    final = dict(zip(["hn", "cn"], state)) if case.layer == "LSTM" else {"hn": state}
    return {"output": output.numpy(), **{name: value.numpy() for name, value in final.items()}}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_step(case, W, U, b, c, x, h):
    """One step of one sequence: x [I] and h [H] give the next h. W, U, b and c hold the rows of r, z and n in turn."""
    (W_r, W_z, W_n), (U_r, U_z, U_n), (b_r, b_z, b_n), (c_r, c_z, c_n) = (np.split(each, 3) for each in (W, U, b, c))
    r = sigmoid(W_r @ x + b_r + U_r @ h + c_r)
    z = sigmoid(W_z @ x + b_z + U_z @ h + c_z)
    if case.reset_after:
        n = np.tanh(W_n @ x + b_n + r * (U_n @ h + c_n))
    else:
        n = np.tanh(W_n @ x + b_n + U_n @ (r * h) + c_n)
    return z * h + (1 - z) * n if case.update_gate == "keep" else (1 - z) * h + z * n


def run_textbook(case, weights, data, dtype):
    """The GRU's equations as written, one sequence and one step at a time."""
    weights = {name: value.astype(dtype) for name, value in weights.items()}
    x = data["input"].astype(dtype)
    batch = len(x)
    hn = data["h0"].astype(dtype) if case.state else np.zeros((case.layers * case.directions, batch, case.H), dtype)
    none = np.zeros(3 * case.H, dtype)
    for layer in range(case.layers):
        output = np.zeros((batch, case.T, case.directions * case.H), dtype)
        for direction, suffix in enumerate(["", "_reverse"][: case.directions]):
            W, U = (weights[f"weight_{kind}_l{layer}{suffix}"] for kind in ("ih", "hh"))
            b, c = (weights.get(f"bias_{kind}_l{layer}{suffix}", none) for kind in ("ih", "hh"))
            for row in range(batch):
                steps = range(case.lengths[row] if case.lengths else case.T)
                h = hn[layer * case.directions + direction, row]
                for t in reversed(steps) if direction else steps:
                    h = gru_step(case, W, U, b, c, x[row, t], h)
                    output[row, t, direction * case.H : (direction + 1) * case.H] = h
                hn[layer * case.directions + direction, row] = h
        x = output
    return {"output": output, "hn": hn}


def check_textbook():
    """The textbook code in PyTorch's convention must give PyTorch's numbers; then only the variants' own lines are unchecked."""
    case = Case("gru-check", I=3, H=5, B=3, T=7, layers=2, bi=True, state=True, lengths=[7, 1, 4])
    rng = np.random.default_rng(0)
    weights, data = draw_weights(case, rng), draw_data(case, rng)
    expected = run_pytorch(case, weights, data, np.float64)
    case.reset_after, case.update_gate = True, "keep"
    for name, value in run_textbook(case, weights, data, np.float64).items():
        assert np.abs(value - expected[name]).max() < 1e-14, name


# ── files


def make(case, run, source):
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))  # a case's numbers depend on its name alone
    weights, data = draw_weights(case, rng), draw_data(case, rng)
    single, exact = (run(case, weights, data, dtype) for dtype in (np.float32, np.float64))
    errors = {name: float(np.abs(single[name] - exact[name]).max()) for name in exact}
    assert all(value.dtype == np.float32 for value in single.values())

    # input and output have the batch axis first, the states have it second
    tensors = {**data, **exact}
    if case.B is None:
        tensors = {name: value[0] if name in ("input", "output") else value[:, 0] for name, value in tensors.items()}
    about = {"layer": case.layer, "options": case.options(), "batched": case.B is not None}
    if case.lengths is not None:
        about["lengths"] = case.lengths
    about["float32_error"] = errors.pop("output")
    about["float32_state_error"] = max(errors.values())

    path = OUT / f"{case.name}.safetensors"
    write_safetensors(path, {**weights, **tensors}, {"case": json.dumps(about), "source": source})
    size = path.stat().st_size
    print(f"{size:7d} bytes  float32 error {about['float32_error']:.1e} {about['float32_state_error']:.1e}  {case.name}")
    return size


def main():
    prefix = sys.argv[1] if len(sys.argv) > 1 else ""
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    check_textbook()
    families = [
        (PYTORCH, run_pytorch, f"PyTorch {torch.__version__} in float64"),
        (TEXTBOOK, run_textbook, f"the equations in numpy {np.__version__} in float64, tools/make_fixtures.py"),
    ]
    sizes = [
        make(case, run, source) for cases, run, source in families for case in cases if case.name.startswith(prefix)
    ]
    print(f"{len(sizes)} files, {sum(sizes)} bytes")


if __name__ == "__main__":
    main()
