import type { GeneratedToken, Model } from '../../index.js'
import type { Output } from '../../platform/terminal.js'
import { INCOMPLETE } from '../arguments/format-options.js'
import { brief, print } from '../output/printable.js'
import { printStyled } from '../output/style.js'
import type { Prompt } from './prompts.js'
import { csvHeader, csvRow, type RecordOptions, type Result, record } from './records.js'
import { logprobsTable, statistics } from './report.js'
import { type Run, type Setting, settingKeys } from './sweep.js'

/** How results are printed. */
interface Shape {
  readonly json: boolean
  readonly jsonl: boolean
  readonly csv: boolean
  readonly echo: boolean
  readonly logprobs: number | undefined
}

/** Receives generated texts one after another. */
export interface Writer {
  /** A text begins. */
  begin(run: Run, prompt: Prompt['content']): Promise<void>
  piece(token: GeneratedToken): Promise<void>
  end(result: Result): Promise<void>
  /** All texts are done. */
  done(): Promise<void>
}

export interface Writing {
  readonly model: Model
  /** Whether there may be several texts. */
  readonly isSweep: boolean
  readonly severalPrompts: boolean
  /** The given options. */
  readonly given: readonly string[]
  readonly withFormat: boolean
  readonly stderr: Output
}

async function nothing(): Promise<void> {}

/** The writer selected by the options. */
export function writerOf(values: Shape, stdout: Output, writing: Writing): Writer {
  const { model, isSweep, withFormat, given } = writing
  const withLogprobs = values.logprobs !== undefined
  const shape: RecordOptions = { withLogprobs, withFormat, withSettings: isSweep || values.jsonl }
  const json = (value: unknown) => stdout.write(`${JSON.stringify(value)}\n`)
  if (values.jsonl) {
    return {
      begin: nothing,
      piece: nothing,
      end: (result) => json(record(result, model, shape)),
      done: nothing,
    }
  }
  if (values.json) {
    const records: object[] = []
    return {
      begin: nothing,
      piece: nothing,
      end: async (result) => void records.push(record(result, model, shape)),
      done: () => json(isSweep ? records : records[0]),
    }
  }
  if (values.csv) {
    const keys = settingKeys(given)
    let isFirst = true
    return {
      begin: nothing,
      piece: nothing,
      async end(result) {
        if (isFirst) await print(stdout, csvHeader(keys))
        isFirst = false
        await print(stdout, csvRow(result, keys))
      },
      done: nothing,
    }
  }
  return textWriter(values, stdout, writing)
}

function textWriter(
  { echo, logprobs }: Shape,
  stdout: Output,
  { model, isSweep, severalPrompts, withFormat, stderr }: Writing,
): Writer {
  let isFirst = true
  let printed = 0
  return {
    async begin(run, prompt) {
      if (isSweep) await print(stdout, `${isFirst ? '' : '\n'}== ${label(run, { severalPrompts })} ==\n`)
      isFirst = false
      printed = 0
      if (echo) await print(stdout, typeof prompt === 'string' ? prompt : model.decode(prompt))
    },
    async piece({ piece }) {
      await print(stdout, piece)
      printed += piece.length
    },
    async end({ run, generation, tokens, stats }) {
      // The rest is an incomplete character at the very end, which belongs to no token.
      await print(stdout, `${generation.text.slice(printed)}\n`)
      if (logprobs !== undefined) await print(stderr, logprobsTable(tokens, model))
      if (withFormat && !generation.isComplete) await print(stderr, `the text is cut: ${INCOMPLETE}\n`)
      await printStyled(stderr, 'dim', statistics(stats, generation, run.seed))
    },
    done: nothing,
  }
}

/** The settings of a text in a sweep: `temp 0.2, seed 7`. */
function label(
  { prompt, setting, seed }: Run,
  { severalPrompts }: { readonly severalPrompts: boolean },
): string {
  return [
    ...(severalPrompts ? [JSON.stringify(brief(String(prompt.content)))] : []),
    ...variedOf(setting),
    `seed ${seed}`,
  ].join(', ')
}

function variedOf({ varied }: Setting): string[] {
  return Object.entries(varied).map(([key, value]) => `${key} ${value}`)
}
