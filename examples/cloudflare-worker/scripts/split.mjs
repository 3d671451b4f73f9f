/**
 * Cuts a model into pieces for static assets or KV, whose files have at most 25 MiB, and writes a manifest. Small pieces take less
 * memory while the model is read.
 *
 *   node scripts/split.mjs MODEL.gguf [--out models] [--mebibytes 4]
 */
import { createHash } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'

const MOST_MEBIBYTES = 25

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'models' },
    mebibytes: { type: 'string', default: '4' },
  },
})
const [path, ...others] = positionals
const mebibytes = Number(values.mebibytes)
if (!path || others.length > 0 || !(mebibytes > 0 && mebibytes <= MOST_MEBIBYTES)) {
  console.error(
    `node scripts/split.mjs MODEL.gguf [--out FOLDER] [--mebibytes N], with N at most ${MOST_MEBIBYTES}`,
  )
  process.exit(2)
}

await mkdir(values.out, { recursive: true })
const file = await open(path)
try {
  const { size } = await file.stat()
  const name = basename(path)
  const pieceBytes = Math.min(size, Math.round(mebibytes * 2 ** 20))
  const pieces = []
  for (let start = 0; start < size; start += pieceBytes) {
    const bytes = Buffer.alloc(Math.min(pieceBytes, size - start))
    await file.read(bytes, 0, bytes.length, start)
    // Named by its content, so that a new version of a model never has pieces of the old one.
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    pieces.push(`${name}.${hash}`)
    await writeFile(join(values.out, `${name}.${hash}`), bytes)
  }
  await writeFile(join(values.out, `${name}.json`), JSON.stringify({ size, pieceBytes, pieces }))
  console.log(`${pieces.length} pieces of ${name} in ${values.out}`)
} finally {
  await file.close()
}
