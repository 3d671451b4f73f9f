/** The packed package in runtimes, frameworks and checkers: what a program gets that is not a bundled page. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { engines } from '../engines/launch.js'
import { MODEL_PATH } from '../runtimes/stories.js'
import { bin, CACHE, project, ROOT, run, TARBALL } from '../support/packed.js'
import { report, told } from './rows.js'

const MODEL = join(ROOT, MODEL_PATH)

describe('Node', () => {
  it('npm install, import, require() and npx', async (test) => {
    const folder = join(CACHE, 'node')
    await run('rm', ['-rf', folder], ROOT)
    await run('mkdir', ['-p', folder], ROOT)
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    await run('npm', ['install', '--no-audit', '--no-fund', TARBALL], folder)
    const program = (load: string) => `
      ${load}
      const tell = async () => {
        const model = await loadModel(${JSON.stringify(MODEL)}, { kernels: 'baseline' })
        const { ids } = await model.createSession().generate('Once upon a time', { maxTokens: 12 }).result()
        await model.dispose()
        console.log(JSON.stringify(ids))
      }
      tell()`
    await writeFile(join(folder, 'esm.mjs'), program(`import { loadModel } from 'dasllama'`))
    await writeFile(join(folder, 'cjs.cjs'), program(`const { loadModel } = require('dasllama')`))
    const nodes = (await engines()).filter(({ program }) => program === 'node')
    for (const { version, path } of nodes) {
      for (const file of ['esm.mjs', 'cjs.cjs']) {
        const args = ['--disable-warning=ExperimentalWarning', file]
        expect(JSON.parse(await run(path, args, folder)), `${version} ${file}`).toEqual(inject('story'))
      }
    }
    const text = await run(
      'npx',
      ['dasllama', 'run', MODEL, '--prompt', 'Once upon a time', '-n', '4', '--temp', '0'],
      folder,
    )
    expect(text).toContain('there was a')
    const versions = [...new Set(nodes.map(({ version }) => version))].join(', ')
    report(test, `works in Node ${versions}`)
  })

  it('Jest 30', async (test) => {
    const folder = await project('jest', ['story.js'])
    await run(process.execPath, ['--experimental-vm-modules', bin(folder, 'jest/bin/jest.js')], folder, {
      MODEL,
      STORY: JSON.stringify(told()),
    })
    report(test, 'works with node --experimental-vm-modules')
  })
})

describe('TypeScript', () => {
  it.for([
    ['without dom, with its own settings for Node', { lib: ['es2022'], types: ['node'], module: 'nodenext' }],
    [
      'without dom and without types of a runtime',
      { lib: ['es2022'], types: [], module: 'esnext', moduleResolution: 'bundler' },
    ],
    ['for a page', { lib: ['es2022', 'dom'], types: [], module: 'esnext', moduleResolution: 'bundler' }],
  ])('TypeScript 5.9 %s', async ([, options], test) => {
    const folder = await project('typescript')
    const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', ...options }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
    expect(await run(process.execPath, [bin(folder, 'typescript/bin/tsc'), '-p', '.'], folder)).toBe('')
    report(test, 'no errors')
  })
})

describe('checkers of packages', () => {
  it('publint', async (test) => {
    // It also suggests export conditions instead of the field `browser`, which hides Node's platform from bundlers.
    const args = [
      join(ROOT, 'node_modules/publint/src/cli.js'),
      'run',
      TARBALL,
      '--strict',
      '--level',
      'warning',
    ]
    expect(await run(process.execPath, args, ROOT)).toContain('All good!')
    report(test, 'no errors or warnings')
  })

  it('@arethetypeswrong/cli', async (test) => {
    const cli = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    // Modules only: CommonJS uses require() of an ES module.
    const args = [
      cli,
      TARBALL,
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      ...FILES,
      '--no-emoji',
      '--format',
      'ascii',
    ]
    // It fails with a problem that is not ignored.
    expect(await run(process.execPath, args, ROOT)).toContain('dasllama v')
    report(test, 'no problems (esm-only)')
  })
})

/** Entries that are files without types. */
const FILES = [
  'browser-engine-thread.js',
  'browser-thread.js',
  'kernels.wasm',
  'kernels-relaxed.wasm',
  'kernels-wide.wasm.br',
]
