"""Writes test/keras/fixtures: .keras and .h5 files in the layout of Keras 2 and 3, an input and the expected output.

    /usr/bin/python3 tools/make_keras_files.py        (Debian: python3-h5py, python3-numpy)

No Keras runs here: h5py writes what keras/src/saving/saving_lib.py (Keras 3), tf_keras/saving/saving_lib.py (2.12 to
2.15) and legacy_h5_format.py (.h5) write, the configs have the fields of real files, and the expected output is
computed below in float64, from Keras's equations in Keras's own layout.
"""

import io
import json
import pathlib
import zipfile

import h5py
import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "keras" / "fixtures"
random = np.random.default_rng(7)


# ---- the equations, batches first: x [B, T, I], mask [B, T] or None


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


ACTIVATIONS = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "silu": lambda x: x * sigmoid(x),
    "selu": lambda x: 1.0507009873554805
    * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "softmax": softmax,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
}


def activation(name, keras):
    if name == "hard_sigmoid":
        slope = 1 / 6 if keras == 3 else 0.2
        return lambda x: np.clip(slope * x + 0.5, 0, 1)
    return ACTIVATIONS[name]


def step(kind, config, weights, keras, x, states):
    kernel, recurrent, *rest = weights
    bias = rest[0] if rest else 0
    f = activation(config["activation"], keras)
    if kind == "SimpleRNN":
        return [f(x @ kernel + bias + states[0] @ recurrent)]
    g = activation(config["recurrent_activation"], keras)
    h, units = states[0], config["units"]
    if kind == "LSTM":
        i, fo, c, o = np.split(x @ kernel + h @ recurrent + bias, 4, -1)
        cell = g(fo) * states[1] + g(i) * f(c)
        return [g(o) * f(cell), cell]
    u = units
    if config["reset_after"]:
        ours, theirs = bias if rest else (0, 0)
        a, b = x @ kernel + ours, h @ recurrent + theirs
        z, r = g(a[:, :u] + b[:, :u]), g(a[:, u : 2 * u] + b[:, u : 2 * u])
        hh = f(a[:, 2 * u :] + r * b[:, 2 * u :])
    else:
        a = x @ kernel + bias
        b = h @ recurrent[:, : 2 * u]
        z, r = g(a[:, :u] + b[:, :u]), g(a[:, u : 2 * u] + b[:, u:])
        hh = f(a[:, 2 * u :] + (r * h) @ recurrent[:, 2 * u :])
    return [z * h + (1 - z) * hh]


def run(kind, config, weights, keras, x, mask, zeros=None):
    """Outputs in the order of processing, as Keras returns them."""
    zeros = config.get("zero_output_for_mask", False) if zeros is None else zeros
    if config["go_backwards"]:
        x, mask = x[:, ::-1], None if mask is None else mask[:, ::-1]
    count = 2 if kind == "LSTM" else 1
    states = [np.zeros((len(x), config["units"]))] * count
    previous = np.zeros((len(x), config["units"]))
    outputs = []
    for t in range(x.shape[1]):
        new = step(kind, config, weights, keras, x[:, t], states)
        output = new[0]
        if mask is not None:
            m = mask[:, t, None]
            output = np.where(m, output, 0 if zeros else previous)
            new = [np.where(m, n, s) for n, s in zip(new, states)]
        states, previous = new, output
        outputs.append(output)
    return np.stack(outputs, 1) if config["return_sequences"] else outputs[-1]


MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


# ---- layers: each a config, weights by Keras's attributes, and what it computes


class Layer:
    def __init__(self, kind, config, parts, compute, name):
        self.kind, self.config, self.compute = kind, config, compute
        self.parts = parts  # path of attributes -> weights in order
        self.name = name

    def weights(self):
        return [w for weights in self.parts.values() for w in weights]


def uniform(*shape):
    return random.uniform(-1, 1, shape).astype(np.float32)


GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
NAMES = ["kernel", "recurrent_kernel", "bias"]


def cell_config(kind, units, keras, given):
    config = {"units": units, "activation": "tanh", "use_bias": True}
    if kind != "SimpleRNN":
        config["recurrent_activation"] = "sigmoid"
    if kind == "GRU":
        config["reset_after"] = True
    config.update(given)
    return config


