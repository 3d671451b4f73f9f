/**
 * `npm run bench:render`: the newest record as Markdown.
 *
 *   npm run bench:render -- --write-readme      puts it into README.md
 */
import { parseArgs } from 'node:util'
import { writeReadme } from './readme.js'
import { newestRecord } from './record.js'
import { renderRecord, renderSummary } from './report.js'

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { 'write-readme': { type: 'boolean', default: false } } })
  const { record } = await newestRecord()
  if (values['write-readme']) await writeReadme('bench', renderSummary(record))
  else console.log(renderRecord(record))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
