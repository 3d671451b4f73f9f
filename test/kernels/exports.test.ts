import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { KERNEL_FILES } from '../../src/backend/wasm/kernel-builds.js'
import { benchKernels } from './bench-kernels.js'
import { BUILDS } from './workbench.js'

async function functionsOf(binary: BufferSource): Promise<string[]> {
  const exports = WebAssembly.Module.exports(await WebAssembly.compile(binary))
  return exports.filter(({ kind }) => kind === 'function').map(({ name }) => name)
}

/** The members of an interface, by its source text. */
async function membersOf(name: string, file: string): Promise<string[]> {
  const source = await readFile(new URL(file, import.meta.url), 'utf8')
  const body = new RegExp(`export interface ${name} .*?\\n}`, 's').exec(source)?.[0] ?? ''
  return [...body.matchAll(/^ {2}(\w+)[(:]/gm)].map(([, member]) => member)
}

describe.each(BUILDS)('%s kernels', (build) => {
  it('that are shipped export exactly the engine’s interface', async () => {
    const shipped = await readFile(new URL(`../../dist/${KERNEL_FILES[build]}`, import.meta.url))
    const members = await membersOf('Kernels', '../../src/backend/wasm/kernels.ts')
    expect(members).toContain('attention')
    expect((await functionsOf(shipped)).sort()).toEqual(members.sort())
  })

  it('for tests and benches export exactly that and their own interface', async () => {
    const [all, inner] = await Promise.all([
      membersOf('Kernels', '../../src/backend/wasm/kernels.ts'),
      membersOf('BenchKernels', './bench-kernels.ts'),
    ])
    expect((await functionsOf(await benchKernels(build))).sort()).toEqual([...all, ...inner].sort())
  })
})
