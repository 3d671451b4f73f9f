/** The pages show the newest records: after committing one, run `npm run bench:render -- --write-readme`. */
import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { HEADLINE_CHART, SECTIONS, speedSections } from '../../bench/pages.js'
import { comparesRivals, newestRecord, RECORDS } from '../../bench/record.js'
import { renderBeside, type SamplingRecord } from '../../bench/sampling/tables.js'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, ROOT), 'utf8')

describe('the pages', () => {
  it('show the newest record of speed', async () => {
    const { record, file } = await newestRecord({ accepts: comparesRivals })
    const { headline, bench, chart } = await speedSections(record, file)
    expect(await read(SECTIONS.headline)).toContain(headline)
    expect(await read(SECTIONS.bench)).toContain(bench)
    expect(await read(HEADLINE_CHART)).toBe(chart)
  })

  it('show the newest record of sampling', async () => {
    const folder = new URL('sampling/', RECORDS)
    const newest = (await readdir(folder)).sort().at(-1) as string
    const record = JSON.parse(await readFile(new URL(newest, folder), 'utf8')) as SamplingRecord
    expect(await read(SECTIONS.sampling)).toContain(renderBeside(record))
  })
})
