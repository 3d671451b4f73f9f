/**
 * Tokens per second with and without yielding to the event loop, alternating, so that both run under the same conditions. Runs in
 * Node, on pages and in workers.
 */

import { Slicer } from '../../src/backend/wasm/slicer.js'
import { loadModel } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'

export interface Task {
  /** The argument of `loadModel`: bytes, or the URL of a file. */
  readonly source: string
  readonly kernels: Uint8Array | undefined
  readonly threads: number
  readonly turns: number
  /** Tokens of a turn. */
  readonly generated: number
  readonly prompt: number
}

/** Milliseconds of each turn: processor time in Node, where other processes do not count, otherwise by the clock. */
export interface Samples {
  readonly yielding: number[]
  readonly blocking: number[]
  /** Milliseconds of each pause of the yielding turns, by the clock. */
  readonly pauses: number[]
  /** Total milliseconds of the yielding turns, by the clock. */
  readonly clockMs: number
}

export interface Result {
  readonly generate: Samples
  readonly prompt: Samples
}

/** Milliseconds of processor time in Node, of the clock elsewhere. */
function ownMs(): number {
  const { process } = globalThis as { process?: { cpuUsage?: () => { user: number; system: number } } }
  const used = process?.cpuUsage?.()
  return used ? (used.user + used.system) / 1000 : performance.now()
}

/** Whether the engine yields; installed once, so that compiled code stays valid. */
let yields = true
let isInstalled = false

function install(): void {
  if (isInstalled) return
  isInstalled = true
  const { isDue } = pacer
  const { slices } = Slicer.prototype
  pacer.isDue = (now, size) => yields && isDue.call(pacer, now, size)
  Slicer.prototype.slices = function (kind, size) {
    return yields ? slices.call(this, kind, size) : 1
  }
}

export async function run({ source, kernels, threads, turns, generated, prompt }: Task): Promise<Result> {
  install()
  const model = await loadModel(source, { kernels, threads, worker: false })
  const session = model.createSession({ contextLength: Math.max(generated, prompt) + 8 })
  const ids = Array.from({ length: prompt }, (_, i) => (i * 31) % model.config.vocabSize)

  const generate = async () => {
    await session.reset()
    for await (const _ of session.generate([1, 2], { ignoreEos: true, maxTokens: generated }));
  }
  const evaluate = async () => {
    await session.reset()
    await session.eval(ids)
  }
  const compare = async (work: () => Promise<unknown>): Promise<Samples> => {
    const samples: Record<'yielding' | 'blocking', number[]> = { yielding: [], blocking: [] }
    const { pause } = pacer
    const pauses: number[] = []
    let clockMs = 0
    pacer.pause = async () => {
      const start = performance.now()
      await pause.call(pacer)
      pauses.push(performance.now() - start)
    }
    const time = async (kind: 'yielding' | 'blocking') => {
      // Both begin right after a turn of the event loop.
      await pause.call(pacer)
      const start = performance.now()
      const own = ownMs()
      yields = kind === 'yielding'
      await work()
      samples[kind].push(ownMs() - own)
      if (kind === 'yielding') clockMs += performance.now() - start
    }
    for (let turn = -2; turn < turns; turn++) {
      // The first of a pair alternates, too.
      for (const kind of turn % 2 === 0
        ? (['yielding', 'blocking'] as const)
        : (['blocking', 'yielding'] as const)) {
        await time(kind)
      }
      if (turn < 0) {
        samples.yielding.length = samples.blocking.length = pauses.length = clockMs = 0
      }
    }
    pacer.pause = pause
    yields = true
    return { ...samples, pauses, clockMs }
  }

  const result = { generate: await compare(generate), prompt: await compare(evaluate) }
  session.dispose()
  model.dispose()
  return result
}
