"""Trains a character GRU on English words, so that it can invent new ones and tell likely spellings from unlikely.

    apt-get install python3-torch wamerican
    /usr/bin/python3 examples/words/train.py

Writes two files next to this script, in about seven minutes on one core:

    words.safetensors   the weights: Embedding(27, 24), GRU(24 -> 128), Linear(128 -> 27) giving logits, under the
                        names of torch.nn.Sequential ("0.weight", "1.weight_ih_l0", ..., "2.weight", "2.bias")
    scores.safetensors  PyTorch's mean log-likelihood per character of a few strings, to check an implementation by

Token 0 is the word boundary: a word goes in as 0, w1, ..., wn and the targets are w1, ..., wn, 0. So the model starts
from a 0 and a word is over when it gives a 0. Tokens 1 to 26 are a to z.
"""
import json
import math
import random
import re
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
from safetensors_writer import write_safetensors  # noqa: E402

DICTIONARY = "/usr/share/dict/american-english"  # Debian's wamerican
VOCABULARY = "\nabcdefghijklmnopqrstuvwxyz"
EPOCHS, BATCH, RATE = 12, 256, 6e-3
IGNORE = -100  # cross_entropy's mark for targets past a word's end
SCORED = ["brindle", "flomber", "stocking", "gatewise", "sunspot", "a", "xkqzj", "qqwzt", "zzzzzzzz", "aeiouaeiou"]


class Model(torch.nn.Sequential):
    """nn.Sequential for the names of the weights; forward is our own because a GRU also returns its state."""

    def __init__(self):
        super().__init__(
            torch.nn.Embedding(len(VOCABULARY), 24),
            torch.nn.GRU(24, 128, batch_first=True),
            torch.nn.Linear(128, len(VOCABULARY)),
        )

    def forward(self, tokens, state=None):
        embedding, gru, linear = self
        hidden, state = gru(embedding(tokens), state)
        return linear(hidden), state


def encode(word):
    return [VOCABULARY.index(letter) for letter in word]


def batch_of(words):
    """(inputs, targets) of some words, padded to the longest. A GRU looks only back, so padding harms nothing."""
    longest = max(map(len, words)) + 1
    inputs = torch.zeros(len(words), longest, dtype=torch.long)
    targets = torch.full((len(words), longest), IGNORE)
    for row, word in enumerate(words):
        tokens = torch.tensor(encode(word))
        inputs[row, 1 : len(word) + 1] = tokens
        targets[row, : len(word)] = tokens
        targets[row, len(word)] = 0
    return inputs, targets


def batches(words, shuffle):
    """Batches of words of about equal length, so that little is computed on padding."""
    words = list(words)
    if shuffle:
        random.shuffle(words)  # the sort below is stable: words of one length stay shuffled
    words.sort(key=len)
    cuts = list(range(0, len(words), BATCH))
    if shuffle:
        random.shuffle(cuts)
    return [batch_of(words[cut : cut + BATCH]) for cut in cuts]


def loss_of(model, inputs, targets, reduction):
    logits, _ = model(inputs)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE, reduction=reduction)


@torch.no_grad()
def mean_loss(model, words):
    """Nats per character; the end of a word counts as a character."""
    total = sum(loss_of(model, *batch, "sum").item() for batch in batches(words, shuffle=False))
    return total / sum(len(word) + 1 for word in words)


@torch.no_grad()
def score(model, word):
    """Mean log-likelihood per character in nats, the end of the word included."""
    return -loss_of(model, *batch_of([word]), "mean").item()


@torch.no_grad()
def invent(model, temperature, longest=20):
    token, state, word = 0, None, ""
    while len(word) < longest:
        logits, state = model(torch.tensor([[token]]), state)
        token = torch.multinomial(F.softmax(logits[0, 0] / temperature, dim=0), 1).item()
        if token == 0:
            break
        word += VOCABULARY[token]
    return word


def train(model, words, held_out):
    steps = EPOCHS * math.ceil(len(words) / BATCH)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(1, EPOCHS + 1):
        for inputs, targets in batches(words, shuffle=True):
            optimizer.zero_grad()
            loss_of(model, inputs, targets, "mean").backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch:2d}: held out {mean_loss(model, held_out) / math.log(2):.4f} bits per character", flush=True)


def main():
    torch.set_num_threads(1)  # the same sums in the same order on every machine, and no core but one
    torch.manual_seed(27)
    random.seed(27)
    words = [word for word in Path(DICTIONARY).read_text().split("\n") if re.fullmatch("[a-z]{2,14}", word)]
    random.shuffle(words)
    held = len(words) // 20
    held_out, trained = words[:held], words[held:]
    print(f"{len(trained)} words to train on, {len(held_out)} held out")

    model = Model()
    train(model, trained, held_out)
    loss, trained_loss = mean_loss(model, held_out), mean_loss(model, trained)
    bits = loss / math.log(2)
    print(f"held out: {loss:.4f} nats = {bits:.4f} bits per character (trained on: {trained_loss / math.log(2):.4f})")

    source = f"PyTorch {torch.__version__}, Debian wamerican, examples/words/train.py"
    write_safetensors(
        HERE / "words.safetensors",
        {name: value.numpy() for name, value in model.state_dict().items()},
        {
            "vocabulary": VOCABULARY,
            "words": str(len(trained)),
            "held_out_words": str(held),
            "held_out_loss": f"{loss:.4f}",
            "held_out_bits_per_character": f"{bits:.4f}",
            "source": source,
        },
    )
    scores = [score(model, string) for string in SCORED]
    write_safetensors(
        HERE / "scores.safetensors",
        {"scores": scores},
        {"strings": json.dumps(SCORED), "unit": "nats per character, the end of the word included", "source": source},
    )
    known = set(words)
    for string, value in zip(SCORED, scores):
        place = "held out" if string in held_out else "trained on" if string in known else "not a listed word"
        print(f"{value:8.4f}  {string}  ({place})")
    invented = (invent(model, 0.8) for _ in range(60))
    print("invented at temperature 0.8:", ", ".join(word for word in invented if word not in known))


if __name__ == "__main__":
    main()
