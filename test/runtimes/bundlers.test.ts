import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Bundles a program that imports the package by its name; resolves with the files of dist/ that are in the bundle. */
async function bundle(options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: `export { loadModel } from 'dasllama'`, resolveDir: root },
    bundle: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
    ...options,
  })
  return Object.entries(metafile!.inputs)
    .filter(([path, { bytes }]) => path.startsWith('dist/') && bytes > 0)
    .map(([path]) => path)
    .sort()
}

describe('a bundle', () => {
  it('for browsers has the files of no other runtime', async () => {
    expect(await bundle({ platform: 'browser' })).toEqual([
      'dist/errors.js',
      'dist/index.js',
      'dist/platform/browser.js',
    ])
  })

  it('for Workers has all in one, the kernels apart as a module', async () => {
    const files = await bundle({
      platform: 'browser',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['*.wasm'],
    })
    expect(files).toEqual(['dist/workerd.js'])
  })

  it('for Node has what Node needs', async () => {
    expect(await bundle({ platform: 'node' })).toContain('dist/platform/node.js')
  })
})
