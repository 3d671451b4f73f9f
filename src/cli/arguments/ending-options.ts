import { alias, integer, type Option, orMinusOne } from './options.js'

/** Most tokens of a text; llama.cpp's -1 is no limit. */
export function maxTokensOption(summary: string, min: number): Option<number | undefined> {
  return alias(
    orMinusOne(integer(summary, { min })),
    '-n',
    '--predict',
    '--n-predict',
    '--num-predict',
    '--max-new-tokens',
    '--max-completion-tokens',
  )
}
