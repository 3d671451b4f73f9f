/**
 * A server under load: 64 streams at a time for `SOAK_SECONDS` (default 60), while 500 clients vanish. Each stream must be
 * what a model writes that does nothing else, and memory must stay flat.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opened, post } from '../../attacks/support/raw-client.js'
import { RandomBits } from '../../support/random-model/random-bits.js'
import { answerOf, type Job, makeJobs, type SoakReport } from './jobs.js'

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60)
const STREAMS = 64
const VANISHING = 500
const CHAT = '/v1/chat/completions'
const MEGABYTE = 2 ** 20

let child: ChildProcess
let port: number
let jobs: readonly Job[]
const random = new RandomBits(18)

beforeAll(async () => {
  jobs = await makeJobs(48)
  const program = fileURLToPath(new URL('./program.ts', import.meta.url))
  child = fork(program, { execArgv: ['--expose-gc', '--import', 'tsx'] })
  port = (await answerOfChild<{ port: number }>()).port
})
afterAll(async () => {
  child?.disconnect()
  if (child?.exitCode === null) await once(child, 'exit')
})

/** The next message of the server. Rejects if it has ended, which nothing else would report. */
async function answerOfChild<T>(): Promise<T> {
  const ended = new AbortController()
  const end = () => ended.abort(new Error(`the server has ended with ${child.exitCode ?? child.signalCode}`))
  child.once('exit', end)
  try {
    const [message] = await once(child, 'message', { signal: ended.signal })
    return message as T
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error
  } finally {
    child.off('exit', end)
  }
}

function ask(what: 'report' | 'kill a thread'): Promise<SoakReport> {
  const answer = answerOfChild<SoakReport>()
  child.send(what)
  return answer
}

async function stream(job: Job): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: job.body }
  const answer = await answerOf(await fetch(`http://127.0.0.1:${port}${CHAT}`, init))
  expect(answer).toEqual(job.expected)
}

const anyJob = () => jobs[Math.floor(random.fraction() * jobs.length)]

/** A client that leaves before its headers, within its body, while it waits, or within its stream. */
async function vanish(): Promise<void> {
  const socket = await opened(port)
  socket.resume()
  const request = post(CHAT, anyJob().body)
  const part = random.fraction()
  socket.write(part < 0.5 ? request.slice(0, Math.floor(2 * part * request.length)) : request)
  await wait(random.fraction() * 1500)
  if (random.fraction() < 0.5) socket.resetAndDestroy()
  else socket.destroy()
}

describe('a server under load', () => {
  it(
    `answers ${STREAMS} streams at a time for ${SECONDS} s as if each was alone, while clients vanish`,
    async ({ task }) => {
      const until = performance.now() + 1000 * SECONDS
      const isOver = () => performance.now() > until
      let streams = 0
      let vanished = 0
      const lanes = Array.from({ length: STREAMS }, async () => {
        while (!isOver()) {
          await stream(anyJob())
          streams++
        }
      })
      const leaving = (async () => {
        while (vanished < VANISHING) {
          const due = VANISHING * (1 - (until - performance.now()) / (1000 * SECONDS))
          const now = Math.min(VANISHING - vanished, Math.max(0, Math.ceil(due) - vanished))
          vanished += now
          await Promise.all([wait(250), ...Array.from({ length: now }, vanish)])
        }
      })()
      const reports: SoakReport[] = []
      const watching = (async () => {
        while (!isOver()) {
          await wait(Math.min(5000, (1000 * SECONDS) / 12))
          reports.push(await ask('report'))
        }
      })()
      await Promise.all([...lanes, leaving, watching])

      // The slots of all that have vanished are free: 64 streams begin at once, and nothing else is left.
      await Promise.all(Array.from({ length: STREAMS }, () => stream(anyJob())))
      await expect.poll(async () => (await ask('report')).open, { timeout: 20_000 }).toBe(0)

      const warm = reports.slice(Math.floor(reports.length / 4))
      const middle = Math.ceil(warm.length / 2)
      const most = (part: readonly SoakReport[], of: (report: SoakReport) => number) =>
        Math.max(...part.map(of)) / MEGABYTE
      const growth = (of: (report: SoakReport) => number) =>
        most(warm.slice(middle), of) - most(warm.slice(0, middle), of)
      const grown = {
        heap: growth(({ heapUsed, external }) => heapUsed + external),
        resident: growth(({ rss }) => rss),
      }
      task.meta.row = {
        load: `${STREAMS} streams at a time, ${SECONDS} s`,
        streams,
        vanished,
        'heap MiB': most(warm, ({ heapUsed }) => heapUsed).toFixed(1),
        'resident MiB': most(warm, ({ rss }) => rss).toFixed(0),
        'grown MiB': `${grown.heap.toFixed(1)} heap, ${grown.resident.toFixed(1)} resident`,
      }
      expect(streams).toBeGreaterThan(STREAMS)
      expect(vanished).toBe(VANISHING)
      expect(grown.heap).toBeLessThan(16)
      expect(grown.resident).toBeLessThan(64)
    },
    1000 * (SECONDS + 600),
  )

  it('answers again after a thread of the engine has ended while 16 streams run', async ({ task }) => {
    const results = Promise.allSettled(
      Array.from({ length: 16 }, async () => {
        // Several in a row, so that there is one at the moment when the thread ends.
        for (let i = 0; i < 4; i++) await stream(anyJob())
      }),
    )
    await wait(300)
    expect((await ask('report')).workers).toBe(1)
    await ask('kill a thread')
    const failures = (await results).flatMap((each) =>
      each.status === 'rejected' ? [String(each.reason)] : [],
    )
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures) expect(failure).toMatch(/thread_lost|disposed|503/)
    await Promise.all(Array.from({ length: 16 }, () => stream(anyJob())))
    task.meta.row = { load: 'a thread ends while 16 streams run', streams: 16, vanished: 0 }
  })
})
