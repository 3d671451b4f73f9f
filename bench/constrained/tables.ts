import type { Machine } from '../record.js'
import { quantile } from '../statistics.js'
import { conditions, table } from '../tables.js'
import type { ConstrainedCosts } from './measure.js'

/** A run of the benchmark of response formats; medians and ratios are computed when it is rendered. */
export interface ConstrainedRecord extends ConstrainedCosts {
  readonly schema: 1
  readonly date: string
  readonly commit: string
  readonly machine: Machine
}

const ms = (value: number) => value.toFixed(value < 1 ? 3 : 1)
const sum = (samples: readonly number[]) => samples.reduce((total, sample) => total + sample, 0)

/** A row for each vocabulary and format. */
export function renderConstrained(record: ConstrainedRecord): string {
  const rows = record.formats.map(({ vocabulary, format, compile, first, again, accept, step }) => [
    vocabulary.toLocaleString('en'),
    format,
    ms(compile),
    `${ms(quantile(first, 0.5))} (${ms(Math.max(...first))})`,
    ms(quantile(again, 0.5)),
    ms(quantile(accept, 0.5)),
    ms(quantile(step, 0.5)),
    `${((100 * (sum(first) + sum(accept))) / sum(step)).toFixed(1)} %`,
  ])
  const trees = record.trees.map(
    ({ vocabulary, build, nodes }) =>
      `${vocabulary.toLocaleString('en')} tokens: ${nodes.toLocaleString('en')} nodes in ${build.toFixed(0)} ms`,
  )
  return [
    conditions(record),
    `The trie of tokens, once per tokenizer: ${trees.join('; ')}.`,
    "Milliseconds: to compile a format, then for each token of a text. A mask of a text that is written for the first time as median and (largest), and of the same text again; what accepting a token costs; the model's step, of a Q8_0 model of the 135M shape. The last column: masks and accepting, the first time, of all steps.",
    table(
      ['vocabulary', 'format', 'compile', 'mask', 'again', 'accept', "model's step", 'of the steps'],
      rows,
      2,
    ),
  ].join('\n\n')
}
