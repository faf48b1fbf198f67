"""Makes the files in test/torch/networks: networks as people write and save them in PyTorch, with what each gives.

    apt-get install python3-torch
    /usr/bin/python3 tools/make_torch_models.py                 # the files and cases.json
    /usr/bin/python3 tools/make_torch_models.py --export        # NAME.onnx, by the lines of Python in cases.json

NAME.pt is the file under test; NAME.safetensors has `in` and `out`: what the network makes of it in float64. cases.json
has for each

    options   what makes it right; null where no chain can
    alone     what load must do without options: "right", "assumed" (a model, other than this network, that says what
              it took for granted) or "refused"
    onnx      the line of Python that the refusal shows, run word for word by --export; "" where there is none

test/torch/networks.test.ts holds that the refusal shows that line. PyTorch 1.13.0 made the committed files.
"""
import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))
from safetensors_writer import write_safetensors  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "test" / "torch" / "networks"

NETWORKS = {}


def network(**case):
    """Registers a class with how it is saved, its input and what its case says."""

    def register(cls):
        NETWORKS[cls.__name__] = (cls, case)
        return cls

    return register


def series(batch=2, steps=7, size=3):
    return torch.randn(batch, steps, size)


class Net(nn.Module):
    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)


# ───────── functions between layers, which leave no trace in a state dict


@network(alone="assumed", options={"chain": ["lstm", "last", "relu", "fc"]})
class relu_function(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 5, batch_first=True), fc=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc(F.relu(self.lstm(x)[0][:, -1]))


@network(alone="assumed", options={"chain": ["gru", "fc", "sigmoid"]})
class sigmoid_function(Net):
    def __init__(self):
        super().__init__(gru=nn.GRU(3, 5, num_layers=2, dropout=0.2, batch_first=True), fc=nn.Linear(5, 2))

    def forward(self, x):
        return torch.sigmoid(self.fc(self.gru(x)[0]))


@network(alone="assumed", options=None)
class residual_function(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(4, 4, batch_first=True), fc=nn.Linear(4, 2))

    def forward(self, x):
        return self.fc(self.lstm(x)[0] + x)

    given = series(size=4)


@network(alone="assumed", options=None)
class mean_over_time(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 5, batch_first=True), fc=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc(self.lstm(x)[0].mean(1))


@network(alone="refused", options={"chain": ["fc_in", "relu", "gru", "fc_out"]})
class projected_input(Net):
    def __init__(self):
        super().__init__(fc_in=nn.Linear(3, 6), gru=nn.GRU(6, 5, batch_first=True), fc_out=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc_out(self.gru(F.relu(self.fc_in(x)))[0])


# ───────── encoders and decoders, heads, attention


@network(alone="refused", options={"chain": ["encoder", "last", {"repeat": 7}, "decoder", "output"]})
class autoencoder(Net):
    def __init__(self):
        super().__init__(
            encoder=nn.LSTM(3, 6, batch_first=True), decoder=nn.LSTM(6, 6, batch_first=True), output=nn.Linear(6, 3)
        )

    def forward(self, x):
        _, (hidden, _) = self.encoder(x)
        repeated = hidden[-1].unsqueeze(1).repeat(1, x.size(1), 1)
        return self.output(self.decoder(repeated)[0])


@network(alone="refused", options=None)
class encoder_state_decoder(Net):
    def __init__(self):
        super().__init__(
            encoder=nn.GRU(3, 6, batch_first=True), decoder=nn.GRU(3, 6, batch_first=True), out=nn.Linear(6, 3)
        )

    def forward(self, x):
        _, hidden = self.encoder(x)
        return self.out(self.decoder(x, hidden)[0])


@network(alone="refused", options=None)
class attention(Net):
    def __init__(self):
        super().__init__(
            rnn=nn.LSTM(3, 4, bidirectional=True, batch_first=True), score=nn.Linear(8, 1), fc=nn.Linear(8, 2)
        )

    def forward(self, x):
        y, _ = self.rnn(x)
        weights = torch.softmax(self.score(torch.tanh(y)), 1)
        return self.fc((weights * y).sum(1))


@network(alone="refused", options={"chain": ["body", "last", "policy"]})
class actor_critic(Net):
    """Its case is the first head."""

    def __init__(self):
        super().__init__(body=nn.GRU(3, 5, batch_first=True), policy=nn.Linear(5, 4), value=nn.Linear(5, 1))

    def forward(self, x):
        last = self.body(x)[0][:, -1]
        return self.policy(last), self.value(last)


@network(alone="refused", options=None)
class gated_residual_stack(Net):
    def __init__(self):
        super().__init__(rnns=nn.ModuleList(nn.GRU(4, 4, batch_first=True) for _ in range(3)), fc=nn.Linear(4, 1))
        self.gates = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x):
        for rnn, gate in zip(self.rnns, self.gates):
            x = x + torch.sigmoid(gate(x)) * rnn(x)[0]
        return self.fc(x)

    given = series(size=4)


# ───────── normalisation, convolution, numbered heads