def cell_weights(kind, inputs, config):
    rows = GATES[kind] * config["units"]
    weights = [uniform(inputs, rows), uniform(config["units"], rows)]
    if config["use_bias"]:
        two = kind == "GRU" and config["reset_after"]
        weights.append(uniform(2, rows) if two else uniform(rows))
    return weights


def wide(weights):
    return [w.astype(np.float64) for w in weights]


LOOP = {
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
}
OF_THE_LOOP = [*LOOP, "zero_output_for_mask"]


def split(given):
    loop = {k: v for k, v in given.items() if k in OF_THE_LOOP}
    return loop, {k: v for k, v in given.items() if k not in OF_THE_LOOP}


def recurrent(kind, inputs, units, keras, name, **given):
    loop, own = split(given)
    config = {"name": name, **LOOP, **loop, **cell_config(kind, units, keras, own)}
    weights = cell_weights(kind, inputs, config)

    def compute(x, mask, zeros=None):
        return run(kind, config, wide(weights), keras, x, mask, zeros)

    return Layer(kind, config, {"cell": weights}, compute, name)


def bidirectional(kind, inputs, units, keras, name, merge, backward=None, **given):
    ahead = recurrent(kind, inputs, units, keras, f"forward_{kind.lower()}", **given)
    back = recurrent(
        kind,
        inputs,
        units,
        keras,
        f"backward_{kind.lower()}",
        **{**given, **(backward or {}), "go_backwards": True},
    )
    sequences = given.get("return_sequences", False)

    def compute(x, mask):
        a, b = ahead.compute(x, mask, sequences), back.compute(x, mask, sequences)
        return MERGES[merge](a, b[:, ::-1] if sequences else b)

    config = {"name": name, "merge_mode": merge, "layer": described(ahead, keras)}
    if backward or keras == 3:
        config["backward_layer"] = described(back, keras)
    parts = {
        "forward_layer/cell": ahead.parts["cell"],
        "backward_layer/cell": back.parts["cell"],
    }
    return Layer("Bidirectional", config, parts, compute, name)


def cells(inputs, list_of, keras, name, **given):
    loop, _ = split(given)
    loop = {**LOOP, **loop}
    parts, configs, size = {}, [], inputs
    used = {}
    for kind, units, own in list_of:
        config = {"name": f"{kind.lower()}_cell", **cell_config(kind, units, keras, own)}
        snake = {"SimpleRNN": "simple_rnn", "LSTM": "lstm", "GRU": "gru"}[kind] + "_cell"
        count = used.get(snake, -1) + 1
        used[snake] = count
        path = f"cell/cells/{snake}" + (f"_{count}" if count else "")
        parts[path if len(list_of) > 1 else "cell"] = cell_weights(kind, size, config)
        configs.append((kind, config))
        size = units

    def compute(x, mask):
        for index, ((kind, config), weights) in enumerate(zip(configs, parts.values())):
            last = index == len(configs) - 1
            own = {**config, **loop, "return_sequences": True}
            x = run(kind, own, wide(weights), keras, x, mask)
            if loop["go_backwards"] and not last:
                x = x[:, ::-1]
        return x if loop["return_sequences"] else x[:, -1]

    layers = [
        serialized(f"{kind}Cell", config, keras, "keras.layers")
        for kind, config in configs
    ]
    cell = layers[0]
    if len(layers) > 1:
        stacked = {"name": "stacked_rnn_cells", "cells": layers}
        cell = serialized("StackedRNNCells", stacked, keras, "keras.layers")
    return Layer("RNN", {"name": name, **loop, "cell": cell}, parts, compute, name)


def dense(inputs, units, keras, name, act="linear", use_bias=True, distributed=False):
    weights = [uniform(inputs, units)] + ([uniform(units)] if use_bias else [])
    config = {"name": name, "units": units, "activation": act, "use_bias": use_bias}

    def compute(x, mask):
        kernel, *bias = wide(weights)
        return activation(act, keras)(x @ kernel + (bias[0] if bias else 0))

    layer = Layer("Dense", config, {"": weights}, compute, name)
    if not distributed:
        return layer
    outer = {"name": f"time_distributed_{name}", "layer": described(layer, keras)}
    return Layer("TimeDistributed", outer, {"layer": weights}, compute, outer["name"])


