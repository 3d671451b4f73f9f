"""Records the digests of llama-cpp.test.ts: what llama.cpp's own library makes of the same values.

    npx tsx test/gguf/quantize/write-input.ts input.f32
    python3 test/gguf/quantize/record.py input.f32

The library is the one in node-llama-cpp (x64 Linux), whose ggml is compiled without fused multiply-add.
"""

import ctypes
import hashlib
import sys
from pathlib import Path

BINARIES = Path(__file__).parents[3] / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
FORMATS = {
    "Q4_0": (2, 32, 18),
    "Q4_1": (3, 32, 20),
    "Q5_0": (6, 32, 22),
    "Q5_1": (7, 32, 24),
    "Q8_0": (8, 32, 34),
    "Q4_K": (12, 256, 144),
    "Q5_K": (13, 256, 176),
    "Q6_K": (14, 256, 210),
    "IQ4_NL": (20, 32, 18),
    "IQ4_XS": (23, 256, 136),
}

ggml = ctypes.CDLL(str(BINARIES / "libggml-base.so"))
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
values = Path(sys.argv[1]).read_bytes()
count = len(values) // 4
for name, (number, elements, size) in FORMATS.items():
    blocks = ctypes.create_string_buffer(count // elements * size)
    rows, columns = ctypes.c_int64(count // 256), ctypes.c_int64(256)
    ggml.ggml_quantize_chunk(number, values, blocks, ctypes.c_int64(0), rows, columns, None)
    print(f"  {name}: '{hashlib.sha256(blocks.raw).hexdigest()}',")
