/** node-llama-cpp with all of its prebuilt libraries, or without one: llama.cpp takes the best of them for this CPU. */
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Imports node-llama-cpp. */
export type ImportLibrary = () => Promise<typeof import('node-llama-cpp')>

export const asInstalled: ImportLibrary = () => import('node-llama-cpp')

/** The package with the libraries of this platform, and the one of them that uses AMX. */
const LIBRARIES = '@node-llama-cpp/linux-x64'
const WITH_AMX = `${LIBRARIES}/bins/linux-x64/libggml-cpu-sapphirerapids.so`

/** A copy without the library that uses AMX. Rejects where llama.cpp would not take that one. */
export const withoutAmx: ImportLibrary = async () => {
  const cpu = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  if (!/\bamx_int8\b/.test(cpu))
    throw new Error('it is the same as llama.cpp: this is no Linux on a CPU with AMX')
  const index = fileURLToPath(import.meta.resolve('node-llama-cpp'))
  const installed = dirname(dirname(dirname(index)))
  const { version } = JSON.parse(await readFile(join(installed, 'node-llama-cpp/package.json'), 'utf8'))
  // Below the project's folder, where its other packages are found.
  const cache = join(dirname(installed), '.cache/bench/llama.cpp-without-amx')
  const packages = join(cache, version, 'node_modules')
  if (!(await stat(packages).catch(() => undefined))) {
    await mkdir(cache, { recursive: true })
    const part = await mkdtemp(join(cache, 'part-'))
    try {
      for (const name of ['node-llama-cpp', LIBRARIES])
        await cp(join(installed, name), join(part, 'node_modules', name), { recursive: true })
      await rm(join(part, 'node_modules', WITH_AMX))
      await rename(part, dirname(packages))
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  }
  return import(pathToFileURL(join(packages, index.slice(installed.length))).href)
}