def embedding(vocabulary, size, keras, name, mask_zero=False):
    table = uniform(vocabulary, size)
    config = {
        "name": name,
        "input_dim": vocabulary,
        "output_dim": size,
        "mask_zero": mask_zero,
    }
    compute = lambda x, mask: table.astype(np.float64)[x.astype(int)]
    layer = Layer("Embedding", config, {"": [table]}, compute, name)
    if mask_zero:
        layer.mask = lambda x: x != 0
    return layer


def masking(value, name):
    layer = Layer("Masking", {"name": name, "mask_value": value}, {}, None, name)
    layer.mask = lambda x: (x != value).any(-1)
    layer.compute = lambda x, mask: x * layer.mask(x)[..., None]
    return layer


def plain(kind, name, compute, **config):
    return Layer(kind, {"name": name, **config}, {}, compute, name)


def dropout(name):
    return plain("Dropout", name, lambda x, mask: x, rate=0.2, seed=None)


def batch_normalization(size, name):
    gamma, beta, mean = uniform(size), uniform(size), uniform(size)
    variance = np.abs(uniform(size)) + np.float32(0.1)

    def compute(x, mask):
        g, b, m, v = wide([gamma, beta, mean, variance])
        return g * (x - m) / np.sqrt(v + 0.001) + b

    config = {"axis": -1, "epsilon": 0.001, "center": True, "scale": True}
    parts = {"": [gamma, beta, mean, variance]}
    return Layer("BatchNormalization", {"name": name, **config}, parts, compute, name)


# ---- configs


def serialized(kind, config, keras, module):
    if keras < 2.12:
        return {"class_name": kind, "config": config}
    return {
        "module": module,
        "class_name": kind,
        "config": config,
        "registered_name": None,
    }


def described(layer, keras):
    return serialized(layer.kind, layer.config, keras, "keras.layers")


def input_layer(shape, keras, name="input_layer"):
    key = "batch_shape" if keras == 3 else "batch_input_shape"
    config = {key: [None, *shape], "dtype": "float32", "sparse": False, "name": name}
    return serialized("InputLayer", config, keras, "keras.layers")


def sequential(layers, shape, keras):
    listed = [input_layer(shape, keras), *(described(each, keras) for each in layers)]
    config = {"name": "sequential", "trainable": True, "layers": listed}
    return serialized("Sequential", config, keras, "keras")


def tensor(name, index=0):
    history = {"shape": [None], "dtype": "float32", "keras_history": [name, 0, index]}
    return {"class_name": "__keras_tensor__", "config": history}


def functional(layers, shape, keras):
    """One chain. Keras 3 draws the masks too."""
    first = input_layer(shape, keras)
    listed = [{**first, "name": "input_layer", "inbound_nodes": []}]
    before, mask = "input_layer", None
    for layer in layers:
        if keras == 3:
            node = {"args": [tensor(before)], "kwargs": {}}
            if layer.kind in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
                node["kwargs"] = {"training": False, "mask": mask and tensor(mask)}
            nodes = [node]
        else:
            nodes = [[[before, 0, 0, {}]]]
        if hasattr(layer, "mask") and keras == 3:
            name = f"not_equal_{layer.name}"
            operation = {
                "module": "keras.src.ops.numpy",
                "class_name": "NotEqual",
                "config": {"name": name},
                "registered_name": "NotEqual",
                "name": name,
                "inbound_nodes": [{"args": [tensor(before), 0.0], "kwargs": {}}],
            }
            listed.append(operation)
            mask = name
        listed.append(
            {**described(layer, keras), "name": layer.name, "inbound_nodes": nodes}
        )
        before = layer.name
        if layer.config.get("return_sequences") is False:
            mask = None
    config = {
        "name": "functional",
        "trainable": True,
        "layers": listed,
        "input_layers": [["input_layer", 0, 0]],
        "output_layers": [[before, 0, 0]],
    }
    return serialized("Functional", config, keras, "keras.src.models.functional")


# ---- files


SNAKE = {
    "SimpleRNN": "simple_rnn",
    "TimeDistributed": "time_distributed",
    "BatchNormalization": "batch_normalization",
}


