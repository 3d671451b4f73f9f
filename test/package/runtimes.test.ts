/** The packed package in runtimes, frameworks and checkers: what a program gets that is not a bundled page. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { MODEL_PATH, storiesInNode } from '../runtimes/stories.js'
import { bin, CACHE, engine, packed, project, ROOT, run } from '../support/packed.js'

const MODEL = join(ROOT, MODEL_PATH)
let story: readonly number[]

beforeAll(async () => {
  story = (await storiesInNode()).greedy.ids.slice(0, 12)
})

const told = () => ({ ids: story, warnings: [] })

function report({ task }: TestContext, result: string): void {
  task.meta.row = { tool: task.name, result }
}

describe('Node', () => {
  it('npm install, import, require and the command line', async (test) => {
    const folder = join(CACHE, 'node')
    await run('rm', ['-rf', folder], ROOT)
    await run('mkdir', ['-p', folder], ROOT)
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    await run('npm', ['install', '--no-audit', '--no-fund', await packed()], folder)
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
    for (const node of [process.execPath, engine(22), engine(24)]) {
      for (const file of ['esm.mjs', 'cjs.cjs']) {
        const args = ['--disable-warning=ExperimentalWarning', file]
        expect(JSON.parse(await run(node, args, folder)), `${node} ${file}`).toEqual(story)
      }
    }
    const text = await run(
      'npx',
      ['dasllama', 'run', MODEL, '--prompt', 'Once upon a time', '-n', '4', '--temp', '0'],
      folder,
    )
    expect(text).toContain('there was a')
    report(test, 'works; require() in Node 20.19, 22.12 and newer')
  })

  it.for(['esm', 'cjs'])('esbuild for Node, %s', async (format, test) => {
    const folder = await project('esbuild', ['story.js'])
    await writeFile(
      join(folder, 'node.js'),
      `import { outcome, story } from './story.js'
      import { readFile } from 'node:fs/promises'
      const MODEL = ${JSON.stringify(MODEL)}
      const main = async () => {
        const found = await outcome(story(MODEL))
        const kernels = await readFile('node_modules/dasllama/dist/kernels.wasm')
        console.log(JSON.stringify([found, await outcome(story(MODEL, { kernels }))]))
      }
      main()`,
    )
    const extension = format === 'esm' ? 'mjs' : 'cjs'
    await run(
      bin(folder, '.bin/esbuild'),
      [
        'node.js',
        '--bundle',
        '--platform=node',
        `--format=${format}`,
        `--outfile=out/node.${extension}`,
        '--log-level=error',
      ],
      folder,
    )
    const [found, passed] = JSON.parse(await run(process.execPath, [`out/node.${extension}`], folder))
    expect(found.error).toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringMatching(/leave it out of the bundle.*`kernels`/),
    })
    expect(passed).toEqual(told())
    report(test, 'works with the option kernels; without, an error that names it')
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
      await packed(),
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
      await packed(),
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
  'kernels-wide.wasm',
]
