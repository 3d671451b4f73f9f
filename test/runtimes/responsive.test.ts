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

/** The result of examples/responsive/measure.mjs. */
interface Measured {
  rows: { tokens: number; timers: number; messages: number; frames: number }[]
  abort: { stopReason: string; tokens: number }
}

/** Results of a page or a main thread, and of its worker. */
interface Both {
  page: Measured
  worker: Measured
}

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
 * Counts far below those of slices of SLICE_MS, and far above zero, which a thread serves that never yields. `rows`: while
 * generating, and while reading a prompt.
 */
function expectServed(
  { rows: [generating, reading], abort }: Measured,
  run: Run,
  { isPage = false } = {},
): void {
  if (run === RUNS.small) {
    expect(generating.tokens).toBe(1000)
    expect(generating.timers).toBeGreaterThanOrEqual(4)
    expect(generating.messages).toBeGreaterThanOrEqual(4)
    if (isPage) expect(generating.frames).toBeGreaterThanOrEqual(2)
  } else {
    // Almost all of it is one batch.
    expect(reading.tokens).toBe(129)
    expect(reading.timers).toBeGreaterThanOrEqual(6)
    expect(reading.messages).toBeGreaterThanOrEqual(6)
    if (isPage) expect(reading.frames).toBeGreaterThanOrEqual(2)
  }
  // Sent by another thread at the fifth token.
  expect(abort.stopReason).toBe('abort')
  expect(abort.tokens).toBeLessThan(800)
}

describe.each(['small', 'wide'] as const)(
  'timers, messages and an abort are served while a %s model runs',
  (size) => {
    const run = RUNS[size]

    it('in Node, on the main thread and in a worker', async () => {
      const program = `
      import { measureInNodeWorker, measureOnMainThread } from './examples/responsive/node.mjs'
      const [source, options] = ${JSON.stringify([run.source, run.options])}
      const page = await measureOnMainThread(source, options)
      console.log(JSON.stringify({ page, worker: await measureInNodeWorker(source, options) }))`
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        program,
      ])
      const { page, worker }: Both = JSON.parse(stdout)
      expectServed(page, run)
      expectServed(worker, run)
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
          .evaluate<Both & { inputs: number }>(`(async () => {
          const { measureInWorker, measureOnPage } = await import('/examples/responsive/page.mjs')
          const [source, options] = ${JSON.stringify([`/${run.source}`, run.options])}
          let inputs = 0
          document.addEventListener('mousemove', () => inputs++)
          const page = await measureOnPage(source, options)
          const result = { page, inputs }
          return { ...result, worker: await measureInWorker(source, options) }
        })()`)
          .finally(() => {
            isDone = true
          })
        for (let i = 0; !isDone; i++) {
          await page.mouse.move(10 + (i % 50), 20)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        const { page: onPage, worker, inputs } = await measuring
        expectServed(onPage, run, { isPage: true })
        expectServed(worker, run)
        expect(inputs).toBeGreaterThanOrEqual(4)
        await page.close()
      })
    })

    it.skipIf(firefoxPath === undefined)('in Firefox, on a page and in a worker', async () => {
      const server = await serveFiles()
      try {
        const { source, options } = run
        const task = encodeURIComponent(JSON.stringify({ source: `/${source}`, options }))
        const posted = await withFirefox(`${server.url}examples/responsive/page.html#${task}`, server.posted)
        const { page, worker, error }: Both & { error?: string } = JSON.parse(posted)
        expect(error).toBeUndefined()
        expectServed(page, run, { isPage: true })
        expectServed(worker, run)
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
    expect(stdout).toMatch(/^Node main thread +generating( +\d+){3} +- +\d+ ms$/m)
    expect(stdout).toMatch(/^Node worker +reading a prompt( +\d+){3} +- +\d+ ms$/m)
    expect(stdout.match(/abort sent at token 5: served in time/g)).toHaveLength(2)
  })
})
