/** A vitest reporter: prints which clients were tried with which features, as one table at the end of a run. */
import type { Reporter, TestModule } from 'vitest/node'
import { rowTable } from '../support/row-reporter.js'

/** Columns, and the names of features that belong to each; the first that matches decides. */
const COLUMNS: readonly (readonly [column: string, names: RegExp])[] = [
  ['errors', /\berrors?\b|refuse/],
  ['abort', /\babort/],
  ['forced tools', /made to call|forced|required/],
  ['tools', /\btools?\b/],
  ['structured', /structured|JSON|parse/],
  ['reasoning', /reason|think/],
  ['logprobs', /log-prob/],
  ['embeddings', /embed/],
  ['gaps', /\bfills?\b/],
  ['texts', /complete|raw/],
  ['streams', /stream/],
  ['chats', /chat|message|repl|respon|conversation|generate|choices/],
  ['models', /model|version/],
]
const OTHER = 'other'

export default class ClientTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => (test.meta().row ? [test.meta().row!] : [])),
    )
    const clients = [...new Set(rows.map(({ client }) => client))]
    const columns = [...COLUMNS.map(([column]) => column).reverse(), OTHER]
    const table = clients.map((client) => {
      const features = rows
        .filter((row) => row.client === client)
        .map(({ feature }) => columnOf(`${feature}`))
      const counts = columns.map((column) => [column, features.filter((each) => each === column).length])
      return { client, ...Object.fromEntries(counts) }
    })
    if (table.length > 0)
      console.log(`\nTests passed by each client, directly and over HTTP:\n\n${rowTable(table)}\n`)
  }
}

function columnOf(feature: string): string {
  return COLUMNS.find(([, names]) => names.test(feature))?.[0] ?? OTHER
}
