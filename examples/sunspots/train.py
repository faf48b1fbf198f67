"""Trains an LSTM to predict the next month's sunspot number, and to carry on alone as a solar cycle.

    apt-get install python3-torch
    /usr/bin/python3 examples/sunspots/train.py

Reads sunspots.csv and writes two files next to this script, in about five minutes on one core:

    sunspots.safetensors     the weights: LSTM(1 -> 32, num_layers=2) and Linear(32 -> 1), under the names of
                             torch.nn.Sequential ("0.weight_ih_l0", ..., "1.weight", "1.bias")
    predictions.safetensors  what PyTorch itself says, to check an implementation by. `predictions` [T, 1]: row t is the
                             prediction of month t + 1 from months 0 to t, from the zero state. `forecast` [264, 1]: the
                             22 years after the last month, each output fed back as the next input.

All numbers inside the files are sunspot numbers divided by SCALE.
"""
# The monthly sunspot numbers since 1749 are a data set of R (apt-get install r-base-core); this made the CSV:
# Rscript -e 'x <- sunspot.month; m <- round(time(x) * 12); write.csv(data.frame(month = sprintf("%d-%02d", m %/% 12, m %% 12 + 1), sunspots = as.vector(x)), "examples/sunspots/sunspots.csv", row.names = FALSE, quote = FALSE)'
import copy
import csv
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
from safetensors_writer import write_safetensors  # noqa: E402

SCALE = 100.0
VALIDATION, UNSEEN = "1950-01", "1980-01"  # trained on what is before the first; chosen by what is between them
STEPS, BATCH, RATE = 1400, 32, 4e-3
ROLLOUT = 132  # months of a solar cycle: how long the model runs on its own outputs in training
FORECAST = 264


class Model(torch.nn.Sequential):
    """nn.Sequential for the names of the weights; forward is our own because an LSTM also returns its state."""

    def __init__(self):
        super().__init__(torch.nn.LSTM(1, 32, num_layers=2, batch_first=True), torch.nn.Linear(32, 1))

    def forward(self, x, state=None):
        lstm, linear = self
        hidden, state = lstm(x, state)
        return linear(hidden), state

    def continued(self, x, steps):
        """(predictions for every month of x [B, T, 1], the `steps` months after x with each output as the next input)."""
        predictions, state = self(x)
        following = [predictions[:, -1:]]
        while len(following) < steps:
            y, state = self(following[-1], state)
            following.append(y)
        return predictions, torch.cat(following, dim=1)


def rmse(a, b):
    """In sunspot numbers."""
    return SCALE * (a - b).square().mean().sqrt().item()


def train(model, series, validation, unseen):
    """series: all months, scaled, [T, 1]. Only those before `validation` are trained on, none after `unseen` is touched."""
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS, pct_start=0.1)
    best, best_weights = float("inf"), None
    for step in range(1, STEPS + 1):
        # Windows of the past of any length, so that the model does not depend on where its input starts. One-step errors
        # alone would teach it to repeat the last month, and running free it would fade to the mean: so it is also
        # to be right about the months after the window, which it reaches by its own outputs alone. That part starts
        # short, because at first a long one is only noise.
        window = int(torch.randint(60, 400, ()))
        ahead = min(ROLLOUT, 12 + step * 2 * ROLLOUT // STEPS)
        starts = torch.randint(0, validation - window - ahead + 1, (BATCH,))
        months = torch.stack([series[s : s + window + ahead] for s in starts.tolist()])
        # The strongest cycle came after 1950: made stronger and weaker, the cycles before it cover its range as well.
        months = months * (0.5 + torch.rand(BATCH, 1, 1))
        predictions, following = model.continued(months[:, :window], ahead)
        loss = 3 * (predictions - months[:, 1 : window + 1]).square().mean()
        loss = loss + (following - months[:, window:]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            one, free, swing = validate(model, series, validation, unseen)
            chosen = one + free < best and ahead == ROLLOUT
            if chosen:
                best, best_weights = one + free, copy.deepcopy(model.state_dict())
            print(
                f"step {step:4d}: loss {loss.item():.4f}, validation RMSE {one:.2f} one step, {free:.2f} running free, "
                f"swing {swing:.2f}{' *' if chosen else ''}",
                flush=True,
            )
    model.load_state_dict(best_weights)


@torch.no_grad()
def validate(model, series, first, end):
    """RMSE one month ahead, RMSE over a free-running cycle from several starts, and that run's swing over the real one's."""
    predictions, _ = model(series[None, : end - 1])
    one = rmse(predictions[0, first - 1 :], series[first:end])
    starts = range(first, end - ROLLOUT + 1, 12)
    _, free = model.continued(torch.stack([series[s - 600 : s] for s in starts]), ROLLOUT)
    real = torch.stack([series[s : s + ROLLOUT] for s in starts])
    return one, rmse(free, real), (free.std(dim=1).mean() / real.std(dim=1).mean()).item()


def main():
    torch.set_num_threads(1)  # the same sums in the same order on every machine, and no core but one
    torch.manual_seed(11)
    with open(HERE / "sunspots.csv") as file:
        rows = list(csv.DictReader(file))
    names = [row["month"] for row in rows]
    series = torch.tensor([[float(row["sunspots"]) / SCALE] for row in rows])
    validation, unseen = names.index(VALIDATION), names.index(UNSEEN)

    model = Model()
    train(model, series, validation, unseen)

    with torch.no_grad():
        predictions, forecast = (each[0] for each in model.continued(series[None], FORECAST))
    model_error = rmse(predictions[unseen - 1 : -1], series[unseen:])
    persistence = rmse(series[unseen - 1 : -1], series[unseen:])
    print(f"unseen months, {UNSEEN} to {names[-1]}: RMSE {model_error:.2f}, repeating the last month {persistence:.2f}")
    print("forecast after", names[-1], "each half year:", (SCALE * forecast[::6, 0]).round().int().tolist())

    metadata = {
        "scale": f"{SCALE:g}",
        "trained": f"{names[0]}..{names[validation - 1]}",
        "validated": f"{VALIDATION}..{names[unseen - 1]}",
        "unseen": f"{UNSEEN}..",
        "unseen_rmse": f"{model_error:.2f}",
        "unseen_rmse_persistence": f"{persistence:.2f}",
        "source": f"PyTorch {torch.__version__}, R's sunspot.month, examples/sunspots/train.py",
    }
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    write_safetensors(HERE / "sunspots.safetensors", weights, metadata)
    write_safetensors(
        HERE / "predictions.safetensors",
        {"predictions": predictions.numpy(), "forecast": forecast.numpy()},
        {**metadata, "series": f"{names[0]}..{names[-1]}"},
    )


if __name__ == "__main__":
    main()
