import * as families from '../../src/model/families/built-in.js'
import type { Evidence } from '../../test/oracle/table.js'

/** What a run of `npm run test:oracle` found, on the day. */
export interface EvidenceRecord {
  readonly date: string
  readonly rows: readonly Evidence[]
}

/** A family of the registry. */
export interface ListedFamily {
  readonly architectures: readonly string[]
  /** The models that it runs, in words. */
  readonly models: string
}

/** The registry's families in order of their names; `sources` are the texts of the files that define them. */
export function listedFamilies(sources: readonly string[]): ListedFamily[] {
  return Object.entries(families)
    .map(([name, { architectures }]) => ({ architectures, models: modelsOf(name, sources) }))
    .sort(({ architectures: [a] }, { architectures: [b] }) => (a < b ? -1 : 1))
}

/** The beginning of the comment of a family: the models' names stand before the first colon or full stop. */
function modelsOf(name: string, sources: readonly string[]): string {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export const ${name}\\b`)
  for (const source of sources) {
    const text = comment.exec(source)?.[1]
    if (text === undefined) continue
    const words = text
      .replace(/^\s*\*/gm, ' ')
      .replace(/\s+/g, ' ')
      .trim()
    return words.split(/:|\. (?=[A-Z])|\.$/)[0]
  }
  throw new Error(`family ${name} has no comment that names its models`)
}

/** Markdown: a row per family, with what the oracle has confirmed. */
export function evidenceTable(listed: readonly ListedFamily[], { date, rows }: EvidenceRecord): string {
  const lines = listed.map(({ architectures, models }) => {
    const of = (what: Evidence['what']) =>
      rows.filter((row) => row.what === what && architectures.includes(row.architecture))
    const names = architectures.map((name) => `\`${name}\``).join(', ')
    return `| ${names} | ${models} | ${idsText(of('ids'))} | ${vectorsText(of('vectors'))} |`
  })
  return [
    '| `general.architecture` | models | greedy ids equal, largest difference of a log-probability | vectors, largest 1 − cosine |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
    `Compared with llama.cpp on ${date}, on random models of each family: \`npm run test:oracle\`, then \`npm run families\`.`,
    'llama.cpp rounds activations of quantised models; the differences of F32 models are the smallest.',
  ].join('\n')
}

function idsText(rows: readonly Evidence[]): string {
  if (rows.length === 0) return '–'
  const sum = (of: (row: Evidence) => number) => rows.reduce((total, row) => total + of(row), 0)
  const exact = rows.filter(({ format }) => format === 'F32')
  const largest = (some: readonly Evidence[]) =>
    Math.max(...some.map(({ difference }) => difference)).toFixed(4)
  const f32 = exact.length > 0 && exact.length < rows.length ? ` (F32: ${largest(exact)})` : ''
  return `${sum(({ equal }) => equal)} of ${sum(({ compared }) => compared)}, ${largest(rows)}${f32}`
}

function vectorsText(rows: readonly Evidence[]): string {
  if (rows.length === 0) return '–'
  const exact = rows.filter(({ format }) => format === 'F32')
  const shown = exact.length > 0 ? exact : rows
  const largest = Math.max(...shown.map(({ difference }) => difference)).toExponential(0)
  return `${shown.reduce((total, { compared }) => total + compared, 0)}, ${largest}${exact.length > 0 ? ' (F32)' : ''}`
}
