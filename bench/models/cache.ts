import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GgufParts, ggufChunks } from '../../src/gguf/writer.js'

/** Made models are kept here, outside of git; delete the folder to have them made anew. */
const FOLDER = fileURLToPath(new URL('../../.cache/bench/models/', import.meta.url))

/** The path of a GGUF file in the cache, written first (tensor by tensor) where it is not there yet. */
export function cachedGguf(fileName: string, make: () => GgufParts | Promise<GgufParts>): Promise<string> {
  return cachedFile(fileName, async () => ggufChunks(await make()))
}

/** The path of `fileName` in the cache, written first (piece by piece) where it is not there yet. */
export async function cachedFile(
  fileName: string,
  make: () => Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>,
): Promise<string> {
  const path = join(FOLDER, fileName)
  if (await stat(path).catch(() => undefined)) return path
  await mkdir(FOLDER, { recursive: true })
  // Put in place when it is whole, so that an interrupted run leaves no half model.
  const part = `${path}.${process.pid}.part`
  try {
    const handle = await open(part, 'w')
    try {
      for (const chunk of await make()) await handle.writeFile(chunk)
    } finally {
      await handle.close()
    }
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
  return path
}
