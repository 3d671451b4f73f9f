/**
 * A vitest reporter: all comparisons with llama.cpp at the end of a run, by model and summed up by family and format. They are
 * kept in .cache/oracle.json, from which `npm run families` makes the table in docs/families.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** A test's result, in `task.meta.oracle`. */
export interface TableRow {
  readonly model: string
  readonly architecture: string
  readonly format: string
  /** What is compared: greedy ids with their log-probabilities, or vectors of embeddings. */
  readonly what: 'ids' | 'vectors'
  /** Ids, or vectors, compared. */
  readonly compared: number
  /** Of these, those that agree. */
  readonly equal: number
  /** The largest difference of a log-probability among llama.cpp's ten best; of vectors, the largest 1 − cosine. */
  readonly difference: number
}

/** Rows of one family and format, together. */
export type Evidence = Omit<TableRow, 'model'>

declare module '@vitest/runner' {
  interface TaskMeta {
    oracle?: TableRow
  }
}

/** Where the last run's evidence is. */
export const EVIDENCE = '.cache/oracle.json'

/** One row per family, format and what is compared, in order of their names. */
export function byFamily(rows: readonly TableRow[]): Evidence[] {
  const sums = new Map<string, Evidence>()
  for (const { model: _, ...row } of rows) {
    const key = [row.what, row.architecture, row.format].join(' ')
    const known = sums.get(key)
    sums.set(key, known ? together(known, row) : row)
  }
  return [...sums.keys()].sort().map((key) => sums.get(key)!)
}

function together(a: Evidence, b: Evidence): Evidence {
  return {
    ...a,
    compared: a.compared + b.compared,
    equal: a.equal + b.equal,
    difference: Math.max(a.difference, b.difference),
  }
}

export function table(rows: readonly TableRow[]): string {
  const head = ['model', 'format', 'compared', 'equal', 'largest difference']
  return columns(
    head,
    rows.map((row) => [row.model, row.format, ...figures(row)]),
  )
}

export function familyTable(rows: readonly Evidence[]): string {
  const head = ['family', 'format', 'compared', 'equal', 'largest difference']
  return columns(
    head,
    rows.map((row) => [row.architecture, row.format, ...figures(row)]),
  )
}

function figures({ what, compared, equal, difference }: Evidence): string[] {
  return [
    String(compared),
    String(equal),
    what === 'ids' ? difference.toFixed(4) : difference.toExponential(1),
  ]
}

/** The first two columns are texts, the rest numbers. */
function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)))
  return [head, ...rows]
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n')
}

const HEADINGS = {
  ids: "Greedy ids compared with llama.cpp's; differences are of log-probabilities:",
  vectors: "Embeddings compared with llama.cpp's; differences are 1 − cosine:",
}

export default class OracleTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows: TableRow[] = []
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { oracle } = test.meta()
        if (oracle) rows.push(oracle)
      }
    }
    for (const what of ['ids', 'vectors'] as const) {
      const some = rows.filter((row) => row.what === what)
      if (some.length === 0) continue
      console.log(`\n${HEADINGS[what]}\n\n${table(some)}\n\n${familyTable(byFamily(some))}\n`)
    }
    if (rows.length === 0) return
    mkdirSync('.cache', { recursive: true })
    const date = new Date().toISOString().slice(0, 10)
    writeFileSync(EVIDENCE, JSON.stringify({ date, rows: byFamily(rows) }))
  }
}
