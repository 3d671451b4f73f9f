/**
 * Completes package-lock.json, or the lock files that are given: run it after `npm install` whenever `npm ci` says
 * "Missing: … from lock file".
 *
 * A registry that mirrors only some packages may lack those for other platforms. npm then leaves them
 * out of the lock file that it writes, and npm 11 rejects that file. The missing entries can be derived from the lock file
 * itself: names and versions are optional dependencies of the packages that use them, and the names contain the platform.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const SYSTEMS = {
  android: 'android',
  darwin: 'darwin',
  mac: 'darwin',
  linux: 'linux',
  win: 'win32',
  windows: 'win32',
  win32: 'win32',
}
const PROCESSORS = new Set(['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'])

/** `@biomejs/cli-linux-x64-musl` is for linux, x64 and musl. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-')
  const os = words.map((word) => SYSTEMS[word]).find(Boolean)
  const cpu = words.find((word) => PROCESSORS.has(word))
  if (os === undefined) throw new Error(`${name}: the name contains no platform`)
  return { os: [os], ...(cpu && { cpu: [cpu] }), ...(words.includes('musl') ? { libc: ['musl'] } : {}) }
}

/** Whether `name` is found from the folder of `user`, as Node resolves it. */
function isLocked(packages, name, user) {
  for (let folder = user; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

async function complete(path) {
  const lock = JSON.parse(await readFile(path, 'utf8'))
  const { packages } = lock
  const added = []
  for (const [user, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const lowest = /^\^?(\d+\.\d+\.\d+)$/.exec(version)?.[1]
      if (isLocked(packages, name, user) || lowest === undefined) continue
      packages[`node_modules/${name}`] = {
        version: lowest,
        ...(dev ? { dev } : {}),
        optional: true,
        ...platformOf(name),
      }
      added.push(name)
    }
  }
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  await writeFile(path, `${JSON.stringify(lock, undefined, 2)}\n`)
  console.log(`${path}: ${added.length === 0 ? 'nothing was missing' : `added ${added.join(', ')}`}`)
}

const given = process.argv.slice(2)
for (const path of given.length > 0
  ? given
  : [fileURLToPath(new URL('../package-lock.json', import.meta.url))]) {
  await complete(path)
}
