/** The pages of the documentation that show figures, each between a pair of markers. */
import { readFile, writeFile } from 'node:fs/promises'
import { drawingsOf } from './figures.js'
import { headlinePlot, renderHeadline } from './headline.js'
import type { BenchRecord } from './record.js'
import { renderSummary } from './report.js'

const ROOT = new URL('../', import.meta.url)

/** Where the tables stand that are made from records. */
export const SECTIONS = {
  headline: 'README.md',
  bench: 'docs/benchmarks.md',
  sampling: 'docs/benchmarks.md',
  families: 'docs/families.md',
} as const

export type Section = keyof typeof SECTIONS

/** The chart in README.md. */
export const HEADLINE_CHART = 'docs/speed.svg'

/** `text` with `tables` between the markers of `section`. Throws when it does not have the markers, in order. */
export function putBetweenMarkers(text: string, section: Section, tables: string): string {
  const first = `<!-- ${section}:begin -->`
  const last = `<!-- ${section}:end -->`
  const begin = text.indexOf(first)
  const end = text.indexOf(last, begin)
  if (begin < 0 || end < 0) throw new Error(`${SECTIONS[section]} has no ${first} followed by ${last}`)
  return `${text.slice(0, begin + first.length)}\n\n${tables}\n\n${text.slice(end)}`
}

export async function writeSection(section: Section, tables: string): Promise<void> {
  const page = new URL(SECTIONS[section], ROOT)
  await writeFile(page, putBetweenMarkers(await readFile(page, 'utf8'), section, tables))
}

/** What the pages show of a record of speed. */
export async function speedSections(
  record: BenchRecord,
  file: URL,
): Promise<{ headline: string; bench: string; chart: string }> {
  const drawings = await drawingsOf(file)
  return {
    headline: renderHeadline(record, HEADLINE_CHART),
    // The page is in docs/.
    bench: renderSummary(
      record,
      drawings.map((path) => `../${path}`),
    ),
    chart: headlinePlot(record),
  }
}

/** Puts a record of speed into README.md and docs/benchmarks.md, with the chart. */
export async function writeSpeed(record: BenchRecord, file: URL): Promise<void> {
  const { headline, bench, chart } = await speedSections(record, file)
  await writeSection('headline', headline)
  await writeSection('bench', bench)
  await writeFile(new URL(HEADLINE_CHART, ROOT), chart)
}
