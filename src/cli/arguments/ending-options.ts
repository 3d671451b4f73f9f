import { alias, integer, type Option, orMinusOne } from './options.js'

/** Most tokens of a text; -1 stands for no limit, as in llama.cpp. */
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
