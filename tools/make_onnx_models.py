"""Makes the files in test/onnx/fixtures/torch: networks as PyTorch's exporter writes them, opset by opset.

    apt-get install python3-torch
    /usr/bin/python3 tools/make_onnx_models.py

NAME.onnx is the file under test, exported with other sizes than it is then run with. NAME.safetensors beside it has its
inputs ("in." and their name) and what the network makes of them in float64, rounded once ("out." and theirs).
PyTorch 1.13 made the committed ones.
"""
import copy
import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))
from safetensors_writer import write_safetensors  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "test" / "onnx" / "fixtures" / "torch"


class Classifier(nn.Module):
    """Tokens → embedding → two bidirectional LSTM layers → last step → class probabilities."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 4)
        self.lstm = nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True, dropout=0.1)
        self.linear = nn.Linear(10, 3)

    def forward(self, tokens):
        output, _ = self.lstm(self.embedding(tokens))
        return torch.softmax(self.linear(output[:, -1]), -1)


class Streamed(nn.Module):
    """Frames and a state → GRU → linear and sigmoid at every step, and the new state."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 5, 2)
        self.linear = nn.Linear(5, 2)

    def forward(self, frames, state):
        output, state = self.gru(frames, state)
        return torch.sigmoid(self.linear(output)), state


class Packed(nn.Module):
    """Sequences of different lengths → LSTM, both ways, over the valid steps alone.

    The exporter writes the batch's size into the file, so it is run with the same.
    """

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, bidirectional=True)

    def forward(self, frames, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(frames, lengths)
        output, (hidden, cell) = self.lstm(packed)
        output, _ = nn.utils.rnn.pad_packed_sequence(output)
        return output, hidden, cell


class Normalised(nn.Module):
    """RNN → layer norm → leaky ReLU → mean over time, clamped; slices and masks on the way."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(3, 4, nonlinearity="relu", batch_first=True)
        self.norm = nn.LayerNorm(4)

    def forward(self, frames):
        output, _ = self.rnn(frames[:, 1:])
        left, right = self.norm(output).split(2, -1)
        mixed = torch.cat([right, torch.where(~(left == right), left, right)], -1)
        pooled = nn.functional.leaky_relu(mixed, 0.2).mean(1)
        return pooled.clamp(-1, 1), mixed.sum(-1, keepdim=True), mixed[:, -2:, 1:].flatten(1)


class Scripted(nn.Module):
    """A cell in a loop of Python over any number of steps: lists that it appends to, one of them read backwards."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 5)

    def forward(self, frames):
        hidden = torch.zeros(frames.size(1), 5, dtype=frames.dtype)
        cell = torch.zeros(frames.size(1), 5, dtype=frames.dtype)
        outputs = []
        sums = []
        for step in range(frames.size(0)):
            hidden, cell = self.cell(frames[step], (hidden, cell))
            outputs.append(hidden)
            sums.append(hidden.sum(1, keepdim=True))
        halves = torch.split(torch.cat(sums, dim=1), 2, dim=1)
        return torch.stack(outputs, dim=1), halves[-1], outputs[-2] * torch.tensor(len(outputs), dtype=frames.dtype)


def randomise(module):
    generator = torch.Generator().manual_seed(4)
    for parameter in module.parameters():
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.6)
    return module.eval()


def export(name, module, example, inputs, names, outputs, axes, opset):
    """`example` is what it is exported with, `inputs` what it is run with."""
    torch.onnx.export(
        module,
        example,
        str(OUT / f"{name}-{opset}.onnx"),
        input_names=names,
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=opset,
    )
    double = copy.deepcopy(module).double()
    results = double(*(x.double() if x.is_floating_point() else x for x in inputs))
    results = results if isinstance(results, tuple) else (results,)
    tensors = {f"in.{key}": x.float().numpy() for key, x in zip(names, inputs)}
    for key, x in zip(outputs, results):
        tensors[f"out.{key}"] = x.detach().float().contiguous().numpy()
    write_safetensors(OUT / f"{name}-{opset}.safetensors", tensors, {})


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    tokens = {"tokens": {0: "batch", 1: "time"}, "classes": {0: "batch"}}
    for opset in (9, 11, 13, 16):
        export("classifier", randomise(Classifier()), (torch.zeros(1, 4, dtype=torch.int64),),
               (torch.randint(0, 11, (3, 7)),), ["tokens"], ["classes"], tokens, opset)
        frames = {"frames": {0: "time", 1: "batch"}, "state": {1: "batch"}, "marks": {0: "time", 1: "batch"}, "next": {1: "batch"}}
        export("streamed", randomise(Streamed()), (torch.zeros(2, 1, 3), torch.zeros(2, 1, 5)),
               (torch.randn(6, 2, 3), torch.randn(2, 2, 5)), ["frames", "state"], ["marks", "next"], frames, opset)
        export("packed", randomise(Packed()), (torch.zeros(4, 2, 3), torch.tensor([4, 2])),
               (torch.randn(5, 2, 3), torch.tensor([5, 3])), ["frames", "lengths"], ["output", "hidden", "cell"],
               {"frames": {0: "time"}}, opset)
        export("normalised", randomise(Normalised()), (torch.zeros(1, 4, 3),), (torch.randn(2, 6, 3),), ["frames"],
               ["pooled", "sums", "part"], {"frames": {0: "batch", 1: "time"}}, opset)
    for opset in (11, 13, 16):
        export("scripted", torch.jit.script(randomise(Scripted())), (torch.zeros(4, 1, 3),), (torch.randn(7, 2, 3),),
               ["frames"], ["outputs", "half", "before"], {"frames": {0: "time", 1: "batch"}}, opset)


main()
