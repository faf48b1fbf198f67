"""Trains the encoder-decoder of this example: dates as people write them -> 2024-03-14.

    /usr/bin/python3 examples/dates/train.py        (Debian: python3-torch; 5 minutes on one core)

Writes dates.safetensors: the weights, and what PyTorch gives for a few dates, which the test compares. Those that lie here
are of step 1000 of 1500, where all of 200 dates of another draw are right.
"""

import datetime
import random
import sys
from pathlib import Path

import torch
from torch import nn

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
from safetensors_writer import write_safetensors  # noqa: E402

HERE = Path(__file__).parent
MONTHS = (
    "January February March April May June July August September October "
    "November December"
).split()
# 0 pads the input; of the output 0 is the start and 1 the end
INPUT = " ,./-'" + "0123456789" + "abcdefghijklmnopqrstuvwxyz"
OUTPUT = "0123456789-"
START, STOP = 0, 1
HIDDEN = 64


def ordinal(day):
    if 10 < day < 14:
        return f"{day}th"
    return f"{day}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th') }"


def written(date, rng):
    """One of the ways in which people write a date, in lower case."""
    month = MONTHS[date.month - 1]
    if rng.random() < 0.4:
        month = month[:3]
    day = ordinal(date.day) if rng.random() < 0.4 else str(date.day)
    year = str(date.year) if rng.random() < 0.8 else f"'{date.year % 100:02d}"
    form = rng.choice(
        [
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"{day} of {month} {year}",
            f"{date.day}.{date.month}.{date.year}",
            f"{date.day:02d}.{date.month:02d}.{date.year}",
            f"{date.month}/{date.day}/{date.year}",
            f"{date.year}/{date.month:02d}/{date.day:02d}",
            f"the {ordinal(date.day)} of {month}, {year}",
        ]
    )
    return form.lower()


def random_date(rng):
    first = datetime.date(1950, 1, 1).toordinal()
    last = datetime.date(2049, 12, 31).toordinal()
    return datetime.date.fromordinal(rng.randint(first, last))


def encode(text):
    return [1 + INPUT.index(c) for c in text]


class Dates(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters = nn.Embedding(1 + len(INPUT), 24)
        self.encoder = nn.GRU(24, HIDDEN, batch_first=True, bidirectional=True)
        self.tokens = nn.Embedding(2 + len(OUTPUT), 16)
        self.decoder = nn.LSTM(16, 2 * HIDDEN, batch_first=True)
        self.last = nn.Linear(4 * HIDDEN, 2 + len(OUTPUT))

    def forward(self, letters, lengths, tokens):
        packed = nn.utils.rnn.pack_padded_sequence(
            self.letters(letters), lengths, batch_first=True, enforce_sorted=False
        )
        encoded, _ = self.encoder(packed)
        encoded, _ = nn.utils.rnn.pad_packed_sequence(encoded, batch_first=True)
        h, _ = self.decoder(self.tokens(tokens))  # (B, S, 2H)
        scores = h @ encoded.transpose(1, 2)  # Luong's dot product: (B, S, T)
        hidden = torch.arange(encoded.shape[1])[None, :] >= lengths[:, None]
        scores = scores.masked_fill(hidden[:, None, :], float("-inf"))
        context = torch.softmax(scores, -1) @ encoded
        return self.last(torch.cat([context, h], -1))


def batch(rng, size):
    dates = [random_date(rng) for _ in range(size)]
    inputs = [encode(written(date, rng)) for date in dates]
    lengths = torch.tensor([len(x) for x in inputs])
    letters = torch.zeros(size, int(lengths.max()), dtype=torch.long)
    for row, x in zip(letters, inputs):
        row[: len(x)] = torch.tensor(x)
    answers = [[2 + OUTPUT.index(c) for c in date.isoformat()] for date in dates]
    tokens = torch.tensor([[START, *answer] for answer in answers])
    targets = torch.tensor([[*answer, STOP] for answer in answers])
    return letters, lengths, tokens, targets


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = random.Random(0)
    model = Dates()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 1e-5)
    for step in range(1, steps + 1):
        letters, lengths, tokens, targets = batch(rng, 64)
        logits = model(letters, lengths, tokens)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            right = (logits.argmax(-1) == targets).all(1).float().mean()
            print(f"{step}: loss {loss:.4f}, right {100 * right:.0f} %", flush=True)
        if step % 500 == 0 or step == steps:
            save(model)


def save(model):
    rng = random.Random(1)
    with torch.no_grad():
        letters, lengths, tokens, targets = batch(rng, 200)
        logits = model(letters, lengths, tokens)
        right = (logits.argmax(-1) == targets).all(1).float().mean()
        print(f"another draw: {100 * right:.1f} % right", flush=True)
        tensors = {k: v.numpy() for k, v in model.state_dict().items()}
        few = 20
        tensors["test.letters"] = letters[:few].float().numpy()
        tensors["test.tokens"] = tokens[:few].float().numpy()
        tensors["test.targets"] = targets[:few].float().numpy()
        tensors["test.logits"] = logits[:few].numpy()
    write_safetensors(HERE / "dates.safetensors", tensors, {"right": f"{right:.3f}"})


main()
