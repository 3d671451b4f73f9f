import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GgufParts, ggufChunks } from '../../src/gguf/writer.js'

/** Generated models are kept here, outside of git; delete the folder to generate them again. */
const FOLDER = fileURLToPath(new URL('../../.cache/bench/models/', import.meta.url))

/** The path of a GGUF file in the cache, written first (tensor by tensor) if it does not exist. */
export function cachedGguf(fileName: string, make: () => GgufParts | Promise<GgufParts>): Promise<string> {
  return cachedFile(fileName, async () => ggufChunks(await make()))
}

/** The path of `fileName` in the cache, written first (piece by piece) if it does not exist. */
export function cachedFile(
  fileName: string,
  make: () => Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>,
): Promise<string> {
  return cachedPath(fileName, async (part) => {
    const handle = await open(part, 'w')
    try {
      for (const chunk of await make()) await handle.writeFile(chunk)
    } finally {
      await handle.close()
    }
  })
}

/** The path of `fileName` in the cache. If it does not exist, `write` writes it first, under the path that it is given. */
export async function cachedPath(fileName: string, write: (path: string) => Promise<void>): Promise<string> {
  const path = join(FOLDER, fileName)
  if (await stat(path).catch(() => undefined)) return path
  await mkdir(FOLDER, { recursive: true })
  // Moved into place when it is complete, so that an interrupted run leaves no partial model.
  const part = `${path}.${process.pid}.part`
  try {
    await write(part)
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
  return path
}
