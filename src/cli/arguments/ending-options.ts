import { alias, integer, type Option, orMinusOne } from './options.js'

/** Maximum number of tokens; -1 means no limit, as in llama.cpp. */
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