def save_paths(file, layers, folder="layers", windows=False):
    """windows: as tf_keras joined paths there, so that all but "vars" is the name of one group."""
    joined = lambda path: path.replace("/", "\\") if windows else path
    used = {}
    for layer in layers:
        snake = SNAKE.get(layer.kind, layer.kind.lower())
        count = used.get(snake, -1) + 1
        used[snake] = count
        name = snake + (f"_{count}" if count else "")
        own = joined(f"{folder}/{name}")
        if "" not in layer.parts:
            file.create_group(f"{own}/vars").attrs["name"] = layer.name
        for path, weights in layer.parts.items():
            inner = joined(f"{folder}/{name}/{path}") if path else own
            group = file.create_group(f"{inner}/vars")
            group.attrs["name"] = path.split("/")[-1] or layer.name
            for index, weight in enumerate(weights):
                group[str(index)] = weight


def write_keras(name, config, layers, version, folder="layers", windows=False):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        save_paths(file, layers, folder, windows)
    metadata = {"keras_version": version, "date_saved": "2026-01-01@00:00:00"}
    with zipfile.ZipFile(FOLDER / name, "w") as archive:
        archive.writestr(stamped("metadata.json"), json.dumps(metadata))
        archive.writestr(stamped("config.json"), json.dumps(config))
        archive.writestr(stamped("model.weights.h5"), data.getvalue())


def stamped(name):
    return zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))


def weight_names(layer, keras):
    short = {"": "", "layer": ""}
    for path, weights in layer.parts.items():
        if path.startswith(("forward", "backward")):
            inner = f"{path.split('_')[0]}_lstm/lstm_cell/"
        elif path in short:
            inner = ""
        else:
            inner = path.split("/")[-1] + "/"
        names = NAMES if len(weights) > 1 and path else ["kernel", "bias"]
        if layer.kind == "Embedding":
            names = ["embeddings"]
        if layer.kind == "BatchNormalization":
            names = ["gamma", "beta", "moving_mean", "moving_variance"]
        if layer.kind == "TimeDistributed":
            names = ["kernel", "bias"]
        for role, weight in zip(names, weights):
            yield f"{layer.name}/{inner}{role}" + (":0" if keras < 3 else ""), weight


def write_h5(name, config, layers, version, keras, fixed=False):
    """fixed: texts of fixed size, as h5py 2 wrote them; else of variable size, as h5py 3 does."""
    listed = lambda texts: np.asarray(texts) if fixed else texts
    with h5py.File(FOLDER / name, "w") as file:
        group = file
        if config is not None:
            file.attrs["keras_version"] = version
            file.attrs["backend"] = "tensorflow"
            file.attrs["model_config"] = json.dumps(config)
            group = file.create_group("model_weights")
        group.attrs["layer_names"] = listed([each.name.encode() for each in layers])
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = version.encode()
        for layer in sorted(layers, key=lambda each: each.name):
            own = group.create_group(layer.name)
            named = list(weight_names(layer, keras))
            own.attrs["weight_names"] = listed([n.encode() for n, _ in named])
            for path, weight in named:
                own.create_dataset(path, data=weight)
        group.create_group("top_level_model_weights").attrs["weight_names"] = []


# ---- cases


cases = {}


def compute(layers, x):
    mask = None
    for layer in layers:
        own = layer.mask(x) if hasattr(layer, "mask") else mask
        x = layer.compute(x, mask)
        ends = layer.kind in ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")
        last = ends and x.ndim == 2
        mask = None if last else own
    return x


def case(name, layers, x):
    output = compute(layers, x.astype(np.float64))
    plainly = lambda a: {"shape": a.shape, "data": [float(f"{v:.9g}") for v in a.ravel()]}
    cases[name] = {"input": plainly(x), "output": plainly(output)}


def signal(batch=3, steps=5, features=3):
    return uniform(batch, steps, features)


def padded():
    x = signal(4)
    x[0, 3:] = x[1, :2] = x[2, 2] = x[3] = 0
    return x


TOKENS = np.array([[1, 2, 3, 0, 0], [0, 0, 4, 5, 6], [1, 0, 2, 0, 3], [0] * 5], float)


