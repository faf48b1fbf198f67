"""
ONNX's own node tests as one file for test/onnx/node-tests.test.ts, by Debian's python3-onnx:

    /usr/bin/python3 tools/make_onnx_node_tests.py test/onnx/fixtures/node-tests.json.gz

JSON, gzipped: { "onnx": version, "cases": [{ name, tolerance, model: base64, inputs: {}, outputs: {} }] }, a tensor being
[dtype, shape, numbers]; numbers that JSON has no word for are strings. Left out: cases of types that gatewise has not
(strings, sequences, optional values, complex numbers), training, random numbers, and data of more than 2000 numbers.
"""

import base64
import gzip
import json
import re
import sys

import numpy as np

# onnx 1.12 says np.float and np.bool, which NumPy has no longer
for name in ("float", "int", "bool", "object"):
    if name not in np.__dict__:
        setattr(np, name, getattr(__import__("builtins"), name))

import onnx
from onnx.backend.test.case.node import collect_testcases

MOST = 2_000
TYPES = {
    "float32", "float64", "float16", "int8", "uint8", "int16", "uint16",
    "int32", "uint32", "int64", "uint64", "bool",
}

# training, random numbers, and operators of other domains
OTHERS = re.compile("training|adagrad|adam|momentum|bernoulli|nllloss|_sce_|optional|sequence")


def number(x):
    if isinstance(x, bool):
        return int(x)
    if isinstance(x, float):
        if not np.isfinite(x):
            return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(x)]
        return float(str(np.float32(x)))
    return x


def tensor(value):
    if isinstance(value, (list, tuple, str)) or value is None or hasattr(value, "SerializeToString"):
        return None
    array = np.asarray(value)
    if array.dtype.name not in TYPES:
        return None
    if array.dtype.name in ("float16", "float64"):
        array = array.astype(np.float32)
    return [array.dtype.name, list(array.shape), [number(x) for x in array.ravel().tolist()]]


def main(path):
    cases = []
    left_out = {}
    try:
        tests = collect_testcases(None)
    except TypeError:
        tests = collect_testcases()
    for test in tests:
        if test.kind != "node" or test.data_sets is None or OTHERS.search(test.name):
            continue
        inputs, outputs = test.data_sets[0]
        graph = test.model.graph
        named = [
            {info.name: tensor(value) for info, value in zip(infos, values)}
            for infos, values in ((graph.input, inputs), (graph.output, outputs))
        ]
        values = [value for part in named for value in part.values()]
        if any(value is None for value in values):
            left_out[test.name] = "type"
        elif sum(len(value[2]) for value in values) > MOST:
            left_out[test.name] = "size"
        else:
            cases.append({
                "name": test.name,
                "tolerance": test.rtol,
                "model": base64.b64encode(test.model.SerializeToString()).decode(),
                "inputs": named[0],
                "outputs": named[1],
            })
    text = json.dumps({"onnx": onnx.__version__, "cases": cases}, separators=(",", ":"))
    with open(path, "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(cases)} cases, {len(left_out)} left out: {left_out}")


if __name__ == "__main__":
    main(sys.argv[1])
