/** Writes the models that record.py quantizes to a folder: see there. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeGguf } from '../../src/gguf/writer.js'
import { QUANTIZED } from './files.js'
import { SKETCHES, sketchedFile } from './models.js'

async function write(folder: string) {
  for (const model of SKETCHES) {
    writeFileSync(join(folder, `${model.name}.sketch.gguf`), writeGguf(sketchedFile(model)))
  }
  for (const { name, read } of QUANTIZED) writeFileSync(join(folder, `${name}.gguf`), await read())
}

void write(process.argv[2])
