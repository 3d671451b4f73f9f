/** A vitest reporter: one table of all comparisons with llama.cpp at the end of a run. */
import type { Reporter, TestModule } from 'vitest/node'
import type { Agreement } from './follow.js'

/** A test's result, in `task.meta.oracle`. */
export interface TableRow extends Pick<Agreement, 'compared' | 'equal' | 'difference'> {
  readonly model: string
  readonly format: string
}

declare module '@vitest/runner' {
  interface TaskMeta {
    oracle?: TableRow
  }
}

const HEAD = ['model', 'format', 'ids', 'equal', 'log-probabilities within']

export function table(rows: readonly TableRow[]): string {
  const total = (of: (row: TableRow) => number) => rows.reduce((sum, row) => sum + of(row), 0)
  const all: TableRow = {
    model: 'total',
    format: '',
    compared: total((row) => row.compared),
    equal: total((row) => row.equal),
    difference: Math.max(...rows.map((row) => row.difference)),
  }
  const cells = [...rows, all].map(({ model, format, compared, equal, difference }) => [
    model,
    format,
    String(compared),
    String(equal),
    difference.toFixed(4),
  ])
  const widths = HEAD.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column].length)))
  return [HEAD, ...cells]
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n')
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
    if (rows.length > 0) console.log(`\nGreedy ids compared with llama.cpp's:\n\n${table(rows)}\n`)
  }
}
