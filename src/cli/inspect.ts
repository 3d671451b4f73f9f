import { DasllamaError, inspectModel, type ModelSummary } from '../index.js'
import { MODEL, modelOptions } from './arguments/model-options.js'
import { flag } from './arguments/options.js'
import { command } from './command.js'
import { print } from './output/printable.js'
import { byteSize, columns } from './output/table.js'

export const inspect = command({
  name: 'inspect',
  summary: 'Show what a model file holds and what running it takes',
  operands: [MODEL],
  options: {
    json: flag('print one JSON object'),
    ...modelOptions,
  },
  notes: `Reads the head of the file only, so it is quick for large files and for URLs.

  dasllama inspect model.gguf
`,
  async run([source], { json, tokenizer }, terminal) {
    const summary = await inspectModel(source, { tokenizer })
    await print(terminal.stdout, json ? `${JSON.stringify(summary, jsonValue)}\n` : columns(rows(summary)))
    return 0
  },
})

/** An error's message is not among what JSON takes of it. */
function jsonValue(_: string, value: unknown): unknown {
  if (!(value instanceof DasllamaError)) return value
  const { code, message, hint } = value
  return { code, message, hint }
}

function rows(summary: ModelSummary): string[][] {
  const { config, tokenizer, memory } = summary
  const rows = [
    ['file', summary.fileName],
    ['container', summary.container === 'gguf' ? `GGUF version ${summary.version}` : 'llama2.c checkpoint'],
    ['architecture', summary.architecture],
    ['name', summary.name ?? '-'],
    ['parameters', count(summary.parameters)],
    ['tensors', `${count(summary.tensors)}, ${byteSize(summary.tensorBytes)}`],
    ...summary.formats.map(({ format, tensors, bytes }) => {
      const share = ((100 * bytes) / summary.tensorBytes).toFixed(1)
      return ['', `${format}: ${count(tensors)}, ${byteSize(bytes)}, ${share} %`]
    }),
  ]
  if (config) {
    rows.push(
      ['context', `${count(config.contextLength)} tokens`],
      [
        'layers',
        `${config.layers}, width ${config.embeddingLength}, feed-forward ${config.feedForwardLength}`,
      ],
      ['heads', `${config.heads} of ${config.headDim}, ${config.kvHeads} for keys and values`],
      [
        'positions',
        `rope theta ${config.ropeTheta}, ${config.ropeDim} dimensions, scaling ${config.ropeScaling.type}`,
      ],
    )
  }
  if (tokenizer) {
    const { model, pre, vocabSize, bosId, eosId } = tokenizer
    const kind = pre === undefined ? model : `${model} (${pre})`
    rows.push(['tokenizer', `${kind}, ${count(vocabSize)} tokens, BOS ${bosId ?? '-'}, EOS ${eosId ?? '-'}`])
  }
  if (memory) {
    const { modelBytes, sessionBytes, contextLength } = memory
    const session = `${byteSize(sessionBytes)} for a session of ${count(contextLength)} tokens`
    rows.push(['memory', `${byteSize(modelBytes)} and ${session}`])
  }
  for (const { message, hint } of summary.problems) {
    rows.push(['problem', message])
    if (hint !== undefined) rows.push(['', hint])
  }
  return rows
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
