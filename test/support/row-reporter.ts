/** A vitest reporter: prints the rows of `task.meta.row` as one table at the end of a run. */
import type { Reporter, TestModule } from 'vitest/node'

declare module '@vitest/runner' {
  interface TaskMeta {
    /** A row of the table, by column. */
    row?: Readonly<Record<string, string | number>>
  }
}

export function rowTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const total = (column: string) =>
    rows.reduce((sum, row) => sum + (typeof row[column] === 'number' ? (row[column] as number) : 0), 0)
  const isNumber = columns.map((column) => typeof rows[0][column] === 'number')
  const last = Object.fromEntries(columns.map((column, i) => [column, isNumber[i] ? total(column) : '']))
  const summed = isNumber.includes(true) ? [...rows, { ...last, [columns[0]]: 'total' }] : rows
  const cells = summed.map((row) => columns.map((column) => String(row[column] ?? '')))
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => row[i].length)))
  return [columns, ...cells]
    .map((row) =>
      row
        .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export default class RowReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => (test.meta().row ? [test.meta().row!] : [])),
    )
    if (rows.length > 0) console.log(`\n${rowTable(rows)}\n`)
  }
}
