/**
 * How fast one token after the other is decoded with the engine in a Worker and on this thread: both in one process or
 * on one page, in turns, so that they meet the same machine.
 */
import { type LoadOptions, loadModel, type Session } from 'dasllama'
import { browserRuntime, processRuntime } from '../hosts/runtime.js'

export interface Task {
  /** What `loadModel` takes: a path, or an address. */
  readonly source: string
  readonly threads: number
  /** Pairs of turns, and the tokens of a turn. */
  readonly turns: number
  readonly tokens: number
  /** The second engine is not in a Worker, but divided among memories of at most so many bytes. */
  readonly memorySize?: number
}

export interface Result {
  readonly runtime: string
  /** That each engine has, as they may be fewer than asked for. */
  readonly threads: number
  /** Milliseconds of each turn. */
  readonly inThread: readonly number[]
  readonly worker: readonly number[]
  /** Whether both have the same logits after every turn, bit by bit. */
  readonly isEqual: boolean
}

const WARM_UP_TURNS = 2
const ORDERS = [
  ['inThread', 'worker'],
  ['worker', 'inThread'],
] as const

export async function run({ source, threads, turns, tokens, memorySize }: Task): Promise<Result> {
  const load = async (other: Pick<LoadOptions, 'worker' | 'memorySize'>) => {
    const options = { threads, kernels: 'relaxed', contextLength: tokens + 8, ...other } as const
    const model = await loadModel(source, options)
    return { model, session: model.createSession() }
  }
  const engines = {
    inThread: await load({ worker: false }),
    worker: await load(memorySize === undefined ? { worker: true } : { worker: false, memorySize }),
  }
  const samples = { inThread: [] as number[], worker: [] as number[] }
  const ids = Array.from({ length: tokens + 1 }, (_, i) => 1 + ((i * 31) % 200))
  let isEqual = true
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    // The first of a pair in turns, too.
    for (const place of ORDERS[Math.abs(turn) % 2]) {
      const ms = await timeTurn(engines[place].session, ids)
      if (turn >= 0) samples[place].push(ms)
    }
    isEqual &&= sameBits(engines.inThread.session.logits(), engines.worker.session.logits())
  }
  const result = {
    runtime: globalThis.process?.versions ? processRuntime() : await browserRuntime(),
    threads: Math.min(engines.inThread.model.threads, engines.worker.model.threads),
    ...samples,
    isEqual,
  }
  for (const { model } of Object.values(engines)) await model.dispose()
  return result
}

/** Milliseconds of all ids but the first, which is there before. */
async function timeTurn(session: Session, [first, ...ids]: readonly number[]): Promise<number> {
  await session.reset()
  await session.eval([first])
  const since = performance.now()
  for (const id of ids) {
    await session.eval([id])
    session.logits()
  }
  return performance.now() - since
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const [left, right] = [a, b].map(
    ({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length),
  )
  return left.length === right.length && left.every((bits, i) => bits === right[i])
}
