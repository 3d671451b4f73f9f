import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Bundles a program that imports the package by its name; resolves with the files of dist/ that are in the bundle. */
async function bundle(
  options: BuildOptions,
  contents = `export { loadModel } from 'dasllama'`,
): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
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
  it('for browsers has no files of other runtimes', async () => {
    expect(await bundle({ platform: 'browser' })).toEqual([
      'dist/errors.js',
      'dist/index.js',
      'dist/platform/browser.js',
    ])
  })

  it('for Workers has their platform in one file with the engine, and the kernels as a separate module', async () => {
    const files = await bundle({
      platform: 'browser',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['*.wasm'],
    })
    expect(files).toEqual(['dist/errors.js', 'dist/workerd.js'])
  })

  it('for Node has what Node needs', async () => {
    expect(await bundle({ platform: 'node' })).toContain('dist/platform/node.js')
  })

  it.each<BuildOptions>([{ platform: 'browser' }, { platform: 'node' }, { conditions: ['workerd'] }])(
    'of sampling alone has neither kernels nor engine: %j',
    async (options) => {
      const files = await bundle(options, `export { createSampler } from 'dasllama/sampling'`)
      expect(files).toEqual(['dist/errors.js', 'dist/sampling.js'])
      expect(await readFile(new URL('../../dist/sampling.js', import.meta.url), 'utf8')).not.toContain(
        'WebAssembly.',
      )
    },
  )
})
