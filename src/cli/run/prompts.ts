import { DasllamaError } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { alias, group, text, tokenIds, type Values } from '../arguments/options.js'
import { UsageError } from '../arguments/usage-error.js'

/** A prompt: text or token ids. */
export interface Prompt {
  readonly content: string | number[]
  /** Other fields of a line of --prompts. */
  readonly input?: Readonly<Record<string, unknown>>
}

/** Where prompts come from. */
export const promptOptions = group('What to write', {
  prompt: alias(text('TEXT', 'what to continue; - reads standard input, unchanged'), '-p'),
  file: alias(
    text('FILE', 'what to continue, from a file, without the line break at its end'),
    '-f',
    '--prompt-file',
  ),
  prompts: text('FILE', 'several prompts: one per line, or JSON Lines with a "prompt" in each'),
  promptIds: tokenIds('what to continue, as token ids'),
})

/** The prompts of a command line; one, except with `--prompts`. Throws `UsageError` and what reading throws. */
export async function readPrompts(
  { prompt, file, prompts, promptIds }: Values<typeof promptOptions>,
  terminal: Terminal,
): Promise<Prompt[]> {
  const count = [prompt, file, prompts, promptIds].filter((given) => given !== undefined).length
  if (count > 1) {
    throw new UsageError('run needs only one prompt: --prompt, --file, --prompts or --prompt-ids')
  }
  if (prompts !== undefined) return parsePrompts(await terminal.readFile(prompts), prompts)
  if (promptIds) return [{ content: promptIds }]
  if (file !== undefined) return [{ content: withoutLastBreak(await terminal.readFile(file)) }]
  if (prompt !== undefined) return [{ content: prompt === '-' ? await terminal.readInput() : prompt }]
  const piped = terminal.inputIsTerminal ? '' : withoutLastBreak(await terminal.readInput())
  if (piped === '') {
    throw new UsageError(
      'run needs a prompt: --prompt TEXT, --file FILE or --prompt-ids 1,2,3',
      'or pipe it to standard input: echo TEXT | dasllama run MODEL',
    )
  }
  return [{ content: piped }]
}

/** Removes the final line break of files and `echo`, which is not part of the text. */
function withoutLastBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
}

/**
 * The prompts in a file: JSON Lines if its first line is a JSON object, else one per line. Empty lines are skipped. Throws
 * `INVALID_ARGUMENT`, naming the line.
 */
export function parsePrompts(content: string, file: string): Prompt[] {
  const lines = content
    .split(/\r?\n/)
    .map((line, index) => ({ line, at: `${file}, line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== '')
  if (lines.length === 0) throw new DasllamaError('INVALID_ARGUMENT', `${file} has no prompts`)
  if (objectOf(lines[0].line) === undefined) return lines.map(({ line }) => ({ content: line }))
  return lines.map(({ line, at }) => {
    const { prompt, ...input } = objectOf(line) ?? {}
    if (typeof prompt !== 'string') {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `${at}: not a JSON object with a "prompt" that is a string`,
        {
          hint: 'lines are JSON objects such as {"prompt": "Once upon a time"}, or all are plain text',
        },
      )
    }
    return Object.keys(input).length > 0 ? { content: prompt, input } : { content: prompt }
  })
}

function objectOf(line: string): Record<string, unknown> | undefined {
  if (!line.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
