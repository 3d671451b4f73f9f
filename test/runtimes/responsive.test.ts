import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeModelFile } from '../support/model-files.js'
import { randomModel } from '../support/random-model/random-model.js'
import { startChromium, withoutChromium } from './chromium.js'
import { type FileServer, serveFiles } from './file-server.js'
import { firefoxPath, withFirefox } from './firefox.js'
import { MODEL_PATH } from './stories.js'

/** The result of examples/responsive/measure.mjs: rows for loading, generating and reading a prompt. */
interface Measured {
  rows: {
    tokens: number
    timers: number
    messages: number
    frames: number
    longestTaskMs?: number
    longestAnswerMs: number
  }[]
  abort: { stopReason: string; tokens: number }
}

/** Results of a main thread that runs the engine, of one with the engine in a Worker, and of a worker that runs it. */
interface Places {
  main: Measured
  mainWithWorker: Measured
  worker: Measured
}
const PLACES: readonly (keyof Places)[] = ['main', 'mainWithWorker', 'worker']

/** One layer as wide as those of a 1.1B model. Git ignores the folder. */
const WIDE_PATH = '.cache/responsive/wide.gguf'
const WIDE_SHAPE = {
  ...{ embed: 2048, layers: 1, heads: 32, kvHeads: 4, headDim: 64, feedForward: 5632 },
  ...{ vocab: 512, context: 256 },
}

/** A thousand tokens of a small model; a few tokens of the wide one, and a prompt of one batch and one token. */
const RUNS = {
  small: { source: MODEL_PATH, options: { threads: 1, tokens: 1000, seconds: 60 } },
  wide: { source: WIDE_PATH, options: { threads: 1, tokens: 3, seconds: 60, contextLength: 130 } },
}
type Run = (typeof RUNS)[keyof typeof RUNS]

beforeAll(async () => {
  await mkdir('.cache/responsive', { recursive: true })
  await writeModelFile(WIDE_PATH, randomModel({ shape: WIDE_SHAPE, format: 'Q4_0', tied: true, seed: 1 }))
})

/**
 * Counts far below those of slices of SLICE_MS, but above what a thread serves that never yields. How long the longest task
 * took is for `examples/responsive.mjs`: on a busy machine, a test could not tell the engine's share of it.
 */
function expectServed({ rows, abort }: Measured, run: Run, { isPage = false } = {}): void {
  const [, generating, reading] = rows
  if (run === RUNS.small) {
    expect(generating.tokens).toBe(1000)
    expect(generating.timers).toBeGreaterThanOrEqual(3)
    expect(generating.messages).toBeGreaterThanOrEqual(3)
    if (isPage) expect(generating.frames).toBeGreaterThanOrEqual(1)
  } else {
    // Almost all of it is one batch.
    expect(reading.tokens).toBe(129)
    expect(reading.timers).toBeGreaterThanOrEqual(3)
    expect(reading.messages).toBeGreaterThanOrEqual(3)
    if (isPage) expect(reading.frames).toBeGreaterThanOrEqual(1)
  }
  for (const { longestAnswerMs } of [generating, reading]) expect(longestAnswerMs).toBeGreaterThan(0)
  // Sent by another thread at the fifth token.
  expect(abort.stopReason).toBe('abort')
  expect(abort.tokens).toBeLessThan(1000)
}

function expectServedEverywhere(places: Places, run: Run, { isPage = false } = {}): void {
  for (const place of PLACES) expectServed(places[place], run, { isPage: isPage && place !== 'worker' })
}

describe.each(['small', 'wide'] as const)(
  'timers, messages and an abort are served while a %s model runs, on this thread or in a Worker',
  (size) => {
    const run = RUNS[size]

    it('in Node, on the main thread and in a worker', async () => {
      const program = `
      import { measureInNodeWorker, measureOnMainThread } from './examples/responsive/node.mjs'
      import { measureAt } from './examples/responsive/places.mjs'
      const [places, source, options] = ${JSON.stringify([PLACES, run.source, run.options])}
      const functions = { onMainThread: measureOnMainThread, inWorker: measureInNodeWorker }
      console.log(JSON.stringify(await measureAt(places, functions, source, options)))`
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        program,
      ])
      expectServedEverywhere(JSON.parse(stdout), run)
    })

    describe.skipIf(withoutChromium)('in Chromium', () => {
      let server: FileServer
      let browser: Browser

      beforeAll(async () => {
        server = await serveFiles()
        browser = await startChromium()
      })

      afterAll(async () => {
        await browser?.close()
        await server?.close()
      })

      it('on a page, which handles input meanwhile, and in a worker', async () => {
        const page = await browser.newPage()
        await page.goto(server.url)
        let isDone = false
        const measuring = page
          .evaluate<{ results: Places; inputs: Record<keyof Places, number> }>(`(async () => {
          const { measureInWorker, measureOnPage } = await import('/examples/responsive/page.mjs')
          const { measureAt } = await import('/examples/responsive/places.mjs')
          const [places, source, options] = ${JSON.stringify([PLACES, `/${run.source}`, run.options])}
          let count = 0
          document.addEventListener('mousemove', () => count++)
          const functions = { onMainThread: measureOnPage, inWorker: measureInWorker }
          const results = {}
          const inputs = {}
          for (const place of places) {
            count = 0
            Object.assign(results, await measureAt([place], functions, source, options))
            inputs[place] = count
          }
          return { results, inputs }
        })()`)
          .finally(() => {
            isDone = true
          })
        for (let i = 0; !isDone; i++) {
          await page.mouse.move(10 + (i % 50), 20)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        const { results, inputs } = await measuring
        expectServedEverywhere(results, run, { isPage: true })
        // Chromium reports long tasks on pages, not in workers.
        expect(results.main.rows[2].longestTaskMs).toBeTypeOf('number')
        expect(results.worker.rows[2].longestTaskMs).toBeUndefined()
        expect(inputs.main).toBeGreaterThanOrEqual(1)
        expect(inputs.mainWithWorker).toBeGreaterThanOrEqual(1)
        await page.close()
      })
    })

    it.skipIf(firefoxPath === undefined)('in Firefox, on a page and in a worker', async () => {
      const server = await serveFiles()
      try {
        const { source, options } = run
        const task = encodeURIComponent(JSON.stringify({ source: `/${source}`, options, places: PLACES }))
        const posted = await withFirefox(`${server.url}examples/responsive/page.html#${task}`, server.posted)
        const { error, ...places }: Places & { error?: string } = JSON.parse(posted)
        expect(error).toBeUndefined()
        expectServedEverywhere(places, run, { isPage: true })
      } finally {
        await server.close()
      }
    })
  },
)

describe('the example', () => {
  it('prints the counts', async () => {
    const args = [fileURLToPath(new URL('../../examples/responsive.mjs', import.meta.url))]
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...args,
      '--seconds',
      '0.2',
      '--only',
      'Node',
    ])
    const cells = String.raw`( +\d+){2} +- +- +\d+ ms +\d+ ms$`
    expect(stdout).toMatch(new RegExp(`^Node +main +false +loading +-${cells}`, 'm'))
    expect(stdout).toMatch(new RegExp(`^Node +main +true +generating +\\d+${cells}`, 'm'))
    expect(stdout).toMatch(new RegExp(`^Node +worker +false +reading a prompt +\\d+${cells}`, 'm'))
    expect(stdout.match(/abort sent at token 5: served in time/g)).toHaveLength(3)
  })
})
