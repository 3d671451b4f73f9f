/** Writes recorded.json from what record.py has made in a folder: see there. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openGguf } from '../../src/gguf/reader.js'
import { platform } from '../../src/platform/node/platform.js'
import { FILE_TYPES } from '../../src/quantize/file-types.js'
import { type CompactFormats, compact } from './compact.js'
import { QUANTIZED } from './files.js'
import { SKETCHES } from './models.js'
import { RECORDED_PATH } from './recorded.js'

async function record(folder: string) {
  const formats: Record<string, Record<string, CompactFormats>> = {}
  for (const { name } of SKETCHES) {
    formats[name] = {}
    for (const type of FILE_TYPES) {
      const file = await openGguf(await platform.openPath(join(folder, `${name}.sketch.${type.name}.gguf`)))
      formats[name][type.name] = compact(file.tensors.values())
      await file.close()
    }
  }
  const files = Object.fromEntries(
    QUANTIZED.map(({ name, types }) => [
      name,
      Object.fromEntries(types.map((type) => [type, digest(join(folder, `${name}.${type}.gguf`))])),
    ]),
  )
  writeFileSync(RECORDED_PATH, `${JSON.stringify({ formats, files }, undefined, 2)}\n`)
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

void record(process.argv[2])
