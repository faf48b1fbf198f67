"""Writes test/audio/fixtures: models of amplifiers as Neural Amp Modeler, GuitarML and AIDA-X store them, with what
PyTorch gives for them. Needs Debian's python3-torch. Run it again and the same files come out.

    amp.nam       two layers, from a state of its own          amp.cases.json
    pedal.json    GuitarML, one knob, input added to the output  pedal.cases.json
    aida.json     AIDA-X, a GRU in Keras's layout; carries its own samples
"""

import json
import pathlib

import torch

folder = pathlib.Path(__file__).parent.parent / "test" / "audio" / "fixtures"
folder.mkdir(exist_ok=True)
torch.manual_seed(1)
STEPS = 48


def numbers(tensor):
    """float32 in as few digits as give it back"""
    if tensor.dim():
        return [numbers(row) for row in tensor]
    return float(f"{tensor.item():.9g}")


def write(name, value):
    (folder / name).write_text(json.dumps(value) + "\n")


def guitar(features):
    """a plucked string, and knobs that stay where they are"""
    t = torch.arange(STEPS, dtype=torch.float32)
    knobs = [torch.full([STEPS], 0.25 + 0.5 * k) for k in range(features - 1)]
    return torch.stack([torch.sin(t * 0.4) * torch.exp(-t / 30), *knobs], 1)


def louder(module, factor):
    """initial weights hardly bend a signal: these do"""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(factor)


# float64 throughout: what is stored is float32, and what is computed from that is exact
def exact(module, x, state=None):
    return module.double()(x.double(), state)[0] if state else module.double()(x.double())


with torch.no_grad():
    H, L = 4, 2
    rec, lin = torch.nn.LSTM(1, H, L), torch.nn.Linear(H, 1)
    louder(rec, 2)
    h0, c0 = 0.5 * torch.randn(L, H), torch.randn(L, H)
    weights = []
    for layer in range(L):
        w = torch.cat([getattr(rec, f"weight_ih_l{layer}"), getattr(rec, f"weight_hh_l{layer}")], 1)
        b = getattr(rec, f"bias_ih_l{layer}") + getattr(rec, f"bias_hh_l{layer}")
        # what the file holds is the sum
        getattr(rec, f"bias_ih_l{layer}").copy_(b)
        getattr(rec, f"bias_hh_l{layer}").zero_()
        weights += [w.flatten(), b, h0[layer], c0[layer]]
    weights += [lin.weight.flatten(), lin.bias]
    write("amp.nam", {
        "version": "0.5.4",
        "metadata": {"name": "made by tools/make_amp_files.py"},
        "architecture": "LSTM",
        "config": {"input_size": 1, "hidden_size": H, "num_layers": L},
        "weights": numbers(torch.cat(weights)),
        "sample_rate": 48000,
    })
    x = guitar(1)
    y = lin.double()(exact(rec, x, (h0.double(), c0.double())))
    write("amp.cases.json", {"input": numbers(x), "output": numbers(y)})

    rec, lin = torch.nn.LSTM(2, 5), torch.nn.Linear(5, 1)
    louder(rec, 2)
    state = {f"rec.{name}": numbers(p) for name, p in rec.named_parameters()}
    state |= {f"lin.{name}": numbers(p) for name, p in lin.named_parameters()}
    write("pedal.json", {
        "model_data": {
            "model": "SimpleRNN", "input_size": 2, "skip": 1, "output_size": 1, "unit_type": "LSTM",
            "num_layers": 1, "hidden_size": 5, "bias_fl": True,
        },
        "state_dict": state,
    })
    x = guitar(2)
    y = lin.double()(exact(rec, x)[0]) + x[:, :1].double()
    write("pedal.cases.json", {"input": numbers(x), "output": numbers(y)})

    rec, lin = torch.nn.GRU(1, 5), torch.nn.Linear(5, 1)
    louder(rec, 2)

    def keras(tensor):
        r, z, n = tensor.chunk(3)
        return torch.cat([z, r, n])

    x = guitar(1)
    y = lin.double()(exact(rec, x)[0])
    write("aida.json", {
        "in_shape": [None, None, 1],
        "layers": [
            {"type": "gru", "activation": "", "shape": [None, None, 5], "weights": [
                numbers(keras(rec.weight_ih_l0).T),
                numbers(keras(rec.weight_hh_l0).T),
                [numbers(keras(rec.bias_ih_l0)), numbers(keras(rec.bias_hh_l0))],
            ]},
            {"type": "dense", "activation": "", "shape": [None, None, 1], "weights": [
                numbers(lin.weight.T), numbers(lin.bias),
            ]},
        ],
        "input_batch": numbers(x.flatten()),
        "output_batch": numbers(y.flatten()),
        "metadata": {"name": "made by tools/make_amp_files.py", "samplerate": "48000"},
    })
