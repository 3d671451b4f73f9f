import type { Machine } from '../record.js'
import { quantile, summarise } from '../statistics.js'
import { conditions, table } from '../tables.js'
import type { BesideCost } from './beside.js'
import type { ChainCost } from './chains.js'

/** A run of the sampling benchmark; medians and ratios are computed when it is rendered. */
export interface SamplingRecord {
  readonly schema: 1
  readonly date: string
  readonly commit: string
  readonly machine: Machine
  readonly chains: readonly ChainCost[]
  readonly beside: readonly BesideCost[]
}

/** A table for each shape of logits: chains by vocabularies. */
export function renderChains({ chains }: SamplingRecord): string {
  const distinct = <T>(values: readonly T[]) => [...new Set(values)]
  const vocabularies = distinct(chains.map(({ vocabulary }) => vocabulary))
  const sections = distinct(chains.map(({ logits }) => logits)).map((logits) => {
    const rows = distinct(chains.map(({ chain }) => chain)).map((chain) => [
      chain,
      ...vocabularies.map((vocabulary) => {
        const cost = chains.find(
          (each) => each.logits === logits && each.vocabulary === vocabulary && each.chain === chain,
        )
        return cost ? `${ms(quantile(cost.samples, 0.5))} / ${ms(quantile(cost.samples, 0.9))}` : '–'
      }),
    ])
    const head = ['chain', ...vocabularies.map((size) => size.toLocaleString('en'))]
    return `${logits} logits: ms per token, median / 90th percentile, by vocabulary\n\n${table(head, rows, 1)}`
  })
  return sections.join('\n\n')
}

/** The chain compared with a model's step and llama.cpp's sampler. */
export function renderBeside(record: SamplingRecord): string {
  const head = ['vocabulary', "model's step", 'chain', 'dasllama', 'of a step', 'llama.cpp']
  const rows = record.beside.flatMap(({ vocabulary, step, chains }) =>
    chains.map(({ chain, ours, theirs }) => {
      const [model, own, rival] = [step, ours, theirs].map((samples) => summarise(samples).median)
      const share = `${((100 * own) / model).toFixed(1)} %`
      return [vocabulary.toLocaleString('en'), `${model.toFixed(1)} ms`, chain, ms(own), share, ms(rival)]
    }),
  )
  return [
    conditions(record),
    "Milliseconds to sample a token, median. The model's step is that of a Q8_0 model of the 135M shape with this vocabulary, whose logits are the input of both; llama.cpp's figure includes a round trip to another thread:",
    table(head, rows, 3),
  ].join('\n\n')
}

function ms(value: number): string {
  return value.toFixed(3)
}
