import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { optionName } from '../../src/cli/arguments/parse.js'
import { samplingOptions } from '../../src/cli/arguments/sampling-options.js'
import { findStep } from '../../src/sampling/chain.js'
import { STEP_NAMES } from '../../src/sampling/index.js'
import { checkKnob, type Knob, type KnobKind, valuesOf } from '../../src/sampling/knob.js'
import { DEFAULT_SAMPLING, knobEntries } from '../../src/sampling/params.js'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, root), 'utf8')
const knobs = knobEntries()
const names: readonly string[] = knobs.map(([name]) => name)

/** A default in words. */
function shown(value: unknown): string {
  if (value === STEP_NAMES) return 'all'
  if (typeof value === 'object' || value === undefined) return 'none'
  return String(value)
}

describe('a knob is declared once', () => {
  it.each(knobs)('%s: its row is sound', (name, { default: fallback, kind, summary, aliases = [], file }) => {
    expect(DEFAULT_SAMPLING[name]).toBe(fallback)
    if (fallback !== undefined) expect(checkKnob(name, kind, fallback)).toEqual(fallback)
    expect(summary).toMatch(/^[a-z].*[^.]$/)
    for (const [, mentioned] of summary.matchAll(/`(\w+)`/g)) expect(names).toContain(mentioned)
    for (const alias of aliases) expect(names).not.toContain(alias)
    if (!file) return
    // A file's range is at most a caller's range.
    if (kind.type !== 'number') return expect.fail('a file recommends numbers only')
    expect(file.min ?? kind.min).toBeGreaterThanOrEqual(kind.min ?? -Infinity)
    expect(file.max ?? kind.max).toBeLessThanOrEqual(kind.max ?? Infinity)
  })

  it('has unique names on the command line and in files', () => {
    const written = knobs.flatMap(([name, { aliases = [] }]) => [name, ...aliases].map(optionName))
    expect(new Set(written).size).toBe(written.length)
    const keys = knobs.flatMap(([, { file }]) => (file ? [file.key] : []))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it.each(knobs)('%s: the command line takes its other names, and shows its summary', (name, knob) => {
    const option = samplingOptions[name]
    const aliases = (knob.aliases ?? []).map(optionName)
    expect(option.aliases ?? []).toEqual([...(knob.letter ? [`-${knob.letter}`] : []), ...aliases])
    // Whether it may be given several times is up to the command line.
    const summary = option.summary.replace(/; may be given several times$/, '')
    expect(summary).toBe(knob.summary.replace(/`(\w+)`/g, (_, other) => optionName(other)))
  })

  it('has a comment for editors that ends in the values and the default of its row', async () => {
    const source = `${await read('src/sampling/knobs.ts')}\n${await read('src/sampling/params.ts')}`
    const comments = new Map(
      Array.from(source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\n {2}(\w+)\?:/g), ([, text, name]) => [
        name,
        text.replace(/\s*\n\s*\*\s*/g, ' ').trim(),
      ]),
    )
    expect([...comments.keys()].sort()).toEqual([...names].sort())
    for (const [name, { default: fallback, kind }] of knobs) {
      const values = valuesOf(kind)
      const ending = `${values[0].toUpperCase()}${values.slice(1)}; default ${shown(fallback)}`
      // The comment of `samplers` also states the order.
      expect(comments.get(name), name).toMatch(
        new RegExp(`${ending}${name === 'samplers' ? ', .*' : ''}\\.$`),
      )
    }
  })

  it.each<[KnobKind, string]>([
    [{ type: 'number' }, 'any number'],
    [{ type: 'number', whole: true }, 'any whole number'],
    [{ type: 'number', min: 0 }, '0 or more'],
    [{ type: 'number', max: 1 }, '1 or less'],
    [{ type: 'number', min: 0, max: 1 }, '0 to 1'],
    [{ type: 'number', whole: true, min: 0 }, 'whole, 0 or more'],
    [{ type: 'boolean' }, 'true or false'],
  ])('%o is %j in words', (kind, words) => expect(valuesOf(kind)).toBe(words))

  it('is in the table of docs/sampling.md', async () => {
    const code = (name: string) => `\`${name}\``
    const rows = knobs.map(([name, { default: fallback, kind, summary, aliases = [] }]) => [
      code(name),
      summary,
      valuesOf(kind),
      shown(fallback),
      aliases.map(optionName).map(code).join(', '),
    ])
    const head = ['knob', 'what it does', 'values', 'default', 'also']
    const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`)
    expect(await read('docs/sampling.md')).toContain(`\n\n${lines.join('')}\n`)
  })

  it('is in the table of what files recommend in docs/chat.md', async () => {
    const row = ([name, { kind, file }]: [string, Knob]) => {
      if (!file || kind.type !== 'number') return ''
      const { key, ...believed } = file
      return `| \`${key}\` | \`${name}\` | ${valuesOf({ ...kind, ...believed })} |\n`
    }
    expect(await read('docs/chat.md')).toContain(knobs.map(row).join(''))
  })
})

describe('a step', () => {
  it('is found by its names, however they are written', () => {
    for (const name of STEP_NAMES) {
      const snake = name.replace(/[A-Z]/g, (letter) => `_${letter}`)
      for (const written of [name, snake, snake.replaceAll('_', '-'), ` ${name.toUpperCase()} `]) {
        expect(findStep(written)).toBe(name)
      }
    }
    expect(['temp', 'typ_p', 'TYP', 'nucleus'].map(findStep)).toEqual([
      'temperature',
      'typicalP',
      'typicalP',
      'topP',
    ])
    for (const none of ['', 'toString', 'top', 'tfs', 'top k']) expect(findStep(none)).toBeUndefined()
  })

  it('is in docs/sampling.md, in the order of the chain', async () => {
    const text = (await read('docs/sampling.md')).replace(/\s+/g, ' ')
    expect(text).toContain(`then ${STEP_NAMES.map((name) => `\`${name}\``).join(', ')}, then the draw`)
  })

  it('needs its file, its line in the chain and its knobs in the table: nothing else in src/ names them', async () => {
    // The server and the adapter of the AI SDK translate the fields of other APIs.
    const translators = /^server\/request\/sampling\.ts$|^ai-sdk\/(request\/call-options|specification)\.ts$/
    const own = /^sampling\/(knobs|chain)\.ts$|^sampling\/steps\//
    const paths = (await readdir(new URL('src/', root), { recursive: true }))
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.ts') && !own.test(path) && !translators.test(path))
    expect(paths.length).toBeGreaterThan(100)
    const sources = await Promise.all(paths.map((path) => read(`src/${path}`)))
    const code = sources.map((source) => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')).join('\n')
    const isNamed = (name: string) => new RegExp(`\\b${name}\\b`).test(code)
    // Also used by presets, mirostat, the draw and generations.
    const known = ['temp', 'topK', 'topP', 'minP', 'mirostatTau', 'mirostatEta', 'samplers', 'ignoreEos']
    const ids = ['logitBias', 'bannedIds', 'forcedIds', 'minTokens']
    expect(names.filter(isNamed).sort()).toEqual([...known, ...ids].sort())
  })
})
