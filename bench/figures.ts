/** Records as figures. */
import { readdir, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { threadsText } from './limits/table.js'
import { linePlot, ratioPlot } from './plot.js'
import type { BenchRecord } from './record.js'
import { summarise } from './statistics.js'
import { find, groups, medianRate, rates, speedRatio, testsOf } from './tables.js'

/** Ratios of speed to every rival, one figure for each group of contestants that are compared. */
export function speedFigures(record: BenchRecord): string[] {
  return groups(record).flatMap(({ ours, rivals }) => {
    const pairs = ours.flatMap((own) => rivals.map((rival) => ({ own, rival })))
    const rows = record.models.flatMap((model) =>
      testsOf(model, [...ours, ...rivals]).map(({ test, threads }) => {
        const of = (contestant: string) => find(model, { test, threads, contestant })
        return {
          label: `${model.name} ${test}, ${threadsText(threads)}`,
          ratios: pairs.map(({ own, rival }) => speedRatio(of(own), of(rival))),
        }
      }),
    )
    const measured = rows.filter(({ ratios }) => ratios.some((ratio) => ratio !== undefined))
    if (measured.length === 0) return []
    const plot = {
      title: `Speed compared with ${rivals.join(', ')} (${record.date.slice(0, 10)}, ${record.machine.cpu})`,
      less: 'dasllama is slower',
      more: 'faster',
      series: pairs.map(({ own, rival }) => `${own} ÷ ${rival}`),
      groups: measured,
    }
    return [ratioPlot(plot)]
  })
}

/** Tokens per second over the number of tokens already in the context; `undefined` if the record has no such tests. */
export function depthFigure({ models, date, machine }: BenchRecord): string | undefined {
  const tests = models.flatMap(({ tests }) => tests.filter(({ samples }) => samples.length > 0))
  const names = [...new Set(tests.map(({ contestant, threads }) => JSON.stringify([contestant, threads])))]
  const series = names.map((name) => {
    const [contestant, threads]: [string, number] = JSON.parse(name)
    const points = tests
      .filter((test) => test.contestant === contestant && test.threads === threads)
      .map((test) => {
        const { min, max } = summarise(rates(test))
        return { x: depthOf(test.test), y: medianRate(test), spread: [min, max] as const }
      })
    return { name: `${contestant}, ${threadsText(threads)}`, points: points.sort((a, b) => a.x - b.x) }
  })
  if (series.length === 0) return undefined
  return linePlot({
    title: `Decoding, ${models.map(({ name }) => name).join(', ')} (${date.slice(0, 10)}, ${machine.cpu})`,
    xLabel: 'tokens already in the context',
    yLabel: 'tokens per second',
    series,
  })
}

/** The `4096` of `tg32@d4096`. */
function depthOf(test: string): number {
  return Number(/@d(\d+)$/.exec(test)?.[1] ?? 0)
}

/** The charts next to a record, as paths from the repository's root. */
export async function drawingsOf(record: URL): Promise<string[]> {
  const name = basename(record.pathname, '.json')
  const files = await readdir(new URL('.', record))
  const drawings = files.filter((file) => file.startsWith(name) && file.endsWith('.svg')).sort()
  return drawings.map((file) => `bench/records/${file}`)
}

/** Writes figures next to a record: `….svg`, `…-2.svg`. */
export async function saveFigures(record: URL, figures: readonly string[]): Promise<URL[]> {
  const files = figures.map(
    (_, i) => new URL(record.href.replace(/\.json$/, `${i > 0 ? `-${i + 1}` : ''}.svg`)),
  )
  for (const [i, file] of files.entries()) await writeFile(file, figures[i])
  return files
}
