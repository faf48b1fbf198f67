"""Writes test/cli/fixtures: .npy files of every kind that NumPy has for a network, one .npz, and WAV files of every
width that Python's wave module writes. Needs Debian's python3-numpy. All hold the numbers that the tests expect."""

import pathlib
import wave

import numpy as np

folder = pathlib.Path(__file__).parent.parent / "test" / "cli" / "fixtures"

# 2 x 3, exact in each kind
numbers = np.array([[0, 1, 2], [100, 50, 25]])
for kind in ["<f2", "<f4", "<f8", ">f4", ">f8", "|i1", "<i2", ">i4", "<i8", "|u1", "<u2", "<u4", "<u8"]:
    name = kind.replace("<", "le-").replace(">", "be-").replace("|", "")
    np.save(folder / f"{name}.npy", numbers.astype(kind))
np.save(folder / "b1.npy", numbers > 1)
np.save(folder / "fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
np.save(folder / "halves.npy", np.array([0.1, -0.1, 65504, 6e-8, np.inf, np.nan], "<f2"))
np.save(folder / "scalar.npy", np.float32(7))
np.save(folder / "complex.npy", np.zeros(2, "<c8"))
np.save(folder / "text.npy", np.array(["a", "b"]))
np.save(folder / "object.npy", np.array([None, {}], dtype=object), allow_pickle=True)
np.savez(folder / "stored.npz", input=numbers.astype("<f4"), output=np.arange(4, dtype="<f8"))
np.savez_compressed(folder / "deflated.npz", input=numbers.astype("<f4"), output=np.arange(4, dtype="<f8"))

# left: 0, 1/2, -1/2, -1; right: the negative, but for -1
left = np.array([0, 0.5, -0.5, -1])
right = np.array([0, -0.5, 0.5, 0])
for width in [1, 2, 3, 4]:
    samples = np.stack([left, right], 1).ravel() * 2 ** (8 * width - 1)
    with wave.open(str(folder / f"pcm{8 * width}.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(width)
        file.setframerate(44100)
        if width == 1:
            data = (samples + 128).astype(np.uint8).tobytes()
        else:
            data = b"".join(int(s).to_bytes(width, "little", signed=True) for s in samples)
        file.writeframes(data)
