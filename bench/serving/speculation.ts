/** How much faster texts are written with speculation. */
import { loadModel, type Model, type ModelSource, type Session, type Speculation } from 'dasllama'
import { summarise } from '../statistics.js'
import { SPECULATION_PROMPTS, type SpeculationPrompt } from './prompts.js'

export interface SpeculationOptions {
  /** The model, such as TinyLlama. */
  readonly model: ModelSource
  /** A draft model with the same vocabulary. Default: none takes part. */
  readonly draft?: ModelSource | undefined
  /** Default: two edits of code and a story. */
  readonly prompts?: readonly SpeculationPrompt[]
  /** Tokens of each text. Default 200. */
  readonly tokens?: number
  /** How often each text is written; the first time does not count if there are more. Default 4. */
  readonly turns?: number
  /** Default: one per core. */
  readonly threads?: number
  /** Called with what is done next. */
  readonly progress?: (text: string) => void
}

/** The texts of one prompt with one kind of speculation. */
export interface SpeculationRow {
  readonly prompt: string
  readonly speculation: 'none' | 'lookup' | 'draft'
  /** Tokens of the text. */
  readonly tokens: number
  /** Of its latest writing: passes of the model after the prompt's, guessed tokens, and those that were right. */
  readonly passes: number
  readonly drafted: number
  readonly accepted: number
  /** Of each writing that counts, the time of a draft model included; and their median. */
  readonly samples: readonly number[]
  readonly tokensPerSecond: number
}

/**
 * Writes the same texts without and with speculation, in turns, so that what disturbs one disturbs the others. The prompt has been
 * read before. Rejects if a text depends on the speculation.
 */
export async function measureSpeculation({
  model: source,
  draft: draftSource,
  prompts = SPECULATION_PROMPTS,
  tokens = 200,
  turns = 4,
  threads,
  progress = () => {},
}: SpeculationOptions): Promise<SpeculationRow[]> {
  const loading = { ...(threads !== undefined && { threads }), contextLength: 2048 }
  // So that each prompt is read once for all kinds.
  await using model = await loadModel(source, { ...loading, prefixCache: true })
  await using draft = draftSource === undefined ? null : await loadModel(draftSource, loading)
  const kinds: [SpeculationRow['speculation'], Speculation][] = [
    ['none', 'none'],
    ['lookup', 'lookup'],
    ...(draft ? [['draft', { draft }] satisfies [SpeculationRow['speculation'], Speculation]] : []),
  ]
  const rows: SpeculationRow[] = []
  for (const prompt of prompts) {
    progress(prompt.name)
    rows.push(...(await measurePrompt(model, prompt, kinds, { tokens, turns })))
  }
  return rows
}

async function measurePrompt(
  model: Model,
  { name, text }: SpeculationPrompt,
  kinds: readonly (readonly [SpeculationRow['speculation'], Speculation])[],
  { tokens, turns }: { readonly tokens: number; readonly turns: number },
): Promise<SpeculationRow[]> {
  const prompt = model.encode(text, { parseSpecial: true })
  const writers = kinds.map(([kind, speculation]) => {
    return { kind, speculation, session: model.createSession(), samples: [] as number[] }
  })
  let expected: string | undefined
  let length = 0
  for (let turn = 0; turn < turns; turn++) {
    for (const { speculation, session, samples, kind } of writers) {
      const options = { speculation, maxTokens: tokens, ignoreEos: true }
      const { ids } = await session.generate(prompt, options).result()
      expected ??= ids.join()
      if (ids.join() !== expected) throw new Error(`${name}: another text with speculation ${kind}`)
      length = ids.length
      if (turn > 0 || turns === 1) samples.push(session.stats().genTps)
    }
  }
  const rows = writers.map(({ kind, session, samples }) => {
    return { prompt: name, speculation: kind, ...countsOf(session, length), ...speedOf(samples) }
  })
  for (const { session } of writers) await session.dispose()
  return rows
}

function countsOf(session: Session, tokens: number) {
  const { nDrafted: drafted, nAccepted: accepted } = session.stats()
  return { tokens, passes: tokens - 1 - accepted, drafted, accepted }
}

function speedOf(samples: readonly number[]) {
  return { samples, tokensPerSecond: summarise(samples).median }
}

/** A table of these rows, in Markdown. */
export function renderSpeculation(rows: readonly SpeculationRow[]): string {
  const lines = rows.map((row) => {
    const plain = rows.find(({ prompt, speculation }) => prompt === row.prompt && speculation === 'none')
    const ratio = plain ? (row.tokensPerSecond / plain.tokensPerSecond).toFixed(2) : ''
    const share = row.drafted > 0 ? `${Math.round((100 * row.accepted) / row.drafted)} %` : ''
    const { prompt, speculation, passes, drafted, accepted, tokensPerSecond } = row
    return `| ${prompt} | ${speculation} | ${tokensPerSecond.toFixed(1)} | ${ratio} | ${passes} | ${drafted} | ${accepted} | ${share} |`
  })
  return [
    '| prompt | speculation | tokens/s | ratio | passes | drafted | accepted | right |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}
