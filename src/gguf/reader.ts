import { closeAll } from '../storage/close-all.js'
import type { ByteSource } from '../storage/source.js'
import type { ModelFile } from './model-file.js'
import { readPart } from './part.js'
import { partCount, readOtherParts } from './split.js'

export interface OpenGgufOptions {
  readonly signal?: AbortSignal | undefined
  /** The first bytes of the source, if they have already been read. */
  readonly start?: Uint8Array<ArrayBuffer> | undefined
}

/**
 * Opens a little-endian GGUF file, version 2 or 3: reads metadata and tensor directory, not the tensor data. For the
 * first part of a split model, it opens the others through `source.sibling`.
 *
 * Rejects with `BAD_FORMAT` for inconsistent data, `TRUNCATED` if the data ends early, `LIMIT` for counts beyond
 * `limits.ts`, `UNSUPPORTED` for other versions, big-endian files and unknown tensor types, `NOT_FOUND` for a missing
 * part, `INVALID_ARGUMENT` for a part that is not the first, or the signal's reason. `source` then stays open.
 *
 * Source: the GGUF specification (docs/gguf.md in ggml); for split files llama.cpp's gguf-split.
 */
export async function openGguf(
  source: ByteSource,
  { signal, start }: OpenGgufOptions = {},
): Promise<ModelFile> {
  const first = await readPart(source, signal, start)
  const others =
    partCount(first, source.name) > 1
      ? await readOtherParts(source, first, signal)
      : { sources: [], tensors: first.tensors }
  let tensorBytes = 0
  for (const { byteLength } of others.tensors.values()) tensorBytes += byteLength
  return {
    container: 'gguf',
    version: first.version,
    name: source.name,
    metadata: first.metadata,
    tensors: others.tensors,
    tensorBytes,
    async close() {
      await closeAll([source, ...others.sources])
    },
  }
}
