/**
 * The memory table of docs/deployment.md is what `inspectModel` computes for files in the shapes of published models.
 * `UPDATE_DOCS=1` writes it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { inspectModel } from '../../src/index.js'
import { PUBLISHED_MODELS, type PublishedModel, publishedModel } from '../support/published-models.js'

const PAGE = new URL('../../docs/deployment.md', import.meta.url)
const TABLE = /(<!-- memory:begin -->\n\n)([\s\S]*?)(\n\n<!-- memory:end -->)/

const CONTEXT = 4096
const ONE_MEMORY = 2 ** 32
/** For edge functions: of 128 MB, what the examples leave to the model. */
const EDGE_BYTES = 96 * 2 ** 20

const megabytes = (bytes: number) =>
  `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 0 })} MB`
const count = (tokens: number) => (tokens === 0 ? '–' : tokens.toLocaleString('en-US'))

async function row(model: PublishedModel): Promise<string> {
  const { memory, tensorBytes, problems } = await inspectModel(publishedModel(model), {
    contextLength: CONTEXT,
    memoryLimit: ONE_MEMORY,
  })
  expect(problems).toEqual([])
  const { modelBytes, sessionBytes, longestContext } = memory!
  // Only where it can fit: tokenizers of large vocabularies take seconds.
  const edge =
    modelBytes < EDGE_BYTES
      ? (await inspectModel(publishedModel(model), { memoryLimit: EDGE_BYTES })).memory!.longestContext
      : 0
  const cells = [
    model.name,
    model.type,
    megabytes(tensorBytes),
    megabytes(modelBytes - tensorBytes),
    `${(sessionBytes / CONTEXT / 1000).toFixed(0)} kB`,
    megabytes(sessionBytes),
    megabytes(modelBytes + sessionBytes),
    megabytes(modelBytes + 4 * sessionBytes),
    count(longestContext),
    count(edge),
  ]
  return `| ${cells.join(' | ')} |`
}

it('the memory of published models is as on the page', async () => {
  const text = await readFile(PAGE, 'utf8')
  const [, before, table, after] = TABLE.exec(text)!
  const [head, rule] = table.split('\n')
  const rows: string[] = []
  for (const model of PUBLISHED_MODELS) rows.push(await row(model))
  const expected = [head, rule, ...rows].join('\n')
  if (process.env.UPDATE_DOCS) {
    await writeFile(
      PAGE,
      text.replace(TABLE, () => before + expected + after),
    )
  } else {
    expect(table).toBe(expected)
  }
})
