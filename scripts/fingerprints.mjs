/**
 * What dist/ was built from, so that nothing is built twice, and nothing stale is run or tested. By
 * content instead of by time: a checkout of another commit, a copied folder or a wrong clock do not matter.
 */
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KERNEL_BUILDS } from './kernel-builds.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const RECORD = join(root, '.cache/built.json')

const SCRIPTS = ['build', 'bundle', 'control-page', 'trim-types'].map((name) => `scripts/${name}.mjs`)

/** The sources of each part of dist/: files, and folders with everything below them. */
const SOURCES = {
  kernels: ['assembly', 'scripts/kernel-builds.mjs', 'scripts/build.mjs', 'package-lock.json'],
  javascript: ['src', ...SCRIPTS, 'tsconfig.json', 'tsconfig.types.json', 'package-lock.json'],
}

const PRODUCTS = {
  kernels: [...KERNEL_BUILDS.map(({ file }) => file), 'kernels-wide.wasm.br'],
  javascript: ['index.js', 'cli.js', 'control-page.js', 'types/index.d.ts'],
}

async function filesOf(place) {
  const entries = await readdir(join(root, place), { recursive: true, withFileTypes: true }).catch(
    () => undefined,
  )
  if (!entries) return [place]
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

async function fingerprint(places) {
  const files = (await Promise.all(places.map(filesOf))).flat().sort()
  const hash = createHash('sha256')
  for (const file of files) {
    const path = join(root, file.startsWith(root) ? file.slice(root.length) : file)
    hash
      .update(`${path.slice(root.length)}\0`)
      .update(await readFile(path))
      .update('\0')
  }
  return hash.digest('hex')
}

/** Of the current sources. */
export async function fingerprints() {
  const [kernels, javascript] = await Promise.all([
    fingerprint(SOURCES.kernels),
    fingerprint(SOURCES.javascript),
  ])
  return { kernels, javascript }
}

/** Which parts of dist/ exist and were built from sources with these fingerprints. */
export async function freshParts(now) {
  const built = await readFile(RECORD, 'utf8').then(JSON.parse, () => ({}))
  const isThere = (file) =>
    access(join(root, 'dist', file)).then(
      () => true,
      () => false,
    )
  const fresh = {}
  for (const part of Object.keys(SOURCES)) {
    const present = await Promise.all(PRODUCTS[part].map(isThere))
    fresh[part] = built[part] === now[part] && present.every(Boolean)
  }
  return fresh
}

export async function recordBuilt(now) {
  await mkdir(dirname(RECORD), { recursive: true })
  await writeFile(RECORD, JSON.stringify(now))
}