def keras3():
    version = "3.9.2"

    def sequence(name, layers, x=None):
        x = signal() if x is None else x
        write_keras(name, sequential(layers, x.shape[1:], 3), layers, version)
        case(name, layers, x)

    sequence(
        "keras3-lstm.keras",
        [
            recurrent("LSTM", 3, 5, 3, "lstm", return_sequences=True),
            dropout("dropout"),
            recurrent("LSTM", 5, 4, 3, "lstm_1"),
            dense(4, 2, 3, "dense", "softmax"),
        ],
    )
    sequence(
        "keras3-gru.keras",
        [
            recurrent("GRU", 3, 5, 3, "gru", return_sequences=True),
            recurrent("GRU", 5, 4, 3, "gru_1", reset_after=False, use_bias=False),
            dense(4, 2, 3, "dense", use_bias=False),
        ],
    )
    sequence(
        "keras3-hard-sigmoid.keras",
        [
            recurrent(
                "LSTM",
                3,
                5,
                3,
                "lstm",
                return_sequences=True,
                recurrent_activation="hard_sigmoid",
            ),
            recurrent(
                "GRU",
                5,
                4,
                3,
                "gru",
                recurrent_activation="hard_sigmoid",
                activation="softsign",
            ),
            dense(4, 3, 3, "dense", "hard_sigmoid"),
        ],
    )
    for merge, kind, sequences in [
        ("concat", "LSTM", True),
        ("sum", "GRU", False),
        ("mul", "SimpleRNN", True),
        ("ave", "LSTM", False),
    ]:
        sequence(
            f"keras3-bidirectional-{merge}.keras",
            [
                bidirectional(
                    kind, 3, 4, 3, "bidirectional", merge, return_sequences=sequences
                ),
                dense(8 if merge == "concat" else 4, 2, 3, "dense"),
            ],
        )
    sequence(
        "keras3-backward-layer.keras",
        [
            bidirectional(
                "LSTM",
                3,
                4,
                3,
                "bidirectional",
                "concat",
                {"activation": "relu", "use_bias": False},
                return_sequences=True,
            )
        ],
    )
    sequence(
        "keras3-go-backwards.keras",
        [
            recurrent("LSTM", 3, 4, 3, "lstm", go_backwards=True, return_sequences=True),
            recurrent("GRU", 4, 3, 3, "gru", go_backwards=True),
        ],
    )
    sequence(
        "keras3-cells.keras",
        [
            cells(
                3,
                [("LSTM", 4, {}), ("LSTM", 3, {}), ("GRU", 5, {"activation": "relu"})],
                3,
                "rnn",
                return_sequences=True,
                go_backwards=True,
            ),
            cells(5, [("SimpleRNN", 2, {})], 3, "rnn_1"),
        ],
    )
    sequence(
        "keras3-masking.keras",
        [
            masking(0.0, "masking"),
            recurrent("GRU", 3, 4, 3, "gru", return_sequences=True),
            bidirectional(
                "LSTM", 4, 3, 3, "bidirectional", "concat", return_sequences=True
            ),
            recurrent(
                "SimpleRNN", 6, 4, 3, "rnn", return_sequences=True, go_backwards=True
            ),
        ],
        padded(),
    )
    sequence(
        "keras3-zero-output.keras",
        [
            masking(0.0, "masking"),
            recurrent(
                "LSTM", 3, 4, 3, "a", return_sequences=True, zero_output_for_mask=True
            ),
            recurrent("GRU", 4, 3, 3, "b"),
        ],
        padded(),
    )
    sequence(
        "keras3-others.keras",
        [
            dense(3, 5, 3, "dense", distributed=True),
            plain(
                "LeakyReLU",
                "leaky_re_lu",
                lambda x, mask: np.where(x > 0, x, 0.3 * x),
                negative_slope=0.3,
            ),
            batch_normalization(5, "batch_normalization"),
            recurrent("LSTM", 5, 4, 3, "lstm", return_sequences=True),
            plain(
                "Activation",
                "activation",
                lambda x, mask: ACTIVATIONS["selu"](x),
                activation="selu",
            ),
            recurrent("SimpleRNN", 4, 3, 3, "simple_rnn", activation="silu"),
            plain("Flatten", "flatten", lambda x, mask: x, data_format="channels_last"),
            dense(3, 3, 3, "dense_1"),
            plain("Softmax", "softmax", lambda x, mask: softmax(x), axis=-1),
        ],
    )
    layers = [
        embedding(7, 3, 3, "embedding", mask_zero=True),
        recurrent("LSTM", 3, 4, 3, "lstm", return_sequences=True),
        dense(4, 3, 3, "dense", "leaky_relu"),
        recurrent("GRU", 3, 3, 3, "gru"),
        dense(3, 1, 3, "dense_1", "sigmoid"),
    ]
    name = "keras3-functional-mask.keras"
    write_keras(name, functional(layers, [5], 3), layers, version)
    case(name, layers, TOKENS)

    layers = [recurrent("LSTM", 3, 4, 3, "lstm"), dense(4, 2, 3, "dense")]
    x = signal()
    config = sequential(layers, x.shape[1:], 3)
    write_h5("keras3-legacy.h5", config, layers, version, 3)
    case("keras3-legacy.h5", layers, x)
    name = "keras3-only.weights.h5"
    with h5py.File(FOLDER / name, "w") as file:
        save_paths(file, layers)
    (FOLDER / "keras3-only.json").write_text(json.dumps(config))
    case(name, layers, x)


