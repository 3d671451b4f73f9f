/**
 * `npm run bench:render`: the newest record as Markdown.
 *
 *   npm run bench:render -- --write-readme      puts the newest record with rivals into README.md and docs/benchmarks.md
 */
import { parseArgs } from 'node:util'
import { writeSpeed } from './pages.js'
import { comparesRivals, newestRecord } from './record.js'
import { renderRecord } from './report.js'

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { 'write-readme': { type: 'boolean', default: false } } })
  if (values['write-readme']) {
    const { record, file } = await newestRecord({ accepts: comparesRivals })
    return writeSpeed(record, file)
  }
  console.log(renderRecord((await newestRecord()).record))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
