"""Trains an LSTM to sound like a guitar amplifier, which this script also is: a waveshaper with memory.

    apt-get install python3-torch
    /usr/bin/python3 examples/amp/train.py

Writes amp.safetensors next to this script in about eight minutes on one core: LSTM(1 -> 40) and Linear(40 -> 1), with the
metadata that `Sequential.load` reads. One number a sample at 48 kHz goes in, one comes out. Two seconds that the
model never saw and what amplifier and model make of them are in reference.safetensors, to check a page by.
"""
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
from safetensors_writer import write_safetensors  # noqa: E402

RATE = 48000
HIDDEN = 40
STREAMS, CHUNK, UPDATES, LEARNING_RATE = 32, 512, 2500, 8e-3


def amplifier(x):
    """The circuit that the network learns; x [B, T] at 48 kHz within ±1.

    Coupling capacitor (high-pass, 90 Hz); a stage that clips softly and not symmetrically, at a working point that
    sags while the playing is loud (2 ms down, 25 ms back) and takes gain with it; a cabinet (low-pass, twice at
    4.2 kHz, and a little more of what is around 1 kHz).
    """
    def pole(hertz):
        return math.exp(-2 * math.pi * hertz / RATE)

    high, low, block = pole(90), pole(4200), pole(12)
    attack, release = math.exp(-1 / (0.002 * RATE)), math.exp(-1 / (0.025 * RATE))
    band_r, band_w = pole(500), 2 * math.pi * 1000 / RATE
    b1, b2 = 2 * band_r * math.cos(band_w), -band_r * band_r
    batch, steps = x.shape
    before, h, envelope, l1, l2, p1, p2, d, dx = (np.zeros(batch) for _ in range(9))
    y = np.empty_like(x)
    for t in range(steps):
        h = high * (h + x[:, t] - before)
        before = x[:, t]
        level = np.abs(h)
        envelope = level + np.where(level > envelope, attack, release) * (envelope - level)
        drive = 14 / (1 + 1.5 * envelope)
        shifted = drive * h + 0.3 - 1.2 * envelope
        clipped = np.where(shifted > 0, np.tanh(shifted), 0.8 * np.tanh(1.4 * shifted))
        l1 = clipped + low * (l1 - clipped)
        l2 = l1 + low * (l2 - l1)
        p = (1 - band_r) * l2 + b1 * p1 + b2 * p2
        p2, p1 = p1, p
        out = l2 + 0.5 * p
        d = block * (d + out - dx)
        dx = out
        y[:, t] = 0.5 * d
    return y


def playing(batch, seconds, generator):
    """Something like a guitar, [B, T]: plucked strings (Karplus and Strong), alone and in chords, loud and quiet."""
    steps = int(seconds * RATE)
    x = np.zeros((batch, steps))
    for row in x:
        at = 0
        while at < steps:
            length = int(RATE * generator.uniform(0.08, 0.9))
            root = 82.4 * 2 ** (generator.integers(0, 30) / 12)
            chord = [0] if generator.random() < 0.5 else [0, 7, 12][: generator.integers(2, 4)]
            strength = 10 ** generator.uniform(-1.6, 0)
            for semitones in chord:
                x_end = min(steps, at + length)
                row[at:x_end] += strength * pluck(root * 2 ** (semitones / 12), length, generator)[: x_end - at]
            at += int(length * generator.uniform(0.5, 1.1))
        row *= 10 ** generator.uniform(-0.4, 0) / max(1e-9, np.abs(row).max())
        if generator.random() < 0.2:  # and what is no guitar, so that it is tame everywhere
            row += 0.2 * np.sin(np.cumsum(2 * math.pi * np.geomspace(40, 8000, steps) / RATE))
        row += 10 ** generator.uniform(-5, -3) * generator.standard_normal(steps)
    return x


def pluck(hertz, length, generator):
    """A plucked string: noise that goes round a delay line and loses its brightness, a period at a time."""
    period = int(RATE / hertz)
    loop = generator.uniform(-1, 1, period)
    for _ in range(generator.integers(1, 5)):
        loop = 0.5 * (loop + np.roll(loop, 1))
    loop /= np.abs(loop).max()
    rounds = []
    for _ in range(math.ceil(length / period)):
        rounds.append(loop)
        loop = 0.996 * 0.5 * (loop + np.roll(loop, 1))
    return np.concatenate(rounds)[:length] * np.minimum(1, np.arange(length, 0, -1) / 400)


class Amp(torch.nn.Sequential):
    """nn.Sequential for the names of the weights; forward is our own because an LSTM also returns its state."""

    def __init__(self):
        super().__init__(torch.nn.LSTM(1, HIDDEN), torch.nn.Linear(HIDDEN, 1))

    def forward(self, x, state=None):
        lstm, linear = self
        hidden, state = lstm(x, state)
        return linear(hidden), state


def emphasised(signal):
    """Higher frequencies weigh more, as they do to the ear (Damskägg et al. 2019)."""
    return signal[1:] - 0.85 * signal[:-1]


def error_to_signal(y, target):
    return (y - target).square().mean() / (target.square().mean() + 1e-5)


def train(model, x, target):
    """x, target [T, B, 1]: as many streams as the batch has rows, read from front to back, states kept between chunks."""
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=UPDATES, pct_start=0.1)
    chunks = x.shape[0] // CHUNK
    start, mean = time.time(), None
    for update in range(UPDATES):
        at = update % chunks * CHUNK
        if at == 0:  # another pairing of rows and states, from silence
            state, rows = None, torch.randperm(x.shape[1])[:STREAMS]
        y, state = model(x[at : at + CHUNK, rows], state)
        state = tuple(part.detach() for part in state)
        goal = target[at : at + CHUNK, rows]
        loss = error_to_signal(emphasised(y), emphasised(goal)) + error_to_signal(y, goal)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        if update % 100 == 99:
            print(f"{update + 1:5} updates, {time.time() - start:4.0f} s, loss {mean:.4f}", flush=True)


def main():
    torch.set_num_threads(1)  # the same sums in the same order, and no core but one
    torch.manual_seed(3)
    generator = np.random.default_rng(3)
    x = playing(96, 1.5, generator)
    unseen = playing(8, 2, np.random.default_rng(4))
    as_torch = lambda values: torch.tensor(values.T[:, :, None], dtype=torch.float32)  # noqa: E731
    model = Amp()
    train(model, as_torch(x), as_torch(amplifier(x)))

    with torch.no_grad():
        given, goal = as_torch(unseen), as_torch(amplifier(unseen))
        heard, _ = model(given)
        error = error_to_signal(heard, goal).item()
    print(f"error to signal on what it never heard: {100 * error:.2f} %")

    common = {"bias": True}
    layers = [
        {"type": "LSTM", "options": {"inputSize": 1, "hiddenSize": HIDDEN, "numLayers": 1, **common, "direction": "forward", "returnSequences": True, "projSize": 0}},
        {"type": "Linear", "options": {"inputSize": HIDDEN, "outputSize": 1, **common, "activation": "linear"}},
    ]
    source = {"source": f"PyTorch {torch.__version__}, examples/amp/train.py", "sample_rate": str(RATE), "error_to_signal": f"{error:.4f}"}
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    write_safetensors(HERE / "amp.safetensors", weights, {**source, "gatewise": json.dumps({"version": 1, "layers": layers})})
    sample = {"input": given[:24000, 0], "amplifier": goal[:24000, 0], "model": heard[:24000, 0]}
    write_safetensors(HERE / "reference.safetensors", {name: value.numpy() for name, value in sample.items()}, source)


if __name__ == "__main__":
    main()
