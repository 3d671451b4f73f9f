import { readFile } from 'node:fs/promises'
import { ascFlags, KERNEL_BUILDS, type KernelBuild } from '../../scripts/kernel-builds.mjs'

/**
 * Compiles AssemblyScript in memory. `source` is the entry file and imports kernels relative to the repository's
 * root (`./assembly/...`). For benches of single kernels; tests use the built files in dist/.
 * Throws an `Error` with the compiler's diagnostics.
 */
export async function compileKernels(
  source: string,
  build: KernelBuild['name'] = 'baseline',
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array((await compile(source, build, ['--outFile', 'entry.wasm'])).binary)
}

/** The same as WebAssembly's text. */
export async function printKernels(source: string, build: KernelBuild['name']): Promise<string> {
  return (await compile(source, build, ['--textFile', 'entry.wat'])).text
}

async function compile(
  source: string,
  build: KernelBuild['name'],
  outputs: readonly string[],
): Promise<{ binary: Uint8Array; text: string }> {
  // Takes a second to import, which tests that find everything compiled need not wait for.
  const { default: asc } = await import('assemblyscript/asc')
  const entry = 'entry.ts'
  const written = new Map<string, string | Uint8Array>()
  const root = new URL('../../', import.meta.url)
  const { error, stderr } = await asc.main(
    [entry, ...outputs, ...ascFlags(KERNEL_BUILDS.find(({ name }) => name === build) as KernelBuild)],
    {
      readFile: (name) => (name === entry ? source : readFile(new URL(name, root), 'utf8').catch(() => null)),
      writeFile: (name, contents) => {
        written.set(name, contents)
      },
      listFiles: () => [],
    },
  )
  if (error) throw new Error(`asc: ${error.message}\n${stderr.toString()}`)
  return { binary: written.get('entry.wasm') as Uint8Array, text: written.get('entry.wat') as string }
}
