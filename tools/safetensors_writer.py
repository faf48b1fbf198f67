"""Writes float32 tensors as a safetensors file: https://huggingface.co/docs/safetensors

The Python scripts of this repository import it, so that they need nothing beyond numpy and PyTorch:

    sys.path.insert(0, str(Path(__file__).resolve().parents[N] / "tools"))
    from safetensors_writer import write_safetensors

The file is eight bytes with the header's length, the header as JSON, and the numbers one tensor after another.
"""
import json
import struct

import numpy as np


def write_safetensors(path, tensors, metadata):
    """`tensors`: name -> array; `metadata`: name -> string (the format knows no other kind of value)."""
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise TypeError(f"metadata {name!r}: expected a string, got {value!r}")
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for name, values in tensors.items():
        shape = list(np.shape(values))  # before ascontiguousarray, which turns a scalar into a vector
        blob = np.ascontiguousarray(values, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers start at a multiple of 8 and can be viewed in place
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        file.writelines(blobs)
