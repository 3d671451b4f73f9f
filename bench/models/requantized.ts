import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cachedPath } from './cache.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** The path of `fileName` in the cache: the model `source`, whose tensors get the formats of another file type. */
export function requantized(fileName: string, source: string, type: string): Promise<string> {
  return cachedPath(fileName, async (path) => {
    await promisify(execFile)(process.execPath, [CLI, 'quantize', source, path, type, '--allow-requantize'])
  })
}
