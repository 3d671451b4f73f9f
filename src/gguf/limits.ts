/**
 * What a model file may contain. Files are read from strangers: every count is held against its limit here and
 * against the bytes that are left in the file before anything is allocated for it. Each limit is several times what
 * the largest published models need.
 */
export const LIMITS = {
  metadataKeys: 65_536,
  /** Bytes of a key (the specification's own limit). */
  keyBytes: 65_535,
  /** Bytes of all keys together: each is held as text. */
  allKeyBytes: 16 * 1024 * 1024,
  /** Bytes of a string value: chat templates, whole tokenizer files. */
  stringBytes: 64 * 1024 * 1024,
  arrayLength: 8 * 1024 * 1024,
  /** Elements of all arrays together. */
  arrayElements: 16 * 1024 * 1024,
  /** Arrays within arrays. */
  arrayDepth: 4,
  /** Arrays within arrays, all together: each takes far more memory than bytes in the file. */
  nestedArrays: 65_536,
  /** Everything before the tensor data, in bytes. */
  headerBytes: 512 * 1024 * 1024,
  tensors: 262_144,
  /** Bytes of a tensor's name, of which ggml holds 63; the specification allows 64. */
  tensorNameBytes: 64,
  dimensions: 4,
  splitParts: 1024,
  /** Tokens of a vocabulary: each takes some hundred bytes of memory, whatever it takes in the file. */
  vocabulary: 1_048_576,
  /** Merges of byte-level BPE. */
  merges: 4_194_304,
  /** llama2.c checkpoints: each number of the header. */
  llama2c: {
    dim: 65_536,
    hiddenDim: 524_288,
    layers: 1024,
    heads: 1024,
    vocabulary: 1_048_576,
    sequence: 1_048_576,
    tokenBytes: 65_536,
  },
} as const
