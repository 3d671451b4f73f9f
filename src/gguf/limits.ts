/**
 * Limits on model files, which are untrusted: every count is checked against its limit here and against the bytes left
 * in the file before anything is allocated. Each limit is several times what the largest published models need.
 */
export const LIMITS = {
  metadataKeys: 65_536,
  /** Bytes of a key (the specification's own limit). */
  keyBytes: 65_535,
  /** Total bytes of all keys, which are held as strings. */
  allKeyBytes: 16 * 1024 * 1024,
  /** Bytes of a string value: chat templates, whole tokenizer files. */
  stringBytes: 64 * 1024 * 1024,
  arrayLength: 8 * 1024 * 1024,
  /** Total elements of all arrays. */
  arrayElements: 16 * 1024 * 1024,
  /** Nesting depth of arrays. */
  arrayDepth: 4,
  /** Total number of nested arrays: each takes far more memory than its bytes in the file. */
  nestedArrays: 65_536,
  /** Everything before the tensor data, in bytes. */
  headerBytes: 512 * 1024 * 1024,
  tensors: 262_144,
  /** Bytes of a tensor's name; ggml stores 63, the specification allows 64. */
  tensorNameBytes: 64,
  dimensions: 4,
  splitParts: 1024,
  /** Tokens of a vocabulary: each takes about a hundred bytes of memory, whatever its size in the file. */
  vocabulary: 1_048_576,
  /** Total characters of a vocabulary's tokens, and of its merges; both are held as strings. */
  vocabularyCharacters: 64 * 1024 * 1024,
  /** Merges of byte-level BPE. */
  merges: 4_194_304,
  /** llama2.c checkpoints: the fields of the header. */
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