@network(alone="refused", options={"chain": ["rnn", "norm", "drop", "fc"]})
class layer_norm(Net):
    def __init__(self):
        super().__init__(
            rnn=nn.LSTM(3, 5, batch_first=True), norm=nn.LayerNorm(5), drop=nn.Dropout(0.1), fc=nn.Linear(5, 2)
        )

    def forward(self, x):
        return self.fc(self.drop(self.norm(self.rnn(x)[0])))


@network(alone="refused", options={"chain": ["bn_in", "lstm", "last", "fc1", "bn", "relu", "fc2"]})
class batch_norms(Net):
    def __init__(self):
        super().__init__(
            bn_in=nn.BatchNorm1d(3),
            lstm=nn.LSTM(3, 5, batch_first=True),
            fc1=nn.Linear(5, 6),
            bn=nn.BatchNorm1d(6),
            relu=nn.ReLU(),
            fc2=nn.Linear(6, 2),
        )

    def forward(self, x):
        x = self.bn_in(x.transpose(1, 2)).transpose(1, 2)
        return self.fc2(self.relu(self.bn(self.fc1(self.lstm(x)[0][:, -1]))))


@network(
    alone="refused",
    options={
        "chain": [
            {"conv1d": "conv1", "padding": 2, "activation": "relu"},
            {"conv1d": "conv2", "stride": 2},
            "tanh",
            "gru",
            "last",
            "head.0",
            "leaky_relu",
            "head.3",
        ]
    },
)
class convolutions(Net):
    def __init__(self):
        super().__init__(
            conv1=nn.Conv1d(3, 4, 5, padding=2),
            conv2=nn.Conv1d(4, 5, 3, stride=2),
            gru=nn.GRU(5, 6, batch_first=True),
            head=nn.Sequential(nn.Linear(6, 4), nn.LeakyReLU(), nn.Dropout(0.5), nn.Linear(4, 2)),
        )

    def forward(self, x):
        x = F.relu(self.conv1(x.transpose(1, 2)))
        x = torch.tanh(self.conv2(x)).transpose(1, 2)
        return self.head(self.gru(x)[0][:, -1])

    given = series(steps=12)


@network(alone="refused", options={"chain": ["embed", "rnn", "last", "classify", "softmax"]})
class text_classifier(Net):
    def __init__(self):
        super().__init__(
            embed=nn.Embedding(11, 4), rnn=nn.GRU(4, 5, batch_first=True), classify=nn.Linear(5, 3), softmax=nn.Softmax(-1)
        )

    def forward(self, tokens):
        return self.softmax(self.classify(self.rnn(self.embed(tokens))[0][:, -1]))

    given = torch.randint(0, 11, (2, 7))


# ───────── both directions, and time in front


@network(alone="assumed", options={"chain": ["lstm", "last", "fc"]})
class bidirectional_last(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 4, bidirectional=True, batch_first=True), fc=nn.Linear(8, 2))

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


@network(alone="assumed", options={"chain": ["lstm", "fc"], "layers": {"lstm": {"returnSequences": False}}})
class bidirectional_hidden(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 4, bidirectional=True, batch_first=True), fc=nn.Linear(8, 2))

    def forward(self, x):
        _, (hidden, _) = self.lstm(x)
        return self.fc(torch.cat([hidden[-2], hidden[-1]], -1))


@network(alone="right", options={}, time_first=True)
class time_first(Net):
    """[T, B, I], PyTorch's own order: `in` and `out` are turned to [B, T, I] for the case."""

    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 5, num_layers=2), decoder=nn.Linear(5, 2))

    def forward(self, x):
        return self.decoder(self.lstm(x)[0])


# ───────── as trainers save them


def lightning(net):
    """LightningModule: the network under a name of its own, its loss and metric beside it."""
    state = nn.ModuleDict({"model": net, "criterion": nn.CrossEntropyLoss(weight=torch.ones(2)), "train_acc": nn.Identity()})
    optimizer = torch.optim.Adam(net.parameters())
    return {
        "epoch": 4,
        "global_step": 500,
        "pytorch-lightning_version": "1.9.5",
        "state_dict": state.state_dict(),
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5), "dirpath": Path("runs")}},
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [{"base_lrs": [1e-3], "verbose": False}],
        "hparams_name": "hparams",
        "hyper_parameters": argparse.Namespace(lr=np.float64(1e-3), sizes=np.array([3, 5]), device=torch.device("cpu")),
    }


@network(alone="right", options={}, save=lightning)
class lightning_checkpoint(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 5, batch_first=True), dropout=nn.Dropout(0.1), fc=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc(self.dropout(self.lstm(x)[0]))


def trainer(net):
    """The training loop of a tutorial."""
    losses = defaultdict(list)
    losses["train"].append(np.float32(0.5))
    return {
        "epoch": np.int64(3),
        "model_state_dict": net.state_dict(),
        "optimizer_state_dict": torch.optim.SGD(net.parameters(), 0.1, momentum=0.9).state_dict(),
        "scaler": {"mean": np.zeros(3), "std": np.ones(3)},
        "rng": np.random.RandomState(0).get_state(),
        "history": losses,
        "best": np.float64(0.25),
    }


