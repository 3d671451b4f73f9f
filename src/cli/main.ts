import { displayName } from '../describe.js'
import { DasllamaError } from '../index.js'
import { nearest } from '../nearest.js'
import type { Terminal } from '../platform/terminal.js'
import { VERSION } from '../version.js'
import { UsageError } from './arguments/usage-error.js'
import { batch } from './batch/batch.js'
import { chat } from './chat/chat.js'
import { type Command, hintOf, widthOf } from './command.js'
import { convert } from './convert/convert.js'
import { embed } from './embed.js'
import { inspect } from './inspect.js'
import { definitions, paragraphs } from './output/layout.js'
import { print } from './output/printable.js'
import { perplexity } from './perplexity/perplexity.js'
import { quantize } from './quantize/quantize.js'
import { rerank } from './rerank.js'
import { run } from './run/run.js'
import { serve } from './serve/serve.js'
import { list } from './store/list.js'
import { pull } from './store/pull.js'
import { rm } from './store/rm.js'
import { tokenize } from './tokenize.js'

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    run,
    chat,
    serve,
    batch,
    embed,
    rerank,
    inspect,
    tokenize,
    perplexity,
    quantize,
    convert,
    pull,
    list,
    rm,
  ].map((command) => [command.name, command]),
)

function help(width: number | undefined): string {
  const rows = definitions(
    [
      ...[...COMMANDS.values()].map(({ name, summary }) => [name, summary] as const),
      ['help COMMAND', 'Show the help of a command'],
      ['--version', 'Show the version of dasllama'],
    ],
    width,
  )
  return `Usage: dasllama COMMAND ...

Runs GGUF language models.

${rows.join('')}
${paragraphs('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C.', width)}
`
}

/** The command line: parses the arguments, runs the command, reports errors. Resolves with the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    return report(error, args[0], terminal)
  }
}

async function dispatch([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  switch (name) {
    case undefined:
      await terminal.stderr.write(help(widthOf(terminal.stderr)))
      return 2
    case '--version':
      await terminal.stdout.write(`${VERSION}\n`)
      return 0
    case 'help':
    case '--help':
    case '-h':
      await terminal.stdout.write((rest.length === 0 ? help : find(rest[0]).help)(widthOf(terminal.stdout)))
      return 0
    default:
      return find(name).run(rest, terminal)
  }
}

function find(name: string): Command {
  const command = COMMANDS.get(name)
  if (command) return command
  const shown = displayName(name)
  if (name.startsWith('-')) {
    throw new UsageError(
      `there is no option ${shown} before a command`,
      'the command comes first: dasllama run MODEL --prompt TEXT; dasllama --help lists the commands',
    )
  }
  if (isModel(name)) {
    throw new UsageError(
      `there is no command ${shown}`,
      `it looks like a model: dasllama run ${shown}, or dasllama chat ${shown}`,
    )
  }
  const meant = (Object.hasOwn(MEANT, name) ? MEANT[name] : undefined) ?? nearest(name, COMMANDS.keys())
  throw new UsageError(
    `there is no command ${shown}`,
    meant === undefined ? 'dasllama --help lists the commands' : `did you mean ${meant}?`,
  )
}

/** Names of our commands in other programs. */
const MEANT: Readonly<Record<string, string>> = {
  generate: 'run',
  complete: 'run',
  completion: 'run',
  cli: 'chat',
  server: 'serve',
  talk: 'chat',
  show: 'inspect',
  info: 'inspect',
  ppl: 'perplexity',
  embedding: 'embed',
  embeddings: 'embed',
  quant: 'quantize',
  ls: 'list',
  download: 'pull',
  fetch: 'pull',
  remove: 'rm',
  delete: 'rm',
}

function isModel(name: string): boolean {
  return /\.gguf$|^https?:|^hf:/i.test(name) || /[/\\]/.test(name)
}

async function report(error: unknown, name: string | undefined, terminal: Terminal): Promise<number> {
  const usage = error instanceof UsageError
  const message = error instanceof Error ? error.message : String(error)
  const lines = [`dasllama: ${message}`]
  const hints = COMMANDS.get(name ?? '')?.hints
  const hint = usage ? error.hint : error instanceof DasllamaError ? hintOf(error, hints) : undefined
  if (hint !== undefined) lines.push(hint)
  if (usage && name !== undefined && COMMANDS.has(name))
    lines.push(`dasllama ${name} --help shows all options`)
  if (terminal.debug) lines.push(...traces(error))
  await print(terminal.stderr, `${lines.join('\n')}\n`)
  return usage ? 2 : 1
}

/** The stack of the error and of its causes. */
function traces(error: unknown): string[] {
  return error instanceof Error ? [error.stack ?? '', ...traces(error.cause)] : []
}
