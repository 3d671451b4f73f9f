/** Limits as Markdown, and how close a record's figures come to them. */
import type { BenchRecord, ContestantRecord, ModelRecord, TestRecord } from '../record.js'
import { summarise } from '../statistics.js'
import { medianRate, number, table } from '../tables.js'
import type { LimitRecord } from './record.js'

const median = ({ samples }: LimitRecord) => summarise(samples).median

/** The measurements, one column per number of threads; empty without measurements. */
export function renderLimits(limits: readonly LimitRecord[]): string {
  const threads = [...new Set(limits.map(({ threads }) => threads))]
  const kinds = [...new Set(limits.map(({ where, what, unit }) => JSON.stringify([where, what, unit])))]
  if (kinds.length === 0) return ''
  const rows = kinds.map((kind) => {
    const [where, what, unit]: readonly string[] = JSON.parse(kind)
    const cells = threads.map((count) => {
      const limit = limits.find((one) => one.where === where && one.what === what && one.threads === count)
      return limit ? number(median(limit)) : '–'
    })
    return [where, what, unit, ...cells]
  })
  const head = ['where', 'limit', 'unit', ...threads.map(threadsText)]
  return `What this machine can do at most, registers and main memory, median:\n\n${table(head, rows, 3)}`
}

export function threadsText(count: number): string {
  return count === 1 ? '1 thread' : `${count} threads`
}

/**
 * Decoding must read every weight, so its limit is reading memory; a prompt must multiply with every weight, so its
 * limit is multiplying. Each figure in those units, and its share of the limits of WebAssembly in the same engine,
 * with 128-bit vectors, and of native code. Empty if there are no limits. Weights that stay in a cache can be read faster than memory.
 */
export function renderDistances({ models, contestants, limits = [] }: BenchRecord): string {
  if (limits.length === 0) return ''
  const rows = models.flatMap((model) =>
    model.tests
      .filter(({ samples }) => samples.length > 0)
      .flatMap((test) => {
        const contestant = contestants.find(({ name }) => name === test.contestant)
        const reached = contestant && reachedBy(model, test)
        if (!reached) return []
        const share = (limit: number | undefined) =>
          limit === undefined ? '–' : `${((100 * reached.figure) / limit).toFixed(0)} %`
        const { figure, unit } = reached
        return [
          [
            model.name,
            test.test,
            test.contestant,
            String(test.threads),
            `${number(figure)} ${unit}`,
            share(webAssemblyLimit(limits, contestant, unit, test.threads)),
            share(best(limits, 'native', unit, test.threads)),
          ],
        ]
      }),
  )
  if (rows.length === 0) return ''
  const head = ['model', 'test', 'engine', 'threads', 'reaches', 'of WebAssembly', 'of native']
  return `How close that is: bytes of weights read per second in decoding, multiplications per second in a prompt, without attention; shares of the highest limit of each kind, WebAssembly's with 128-bit vectors:\n\n${table(head, rows, 3)}`
}

function reachedBy(
  { work }: ModelRecord,
  test: TestRecord,
): { figure: number; unit: LimitRecord['unit'] } | undefined {
  if (!work || test.test.includes('@')) return undefined
  if (test.test.startsWith('tg')) {
    return { figure: (medianRate(test) * work.decodeBytes) / 1e9, unit: 'GB/s' }
  }
  return { figure: (medianRate(test) * work.prefillMacs) / 1e9, unit: 'GMAC/s' }
}

/** The limit of the engine of our contestants; others run no WebAssembly, or not in a measured engine. */
function webAssemblyLimit(
  limits: readonly LimitRecord[],
  { runtime, against }: ContestantRecord,
  unit: LimitRecord['unit'],
  threads: number,
): number | undefined {
  if (against.length > 0) return undefined
  return best(limits, `WebAssembly in ${runtime.split(' (')[0]}`, unit, threads)
}

/** The highest limit of a unit. */
function best(
  limits: readonly LimitRecord[],
  where: string,
  unit: LimitRecord['unit'],
  threads: number,
): number | undefined {
  const found = limits.filter((one) => one.where === where && one.unit === unit && one.threads === threads)
  return found.length === 0 ? undefined : Math.max(...found.map(median))
}
