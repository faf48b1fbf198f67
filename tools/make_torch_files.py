"""Makes the files in test/torch/fixtures: what torch.save writes, in all the forms that people have.

    apt-get install python3-torch
    /usr/bin/python3 tools/make_torch_files.py

NAME.pt is the file under test. NAME.safetensors beside it, for those that can be read, has every float tensor that the
file holds, as float32 under its own name behind "dict.", and for those that hold a whole network `input` and `output`:
what the network makes of it in float64, rounded once. Its metadata `case` is JSON:

    state_dict   where the state dict is in the file
    integers     names of tensors that are no floats
    modules      names and kinds of the layers, in order

The .pt files are those of the installed PyTorch (1.13.0 made the committed ones). The old form names storages by
addresses, so its bytes differ from run to run.
"""
import io
import json
import sys
import zipfile
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))
from safetensors_writer import write_safetensors  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "test" / "torch" / "fixtures"


class Network(nn.Module):
    """Layers by their names, one after another; of a recurrent one the output alone."""

    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, values):
        for layer in self.children():
            values = layer(values)
            values = values[0] if isinstance(values, tuple) else values
        return values


def flat(value, prefix=""):
    """The tensors in dicts and lists, under dotted names."""
    if isinstance(value, torch.Tensor):
        yield prefix, value
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from flat(item, f"{prefix}.{key}" if prefix else str(key))


class Cells(nn.Module):
    """Cells by their names, each over all steps of what the one before gave."""

    def __init__(self, **cells):
        super().__init__()
        for name, cell in cells.items():
            self.add_module(name, cell)

    def forward(self, values):
        for cell in self.children():
            state, steps = None, []
            for step in values.unbind(1):
                state = cell(step, state)
                steps.append(state[0] if isinstance(state, tuple) else state)
            values = torch.stack(steps, 1)
        return values


def save(name, saved, *, path="", network=None, given=None, prefix="", **options):
    """NAME.pt with `saved`, whose state dict is at `path`, and NAME.safetensors with what must be read."""
    torch.save(saved, OUT / f"{name}.pt", **options)
    describe(name, saved, path, network, given, prefix)


def describe(name, saved, path="", network=None, given=None, prefix=""):
    dictionary = saved
    for key in filter(None, path.split(".")):
        dictionary = dictionary[key]
    tensors = dict(flat(dictionary))
    floats = {key: value for key, value in tensors.items() if value.is_floating_point()}
    expected = {f"dict.{key}": value.detach().float().numpy() for key, value in floats.items()}
    case = {"state_dict": path, "integers": [key for key in tensors if key not in floats]}
    if network is not None:
        if given is None:
            given = torch.randn(2, 7, next(network.children()).input_size)
        exact = given if given.dtype == torch.long else given.double()
        with torch.no_grad():
            output = network.double()(exact).float()
        expected.update(input=given.float().numpy(), output=output.numpy())
        kinds = {key: type(layer).__name__.replace("Cell", "") for key, layer in network.named_children()}
        case["modules"] = [[prefix + key, kind] for key, kind in kinds.items()]
    write_safetensors(OUT / f"{name}.safetensors", expected, {"case": json.dumps(case)})


def networks():
    """Each kind of layer by itself, under a prefix."""
    kinds = {
        "rnn-relu": nn.RNN(3, 5, nonlinearity="relu", batch_first=True),
        "lstm": nn.LSTM(3, 5, num_layers=2, bidirectional=True, batch_first=True),
        "lstm-projection": nn.LSTM(3, 6, proj_size=4, batch_first=True),
        "gru": nn.GRU(4, 3, bias=False, batch_first=True),
    }
    for name, layer in kinds.items():
        network = Network(rnn=layer)
        save(name, network.state_dict(), network=network)


def chains():
    tagger = Network(lstm1=nn.LSTM(4, 6, batch_first=True), lstm2=nn.LSTM(6, 5, batch_first=True), fc=nn.Linear(5, 3))
    save("tagger", tagger.state_dict(), network=tagger)
    tokens = torch.randint(0, 11, (2, 9))
    for protocol in (2, 3, 4, 5):
        speller = Network(embed=nn.Embedding(11, 4), gru=nn.GRU(4, 6, batch_first=True), out=nn.Linear(6, 11))
        save(f"speller-protocol-{protocol}", speller.state_dict(), network=speller, given=tokens, pickle_protocol=protocol)
    heads = nn.ModuleDict({"rnn": nn.GRU(3, 4), "head": nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))})
    save("head", heads.state_dict())
    pair = nn.ModuleDict({"left": nn.LSTM(4, 4), "right": nn.LSTM(4, 4)})
    save("pair", pair.state_dict())


def number_types():
    for name, dtype in {"half": torch.half, "bfloat16": torch.bfloat16, "double": torch.double}.items():
        network = Network(rnn=nn.LSTM(3, 5, batch_first=True), fc=nn.Linear(5, 2)).to(dtype)
        save(name, network.state_dict(), network=network, given=torch.randn(2, 7, 3))


