/** The package as npm packs it, installed beside a tool in an empty folder. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Installed tools stay here, so that a second run is fast. */
export const CACHE = join(ROOT, '.cache/package')
const SOURCES = join(ROOT, 'test/package')

/** Minutes for installing or running a tool on a busy machine. */
const TIMEOUT = 8 * 60_000

/** Runs a program in a folder; resolves with what it prints, and rejects with it if the program fails. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<string> {
  // Not the environment of vitest, in which tools behave as in tests.
  const { NODE_ENV, VITEST, NODE_OPTIONS, ...rest } = process.env
  const options = { cwd, env: { ...rest, CI: '1', ...env }, timeout: TIMEOUT, maxBuffer: 2 ** 26 }
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, options)
    return stdout + stderr
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`.slice(0, 6000), { cause })
  }
}

/** The packed package: `packPackage` writes it before the tests of a project begin. */
export const TARBALL = join(CACHE, 'dasllama.tgz')

export async function packPackage(): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', CACHE]
  const printed = await run('npm', args, ROOT)
  const [{ filename }] = JSON.parse(printed.slice(printed.indexOf('['), printed.lastIndexOf(']') + 1))
  await rename(join(CACHE, filename), TARBALL)
}

/** The folders with a lockfile. */
export async function tools(): Promise<string[]> {
  const entries = await readdir(SOURCES, { withFileTypes: true })
  return entries.map(({ name }) => name).filter((name) => existsSync(join(SOURCES, name, LOCKFILE)))
}

const LOCKFILE = 'package-lock.json'

/** Installs a tool's packages as its lockfile has them, unless they are there. Without a lockfile there are none. */
export async function installTool(tool: string, source = join(SOURCES, tool)): Promise<void> {
  const folder = join(CACHE, tool)
  const names = [LOCKFILE, 'package.json'].filter((name) => existsSync(join(source, name)))
  const hash = createHash('sha256')
  for (const name of names) hash.update(await readFile(join(source, name)))
  const digest = hash.digest('hex')
  const marker = join(folder, 'node_modules/.installed')
  if ((await readFile(marker, 'utf8').catch(() => '')) === digest) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  for (const name of names) await cp(join(source, name), join(folder, name))
  if (names.includes(LOCKFILE)) await run('npm', ['ci', '--no-audit', '--no-fund'], folder)
  await writeFile(marker, digest)
}

/**
 * The folder of a tool, with its packages, the packed package, and copies of the app's files. Whatever else was there is removed.
 * `source`: where its own files are; default: `test/package/<tool>`.
 */
export async function project(
  tool: string,
  files: readonly string[] = [],
  source = join(SOURCES, tool),
): Promise<string> {
  await installTool(tool, source)
  const folder = join(CACHE, tool)
  for (const name of await readdir(folder)) {
    if (name !== 'node_modules' && name !== LOCKFILE) await rm(join(folder, name), { recursive: true })
  }
  // What npm does with a package without dependencies; `npm install` itself is a row of its own.
  const target = join(folder, 'node_modules/dasllama')
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  await run('tar', ['-xzf', TARBALL, '--strip-components=1', '-C', target], folder)
  for (const file of await readdir(source)) {
    if (!['node_modules', LOCKFILE, 'dist'].includes(file))
      await cp(join(source, file), join(folder, file), { recursive: true })
  }
  for (const file of files) await cp(join(SOURCES, 'app', file), join(folder, file))
  return folder
}

/** The path of a tool's program, for `node`. */
export function bin(folder: string, path: string): string {
  return join(folder, 'node_modules', path)
}
