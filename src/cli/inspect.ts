import { byteSize, displayName, mebibytes } from '../describe.js'
import { DasllamaError, inspectModel, type MemoryPart, type ModelSummary } from '../index.js'
import { contextOption } from './arguments/engine-options.js'
import { lookupTablesOption, MODEL, modelOptions } from './arguments/model-options.js'
import { nameOptions } from './arguments/names.js'
import { flag } from './arguments/options.js'
import { command } from './command.js'
import { type ChatSummary, chatSummary, type Fitness, fitness } from './inspect-report.js'
import { print } from './output/printable.js'
import { columns } from './output/table.js'

export const inspect = command({
  name: 'inspect',
  summary: 'Show the contents of a model file and the memory that it needs',
  operands: [MODEL],
  options: {
    json: flag('print one JSON object'),
    context: contextOption(
      "tokens for which the memory is shown; by default the model's trained context, at most 4096",
    ),
    lookupTables: lookupTablesOption,
    ...modelOptions,
  },
  notes: `Reads the head of the file only, so it is quick for large files and for URLs.

  dasllama inspect model.gguf
`,
  async run([source], { json, context: contextLength, lookupTables, tokenizer }, terminal) {
    const { availableMemory } = terminal
    const summary = await inspectModel(source, {
      ...{ tokenizer, contextLength, lookupTables, memoryLimit: availableMemory },
      ...(await nameOptions(source, terminal)),
    })
    const chat = chatSummary(summary)
    const fit = fitness(summary, availableMemory)
    await print(terminal.stdout, json ? asJson(summary, chat, fit) : columns(rows(summary, chat, fit)))
    return 0
  },
})

function asJson(summary: ModelSummary, chat: ChatSummary | undefined, fit: Fitness): string {
  const { tokenizer, chatTemplates, problems, ...rest } = summary
  const { specialTokens: _, ...vocabulary } = tokenizer ?? { specialTokens: [] }
  const shown = {
    ...rest,
    tokenizer: tokenizer && vocabulary,
    chatTemplates: [...chatTemplates.keys()],
    chat,
    ...fit,
    problems,
  }
  return `${JSON.stringify(shown, jsonValue)}\n`
}

/** JSON.stringify omits an error's message. */
function jsonValue(_: string, value: unknown): unknown {
  if (!(value instanceof DasllamaError)) return value
  const { code, message, hint } = value
  return { code, message, hint }
}

function rows(summary: ModelSummary, chat: ChatSummary | undefined, fit: Fitness): string[][] {
  const { config, tokenizer, memory } = summary
  const rows = [
    ['file', summary.fileName],
    ['container', summary.container === 'gguf' ? `GGUF version ${summary.version}` : 'llama2.c checkpoint'],
    ['architecture', architectureText(summary)],
    ['name', summary.name ?? '-'],
    ['parameters', count(summary.parameters)],
    ['tensors', `${count(summary.tensors)}, ${byteSize(summary.tensorBytes)}`],
    ...summary.formats.map(({ format, tensors, bytes }) => {
      const share = ((100 * bytes) / summary.tensorBytes).toFixed(1)
      return ['', `${format}: ${count(tensors)}, ${byteSize(bytes)}, ${share} %`]
    }),
  ]
  if (config) {
    const width = `${config.layers}, width ${config.embeddingLength}`
    rows.push(['context', `${count(config.contextLength)} tokens`])
    if (config.attentionFree) rows.push(['layers', `${width}, without attention`])
    else {
      rows.push(
        ['layers', `${width}, feed-forward ${config.feedForwardLength}`],
        ['heads', `${config.heads} of ${config.headDim}, ${config.kvHeads} for keys and values`],
        [
          'positions',
          `rope theta ${config.ropeTheta}, ${config.ropeDim} dimensions, scaling ${config.ropeScaling.type}`,
        ],
      )
    }
  }
  if (config?.draftLayers) rows.push(['draft head', `layers: ${config.draftLayers}`])
  if (tokenizer) {
    const { model, pre, vocabSize, bosId, eosId } = tokenizer
    const kind = pre === undefined ? model : `${model} (${pre})`
    rows.push(['tokenizer', `${kind}, ${count(vocabSize)} tokens, BOS ${bosId ?? '-'}, EOS ${eosId ?? '-'}`])
  }
  rows.push(['chat template', chat ? chatText(chat, summary) : 'none'])
  if (memory) {
    const { modelBytes, sessionBytes, contextLength, memories } = memory
    const session = `${byteSize(sessionBytes)} for a session of ${count(contextLength)} tokens`
    rows.push(['memory', `${byteSize(modelBytes)} and ${session}`])
    if (memories.length > 1)
      rows.push(...memories.map((part, index) => ['', memoryPartText(part, index + 1)]))
    for (const { name, bytes } of memory.tablesInFile) {
      rows.push(['', `${displayName(name)}, ${byteSize(bytes)}, stays in the file`])
    }
  }
  if (summary.speed) {
    const { bytesPerToken, class: speed } = summary.speed
    rows.push(['speed', `${speed}: a token reads ${byteSize(bytesPerToken)} of weights`])
  }
  rows.push(['runs here', fit.runs ? `yes, in ${memoryText(fit)}` : `no: ${fit.reason}`])
  if (fit.instead !== undefined) rows.push(['', `possible: ${fit.instead}`])
  for (const { message, hint } of summary.problems) {
    rows.push(['problem', message])
    if (hint !== undefined) rows.push(['', hint])
  }
  return rows
}

function architectureText({ architecture, family }: ModelSummary): string {
  return family === undefined || family === architecture
    ? architecture
    : `${architecture}, of the family ${family}`
}

function chatText(
  { template, family, reasoning, tools, thinkingVariables }: ChatSummary,
  summary: ModelSummary,
): string {
  const variants = [...summary.chatTemplates.keys()].filter((name) => name !== template)
  return [
    summary.chatTemplates.has(template) ? (family ?? 'of an unknown family') : `${family}, by the vocabulary`,
    `thoughts ${reasoning}`,
    `tool calls ${tools}`,
    ...(thinkingVariables.length > 0 ? [`variables ${thinkingVariables.join(', ')}`] : []),
    ...(variants.length > 0 ? [`also ${variants.join(', ')}`] : []),
  ].join('; ')
}

function memoryText({ neededBytes = 0, availableBytes }: Fitness): string {
  return `${byteSize(neededBytes)} of ${byteSize(availableBytes)} available`
}

function memoryPartText(
  { firstLayer, layers, modelBytes, sessionBytes }: MemoryPart,
  number: number,
): string {
  const last = firstLayer + layers - 1
  const held = layers === 0 ? 'no layers' : layers === 1 ? `layer ${last}` : `layers ${firstLayer} to ${last}`
  return `memory ${number}: ${held}, ${mebibytes(modelBytes)} and ${mebibytes(sessionBytes)}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