def views():
    """Tensors whose numbers are not one after another in a storage of their own."""
    base = torch.arange(24.0).reshape(4, 6)
    return {
        "base": base,
        "transposed": base.t(),
        "row": base[2],
        "column": base[:, 2],
        "steps": base[::2, 1::2],
        "window": base[1:3, 2:5],
        "cube": torch.randn(2, 3, 4).permute(2, 0, 1),
        "expanded": torch.tensor([1.0, 2.0]).expand(3, 2),
        "scalar": torch.tensor(7.5),
        "scalar_view": base[3, 4],
        "empty": torch.zeros(0, 3),
        "half_transposed": torch.randn(3, 2).half().t(),
        "parameter": nn.Parameter(base[:, :2]),
        "integers": torch.arange(3),
        "flags": torch.tensor([True, False]),
        "complex": torch.randn(2, dtype=torch.cfloat),
    }


def checkpoint(network):
    """What a training loop saves, its optimizer's state with it."""
    optimizer = torch.optim.Adam(network.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    network(torch.randn(2, 7, 3)).sum().backward()
    optimizer.step()
    return {
        "epoch": 12,
        "model_state_dict": network.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "loss": 0.25,
        "losses": [1.5, 0.5, 2**70],
        "random": torch.get_rng_state(),
        "settings": {"device": torch.device("cuda:0"), "dtype": torch.float16, "size": torch.Size([2, 3]), "none": None},
    }


def checkpoints():
    network = Network(rnn=nn.RNN(3, 4, batch_first=True), fc=nn.Linear(4, 2))
    saved = checkpoint(network)
    save("checkpoint", saved, path="model_state_dict", network=network, given=torch.randn(2, 7, 3))
    lightning = {f"model.{key}": value for key, value in nn.LSTM(3, 4).state_dict().items()}
    saved = {"state_dict": lightning, "hyper_parameters": {"lr": 1e-3}, "optimizer_states": [{"state": {}, "param_groups": []}]}
    save("lightning", saved, path="state_dict")
    save("nested", {"encoder": nn.GRU(3, 4).state_dict(), "decoder": nn.GRU(4, 4).state_dict(), "step": 3})
    norm = nn.ModuleDict({"rnn": nn.GRU(3, 4), "norm": nn.BatchNorm1d(4)})
    save("batch-norm", norm.state_dict())


def trainers():
    """State dicts as tools around PyTorch save them."""
    network = Network(rnn=nn.LSTM(3, 4, batch_first=True), fc=nn.Linear(4, 2))
    save("data-parallel", nn.DataParallel(network).state_dict(), network=network, prefix="module.")
    cells = Cells(encoder=nn.LSTMCell(3, 4), decoder=nn.GRUCell(4, 5), last=nn.RNNCell(5, 2))
    save("cells", cells.state_dict(), network=cells, given=torch.randn(2, 7, 3))
    network = Network(gru=nn.GRU(3, 4, batch_first=True), head=nn.Linear(4, 1))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.randn(2, 7, 3)).sum().backward()
    optimizer.step()
    progress = {"total": {"ready": 5, "completed": 5}, "current": {"ready": 1, "completed": 1}}
    saved = {
        "epoch": 3,
        "global_step": 128,
        "pytorch-lightning_version": "2.1.0",
        "state_dict": {f"model.{key}": value for key, value in network.state_dict().items()},
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": progress}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'loss', 'mode': 'min'}": {
                "best_model_score": torch.tensor(0.25),
                "best_model_path": "epoch=3.ckpt",
                "kth_value": torch.tensor(float("inf")),
                "best_k_models": {},
            }
        },
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 1e-3, "hidden": 4},
    }
    save("lightning-full", saved, path="state_dict", network=network, prefix="model.")


def old_form():
    old = {"_use_new_zipfile_serialization": False}
    network = Network(rnn=nn.LSTM(3, 5, batch_first=True), fc=nn.Linear(5, 2))
    save("old-lstm", network.state_dict(), network=network, **old)
    save("old-views", views(), **old)
    network = Network(rnn=nn.RNN(3, 4, batch_first=True), fc=nn.Linear(4, 2))
    saved = checkpoint(network)
    save("old-checkpoint", saved, path="model_state_dict", network=network, given=torch.randn(2, 7, 3), **old)


def deflated():
    """The same file through a zip program that compresses."""
    saved = nn.LSTM(3, 10).state_dict()
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(OUT / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)
    describe("deflated", saved)


class Harmful:
    """Unpickled by Python, it calls what it names."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def refused():
    import os

    network = nn.LSTM(2, 3)
    torch.save(network, OUT / "refused-module.pt")
    torch.save(network, OUT / "refused-module-old.pt", _use_new_zipfile_serialization=False)
    torch.jit.script(network).save(OUT / "refused-script.pt")
    torch.save(nn.utils.rnn.pack_sequence([torch.zeros(2)]), OUT / "refused-packed.pt")
    harms = {"system": Harmful(os.system, "touch harmed"), "eval": Harmful(eval, "1 / 0"), "exec": Harmful(exec, "1 / 0")}
    for name, harm in harms.items():
        torch.save({"weight": torch.zeros(2), "harm": harm}, OUT / f"refused-{name}.pt")
    torch.save(harms["system"], OUT / "refused-system-old.pt", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    networks()
    chains()
    number_types()
    save("views", views())
    checkpoints()
    trainers()
    old_form()
    deflated()
    refused()
