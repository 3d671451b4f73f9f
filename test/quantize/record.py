"""Quantizes models with llama.cpp's own library, for recorded.json:

    npx tsx test/quantize/write-models.ts FOLDER
    python3 test/quantize/record.py FOLDER
    npx tsx test/quantize/write-record.ts FOLDER

The library is the one in node-llama-cpp (x64 Linux), which has `llama_model_quantize` although node-llama-cpp does not
call it.
"""

import ctypes
import sys
from pathlib import Path

BINARIES = Path(__file__).parents[2] / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
# llama_ftype of llama.h
TYPES = {
    "F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_S": 16,
    "Q5_K_M": 17, "Q6_K": 18, "IQ4_NL": 25, "IQ4_XS": 30, "BF16": 32,
}  # fmt: skip


class Parameters(ctypes.Structure):
    """llama_model_quantize_params of llama.h, v0.5.0."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("nthread", "ftype", "output_type", "embedding_type")),
        *((name, ctypes.c_bool) for name in ("allow_requantize", "quantize_output", "only_copy", "pure", "keep_split", "dry_run")),
        *((name, ctypes.c_void_p) for name in ("imatrix", "overrides", "tensor_types", "prune_layers")),
        ("max_buf_size", ctypes.c_size_t),
    ]


def library(name):
    return ctypes.CDLL(str(BINARIES / name), mode=ctypes.RTLD_GLOBAL)


library("libggml-base.so")
library(next(BINARIES.glob("libggml.v*.so")).name)
llama = library(next(BINARIES.glob("libllama.v*.so")).name)
llama.llama_model_quantize_default_params.restype = Parameters
llama.llama_backend_init()
for path in sorted(Path(sys.argv[1]).glob("*.gguf")):
    for name, number in TYPES.items():
        parameters = llama.llama_model_quantize_default_params()
        parameters.ftype = number
        parameters.allow_requantize = True
        out = path.with_name(f"{path.stem}.{name}.gguf")
        if llama.llama_model_quantize(str(path).encode(), str(out).encode(), ctypes.byref(parameters)) != 0:
            sys.exit(f"llama.cpp cannot quantize {path} to {name}")
