/** node-llama-cpp with all of its prebuilt libraries, or with some: llama.cpp uses the best of them for this CPU. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Imports node-llama-cpp. */
export type ImportLibrary = () => Promise<typeof import('node-llama-cpp')>

export const asInstalled: ImportLibrary = () => import('node-llama-cpp')

/** The package with the libraries of this platform, and their folder in it. */
const LIBRARIES = '@node-llama-cpp/linux-x64'
const FOLDER = `${LIBRARIES}/bins/linux-x64`

/** Without the library that uses AMX. Rejects if llama.cpp would not use that one. */
export const withoutAmx: ImportLibrary = () =>
  copyFor('amx_int8', 'without-amx', (cpu) => cpu !== 'sapphirerapids')

/** With the library that uses AVX2 and nothing newer. Rejects if it cannot run. */
export const withAvx2: ImportLibrary = () => copyFor('avx2', 'with-avx2', (cpu) => cpu === 'haswell')

/** A copy of the package, called `name`, with the libraries for some CPUs. Rejects if this CPU lacks `flag`. */
async function copyFor(
  flag: string,
  name: string,
  keeps: (cpu: string) => boolean,
): ReturnType<ImportLibrary> {
  const cpu = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  if (!new RegExp(`\\b${flag}\\b`).test(cpu)) throw new Error(`this is not Linux on a CPU with ${flag}`)
  const index = fileURLToPath(import.meta.resolve('node-llama-cpp'))
  const installed = dirname(dirname(dirname(index)))
  const { version } = JSON.parse(await readFile(join(installed, 'node-llama-cpp/package.json'), 'utf8'))
  // Inside the project's folder, where its other packages are found.
  const cache = join(dirname(installed), `.cache/bench/llama.cpp-${name}`)
  const packages = join(cache, version, 'node_modules')
  if (!(await stat(packages).catch(() => undefined))) {
    await mkdir(cache, { recursive: true })
    const part = await mkdtemp(join(cache, 'part-'))
    try {
      for (const each of ['node-llama-cpp', LIBRARIES])
        await cp(join(installed, each), join(part, 'node_modules', each), { recursive: true })
      const folder = join(part, 'node_modules', FOLDER)
      for (const file of await readdir(folder)) {
        const [, cpu] = /^libggml-cpu-(\w+)\.so$/.exec(file) ?? []
        if (cpu && !keeps(cpu)) await rm(join(folder, file))
      }
      await rename(part, dirname(packages))
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  }
  return import(pathToFileURL(join(packages, index.slice(installed.length))).href)
}
