import { execFile } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/model-files.js'
import { MODEL_PATH } from './stories.js'

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
})

afterAll(() => folder[Symbol.asyncDispose]())

/** Runs a program, whose Workers are started as `workers` says; resolves with the JSON that it prints. */
async function run(program: string, dist = './dist/index.js', workers = ''): Promise<unknown> {
  const code = `
    import threads from 'node:worker_threads'
    import { syncBuiltinESMExports } from 'node:module'
    const { Worker } = threads
    ${workers && `threads.Worker = ${workers}`}
    syncBuiltinESMExports()
    const { loadModel } = await import(${JSON.stringify(dist)})
    const errorOf = (promise) => promise.then(() => ({ code: 'none' }), ({ code, message, hint }) => ({ code, message, hint }))
    const load = (options) => loadModel('${MODEL_PATH}', { worker: true, threads: 1, ...options })
    console.log(JSON.stringify(await (async () => { ${program} })()))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    timeout: 120_000,
  })
  return JSON.parse(stdout)
}

/** A Worker that runs its script after `first`. */
const withFirst = (first: string) => `class extends Worker {
  constructor(url, options) {
    const script = ${JSON.stringify(first)} + ';await import(' + JSON.stringify(String(url)) + ')'
    super(new URL('data:text/javascript,' + encodeURIComponent(script)), options)
  }
}`

/** Generates until the Worker ends, and says what remains. */
const GENERATE = `
  const model = await load()
  const session = model.createSession()
  const error = await errorOf((async () => {
    while (true) await session.generate('Once upon a time', { maxTokens: 100 }).result()
  })())
  const { position, ids } = session
  await model.dispose()
  return { error, position, known: ids.length, next: await errorOf(session.eval([1])) }`

describe('a Worker in Node that', () => {
  it('exits is reported, and the session still knows its tokens', async () => {
    const exiting = withFirst('setTimeout(() => process.exit(3), 1500)')
    const { error, position, known, next } = (await run(GENERATE, undefined, exiting)) as never
    expect(error).toMatchObject({ code: 'ENGINE_LOST', message: expect.stringContaining('exit code 3') })
    expect(known).toBe(position)
    expect(next).toMatchObject({ code: 'DISPOSED' })
  })

  it('runs out of memory is reported', async () => {
    const growing = withFirst(`
      const kept = []
      setTimeout(() => setInterval(() => {
        for (let i = 0; i < 1e5; i++) kept.push({ i })
      }), 1000)`).replace('options)\n', '{ ...options, resourceLimits: { maxOldGenerationSizeMb: 40 } })\n')
    const { error, position, known } = (await run(GENERATE, undefined, growing)) as never
    expect(error).toMatchObject({ code: 'ENGINE_LOST', message: expect.stringContaining('memory') })
    expect(known).toBe(position)
  })

  it('has too little memory to start is UNSUPPORTED', async () => {
    const small = `class extends Worker {
      constructor(url, options) { super(url, { ...options, resourceLimits: { maxOldGenerationSizeMb: 2 } }) }
    }`
    const refused = (await run('return errorOf(load())', undefined, small)) as { code: string }
    expect(['UNSUPPORTED', 'ENGINE_LOST']).toContain(refused.code)
    expect(refused).toMatchObject({ message: expect.stringContaining('memory') })
  })

  it('throws is reported', async () => {
    const throwing = withFirst(`setTimeout(() => { throw new Error('broken') }, 1500)`)
    const { error } = (await run(GENERATE, undefined, throwing)) as never
    expect(error).toMatchObject({ code: 'ENGINE_LOST', message: expect.stringContaining('broken') })
  })

  it('is not there is UNSUPPORTED, and the model runs without it', async () => {
    const dist = join(folder.path, 'dist')
    await cp('dist', dist, { recursive: true })
    await rm(join(dist, 'node-engine-thread.js'))
    const program = `
      const model = await load({ worker: false })
      await model.dispose()
      return errorOf(load())`
    expect(await run(program, pathToFileURL(join(dist, 'index.js')).href)).toEqual({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/Worker.*cannot be started: .*node-engine-thread\.js is not there/),
      hint: expect.stringMatching(/bundle.*worker: false/),
    })
  })

  it.each(['esm', 'cjs'] as const)('is not part of a bundle (%s) is UNSUPPORTED', async (format) => {
    const outfile = join(folder.path, `${format}/bundle.${format === 'esm' ? 'mjs' : 'cjs'}`)
    const contents = `export { loadModel } from './dist/index.js'`
    const stdin = { contents, resolveDir: process.cwd() }
    await build({ stdin, bundle: true, platform: 'node', format, outfile, logLevel: 'silent' })
    expect(await run('return errorOf(load())', pathToFileURL(outfile).href)).toEqual({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/Worker.*cannot be started: .*node-engine-thread\.js is not there/),
      hint: expect.stringMatching(/bundle.*worker: false/),
    })
  })
})