@network(alone="assumed", options={"chain": ["rnn", "last", "fc"], "nonlinearity": "relu"}, save=trainer)
class trainer_checkpoint(Net):
    def __init__(self):
        super().__init__(rnn=nn.RNN(3, 5, nonlinearity="relu", batch_first=True), fc=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


def fastai(net):
    """learn.save: the module wrapped, its optimizer beside it."""
    return {"model": nn.DataParallel(net).state_dict(), "opt": {"state": [{"mom": torch.zeros(2)}], "hypers": [{"lr": np.float64(1e-3)}]}}


@network(alone="right", options={}, save=fastai)
class fastai_learner(Net):
    """AWD-LSTM's shape: numbered layers of their own, tied sizes."""

    def __init__(self):
        super().__init__(
            encoder=nn.Embedding(11, 4), rnns=nn.ModuleList([nn.LSTM(4, 6, batch_first=True), nn.LSTM(6, 4, batch_first=True)])
        )
        self.decoder = nn.Linear(4, 11)

    def forward(self, tokens):
        x = self.encoder(tokens)
        for rnn in self.rnns:
            x = rnn(x)[0]
        return self.decoder(x)

    given = torch.randint(0, 11, (2, 7))


@network(alone="right", options={}, save=lambda net: {key: value.half() for key, value in net.state_dict().items()}, half=True)
class trainer_half(Net):
    """pytorch_model.bin of a Trainer with fp16: a plain dict."""

    def __init__(self):
        super().__init__(backbone=nn.ModuleDict({"rnn": nn.GRU(3, 5, batch_first=True)}), classifier=nn.Linear(5, 2))

    def forward(self, x):
        return self.classifier(self.backbone["rnn"](x)[0])


@network(alone="refused", options={"chain": ["lstm", "last", "act", "fc"]}, save=lambda net: net)
class saved_whole(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 5, batch_first=True), act=nn.ELU(0.5), fc=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc(self.act(self.lstm(x)[0][:, -1]))


@network(alone="refused", options={"chain": ["lstm", "last", "act", "fc"]}, script=True)
class scripted(Net):
    def __init__(self):
        super().__init__(lstm=nn.LSTM(3, 5, batch_first=True), act=nn.Sigmoid(), fc=nn.Linear(5, 2))

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.fc(self.act(y[:, -1]))


@network(alone="right", options={}, trace=True)
class traced(Net):
    def __init__(self):
        super().__init__(gru=nn.GRU(3, 5, batch_first=True), drop=nn.Dropout(0.1), fc=nn.Linear(5, 2))

    def forward(self, x):
        return self.fc(self.drop(self.gru(x)[0]))


def build(name):
    """The network, trained enough that a BatchNorm has numbers, and its input."""
    cls, case = NETWORKS[name]
    torch.manual_seed(sum(map(ord, name)))
    net = cls()
    given = getattr(cls, "given", None)
    given = series(size=3) if given is None else given
    with torch.no_grad():
        for _ in range(3):
            net(given)
        for each in net.modules():
            if isinstance(each, (nn.LayerNorm, nn.BatchNorm1d)):
                each.weight.uniform_(0.5, 1.5)
                each.bias.uniform_(-0.5, 0.5)
    if case.get("half"):
        net.half().float()
    return net.eval(), given


def save(name):
    cls, case = NETWORKS[name]
    net, given = build(name)
    file = OUT / f"{name}.pt"
    if case.get("script"):
        torch.jit.script(net).save(file)
    elif case.get("trace"):
        torch.jit.trace(net, given).save(file)
    else:
        torch.save(case.get("save", nn.Module.state_dict)(net), file)
    with torch.no_grad():
        result = net.double()(given if given.dtype == torch.long else given.double())
    result = result[0] if isinstance(result, tuple) else result
    if case.get("time_first"):
        given, result = given.transpose(0, 1), result.transpose(0, 1)
    tensors = {"in": given.float().contiguous().numpy(), "out": result.float().contiguous().numpy()}
    write_safetensors(OUT / f"{name}.safetensors", tensors, {"torch": torch.__version__})


def export(cases):
    """What a user does whose file was refused: the line of the message, where `model` is theirs."""
    import os

    os.chdir(OUT)
    for case in cases:
        if not case["onnx"]:
            continue
        model, _ = build(case["name"])
        exec(case["onnx"], {"model": model})
        os.replace("model.onnx", f"{case['name']}.onnx")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "cases.json"
    before = {case["name"]: case for case in json.loads(path.read_text())} if path.exists() else {}
    cases = [
        {
            "name": name,
            "options": case["options"],
            "alone": case["alone"],
            "onnx": before.get(name, {}).get("onnx", ""),
        }
        for name, (_, case) in NETWORKS.items()
    ]
    if "--export" in sys.argv:
        export(cases)
    else:
        for name in NETWORKS:
            save(name)
        path.write_text(json.dumps(cases, indent=2) + "\n")