def keras2():
    version = "2.10.0"

    def sequence(name, layers, x=None, fixed=False, version=version, plainly=False):
        x = signal() if x is None else x
        config = sequential(layers, x.shape[1:], 2)
        if plainly:  # before Keras 2.2.3
            config["config"] = config["config"]["layers"][1:]
        write_h5(name, config, layers, version, 2, fixed)
        case(name, layers, x)

    sequence(
        "keras2-lstm.h5",
        [
            recurrent("LSTM", 3, 5, 2, "lstm_7", return_sequences=True),
            dropout("dropout_3"),
            recurrent(
                "LSTM", 5, 4, 2, "lstm_8", recurrent_activation="hard_sigmoid"
            ),
            dense(4, 2, 2, "dense_4", "softmax"),
        ],
    )
    sequence(
        "keras2-old.h5",
        [
            recurrent(
                "GRU",
                3,
                5,
                2,
                "gru_1",
                return_sequences=True,
                reset_after=False,
                recurrent_activation="hard_sigmoid",
            ),
            recurrent("SimpleRNN", 5, 4, 2, "simple_rnn_1", activation="relu"),
            dense(4, 2, 2, "dense_1"),
        ],
        fixed=True,
        version="2.2.2",
        plainly=True,
    )
    sequence(
        "keras2-bidirectional.h5",
        [
            embedding(7, 3, 2, "embedding", mask_zero=True),
            bidirectional(
                "GRU", 3, 4, 2, "bidirectional", "concat", return_sequences=True
            ),
            bidirectional("LSTM", 8, 3, 2, "bidirectional_1", "sum"),
            dense(3, 2, 2, "dense", "tanh"),
        ],
        TOKENS,
    )
    layers = [
        recurrent("LSTM", 3, 4, 2, "a", return_sequences=True),
        dense(4, 3, 2, "b", "elu", distributed=True),
        recurrent("GRU", 3, 3, 2, "c"),
    ]
    x = signal()
    config = functional(layers, [5, 3], 2)
    write_h5("keras2-functional.h5", config, layers, version, 2)
    case("keras2-functional.h5", layers, x)
    write_h5("keras2-only.h5", None, layers, version, 2)
    (FOLDER / "keras2-only.json").write_text(json.dumps(config))
    case("keras2-only.h5", layers, x)

    for name, folder in [
        ("keras2.12.keras", "_layer_checkpoint_dependencies"),
        ("keras2.15.keras", "layers"),
    ]:
        layers = [
            bidirectional("LSTM", 3, 4, 2.12, "bidirectional", "concat"),
            dense(8, 2, 2.12, "dense", "sigmoid"),
        ]
        x = signal()
        config = sequential(layers, x.shape[1:], 2.12)
        write_keras(name, config, layers, name[5:9] + ".0", folder)
        case(name, layers, x)


def cudnn():
    """CuDNNLSTM and CuDNNGRU keep cuDNN's matrices: see _convert_rnn_weights in hdf5_format.py, whose inverse this is."""
    layers = [
        recurrent("LSTM", 3, 4, 2, "cu_dnnlstm", return_sequences=True),
        recurrent("GRU", 4, 3, 2, "cu_dnngru"),
    ]
    x = signal()
    case("keras2-cudnn.h5", layers, x)
    saved = []
    for layer, kind in zip(layers, ["CuDNNLSTM", "CuDNNGRU"]):
        kernel, recurrent_kernel, bias = layer.parts["cell"]
        gates = GATES[layer.kind]
        to_cudnn = lambda k: k.T.reshape(k.shape)
        each = lambda f, m: np.hstack([f(k) for k in np.hsplit(m, gates)])
        if layer.kind == "LSTM":
            bias = np.concatenate([0.25 * bias, 0.75 * bias]).astype(np.float32)
        weights = [
            each(to_cudnn, kernel),
            each(lambda k: k.T, recurrent_kernel),
            bias.ravel(),
        ]
        config = {k: layer.config[k] for k in ["name", "units", *LOOP] if k != "unroll"}
        saved.append(Layer(kind, config, {"cell": weights}, None, layer.name))
    config = sequential(saved, x.shape[1:], 2)
    write_h5("keras2-cudnn.h5", config, saved, "2.3.1", 2, fixed=True)


