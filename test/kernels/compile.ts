import { readFile } from 'node:fs/promises'
import asc from 'assemblyscript/asc'
import { ascFlags, KERNEL_BUILDS, type KernelBuild } from '../../scripts/kernel-builds.mjs'

/**
 * Compiles AssemblyScript in memory: `source` is the entry file and imports kernels relative to the repository's
 * root (`./assembly/...`). For benches of single kernels; tests use the built dist/kernels.wasm.
 * Throws an `Error` with the compiler's diagnostics.
 */
export async function compileKernels(
  source: string,
  build: KernelBuild['name'] = 'baseline',
): Promise<Uint8Array<ArrayBuffer>> {
  const { features } = KERNEL_BUILDS.find(({ name }) => name === build) as KernelBuild
  const entry = 'entry.ts'
  let binary: Uint8Array | undefined
  const root = new URL('../../', import.meta.url)
  const { error, stderr } = await asc.main([entry, '--outFile', 'entry.wasm', ...ascFlags(features)], {
    readFile: (name) => (name === entry ? source : readFile(new URL(name, root), 'utf8').catch(() => null)),
    writeFile: (name, contents) => {
      if (name === 'entry.wasm') binary = contents as Uint8Array
    },
    listFiles: () => [],
  })
  if (error || !binary) throw new Error(`asc: ${error?.message}\n${stderr.toString()}`)
  return new Uint8Array(binary)
}
