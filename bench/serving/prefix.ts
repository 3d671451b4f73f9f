/** Prompts with a common beginning, sent to `dasllama serve` one after the other: what the second one waits for. */
import { randomIds } from '../workload.js'
import { startServer, streamCompletion } from './server.js'

export interface PrefixTask {
  readonly cli: string
  readonly source: string
  readonly threads: number
  readonly repetitions: number
  readonly vocabSize: number
  /** Tokens that prompts have in common, and those that follow. */
  readonly common: number
  readonly own: number
}

/** Milliseconds to the first token, in each repetition with another beginning. */
export interface PrefixTimes {
  readonly first: readonly number[]
  readonly second: readonly number[]
  /** A prompt as long as the end of the second one, alone: what its own tokens cost. */
  readonly alone: readonly number[]
}

export async function run(task: PrefixTask): Promise<PrefixTimes> {
  const { cli, source, threads, repetitions, vocabSize, common, own } = task
  const length = common + own
  const server = await startServer(cli, source, { threads, contextLength: length + 32, parallel: 4 })
  const ids = randomIds((repetitions + 1) * (common + 3 * own), vocabSize)
  const next = (count: number) => ids.splice(0, count)
  const times = { first: [] as number[], second: [] as number[], alone: [] as number[] }
  const wait = async (prompt: readonly number[]) => (await streamCompletion(server, prompt, 1)).first
  try {
    // Everything is compiled and measured by the engine before it counts.
    await streamCompletion(server, next(own), 8)
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const beginning = next(common)
      times.first.push(await wait([...beginning, ...next(own)]))
      times.second.push(await wait([...beginning, ...next(own)]))
      times.alone.push(await wait(next(own)))
    }
  } finally {
    server.close()
  }
  return times
}