def windows():
    layers = [
        bidirectional("LSTM", 3, 4, 2.12, "bidirectional", "concat", return_sequences=True),
        recurrent("GRU", 8, 3, 2.12, "gru"),
        dense(3, 2, 2.12, "dense", "sigmoid"),
    ]
    x = signal()
    config = sequential(layers, x.shape[1:], 2.12)
    name = "keras2.15-windows.keras"
    write_keras(name, config, layers, "2.15.0", windows=True)
    case(name, layers, x)


# ---- Keras 1: other names, and matrices gate by gate (preprocess_weights_for_loading of Keras 2 puts them together)


KERAS_1 = {
    "units": "output_dim",
    "recurrent_activation": "inner_activation",
    "use_bias": "bias",
}


def keras1_layer(layer, consume_less="cpu"):
    """The layer as Keras 1 has it, and what it computes as before."""
    config = {KERAS_1.get(k, k): v for k, v in layer.config.items()}
    for name in ("reset_after", "zero_output_for_mask"):
        config.pop(name, None)
    if layer.kind in GATES:
        config["consume_less"] = consume_less
        config.pop("bias")
    parts = {path: list(weights) for path, weights in layer.parts.items()}
    # the order in which the matrices of a gate are: W, U and b each
    gates = {"LSTM": [0, 2, 1, 3], "GRU": [0, 1, 2]}
    if layer.kind in gates and consume_less != "gpu":
        split_up = [np.split(w, GATES[layer.kind], -1) for w in layer.parts["cell"]]
        parts = {"cell": [w[g] for g in gates[layer.kind] for w in split_up]}
    return Layer(layer.kind, config, parts, layer.compute, layer.name)


def keras1_names(layer):
    letters = ["W", "U", "b"]
    weights = layer.weights()
    gates = {12: "icfo", 9: "zrh"}.get(len(weights))
    if layer.kind in GATES and gates:
        return [f"{layer.name}_{letter}_{gate}" for gate in gates for letter in letters]
    return [f"{layer.name}_{letter}" for letter in (letters if layer.kind in GATES else "Wb")][: len(weights)]


def keras1():
    hard = {"recurrent_activation": "hard_sigmoid"}
    before = {**hard, "reset_after": False}
    plain_layers = [
        recurrent("LSTM", 3, 4, 2, "lstm_1", return_sequences=True, **hard),
        recurrent("GRU", 4, 3, 2, "gru_1", return_sequences=True, **before),
        recurrent("LSTM", 3, 3, 2, "lstm_2", return_sequences=True, **hard),
        recurrent("SimpleRNN", 3, 4, 2, "simplernn_1"),
        dense(4, 2, 2, "dense_1", "softmax"),
    ]
    x = signal()
    layers = [keras1_layer(each, "gpu" if each.name == "lstm_2" else "cpu") for each in plain_layers]
    config = {"class_name": "Sequential", "config": [serialized(e.kind, e.config, 1, "") for e in layers]}
    config["config"][0]["config"]["batch_input_shape"] = [None, 5, 3]
    with h5py.File(FOLDER / "keras1-gates.h5", "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps(config).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.asarray([e.name.encode() for e in layers])
        for layer in layers:
            own = group.create_group(layer.name)
            names = keras1_names(layer)
            own.attrs["weight_names"] = np.asarray([n.encode() for n in names])
            for name, weight in zip(names, layer.weights()):
                own.create_dataset(name, data=weight)
    case("keras1-gates.h5", plain_layers, x)


FOLDER.mkdir(parents=True, exist_ok=True)
for old in FOLDER.iterdir():
    old.unlink()
keras3()
keras2()
cudnn()
windows()
keras1()
(FOLDER / "cases.json").write_text(json.dumps(cases))
print(len(cases), "cases,", sum(f.stat().st_size for f in FOLDER.iterdir()), "bytes")
