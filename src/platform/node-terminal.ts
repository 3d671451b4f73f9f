import { readFile, stat, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { DasllamaError } from '../errors.js'
import { nodeLines } from './node-lines.js'
import type { Output, Terminal } from './terminal.js'

function output(stream: NodeJS.WriteStream): Output {
  // The reader has what it wanted, as in `| head -1`: nothing is left to do and nothing to complain about.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  return {
    isTerminal: stream.isTTY === true,
    write: (text) =>
      new Promise((resolve) => {
        stream.write(text, () => resolve())
      }),
  }
}

async function readInput(): Promise<string> {
  const bytes = await buffer(process.stdin)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', 'standard input is not UTF-8 text', { cause })
  }
}

const MAX_FILE_BYTES = 64 * 1024 * 1024

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) {
      throw new DasllamaError('LIMIT', `${path} has ${size} bytes; the limit is ${MAX_FILE_BYTES}`)
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw fileError(path, cause)
  }
}

function fileError(path: string, cause: unknown): DasllamaError {
  if (cause instanceof DasllamaError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT') return new DasllamaError('NOT_FOUND', `${path}: no such file`, { cause })
  return new DasllamaError('IO', `${path}: ${message}`, { cause })
}

/** The terminal of this process. */
export function nodeTerminal(): Terminal {
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    debug: Boolean(process.env.DASLLAMA_DEBUG),
    readInput,
    openLines: nodeLines,
    readFile: readText,
    writeFile: (path, text) =>
      writeFile(path, text).catch((cause) => {
        throw fileError(path, cause)
      }),
    onInterrupt(listener) {
      process.once('SIGINT', listener)
      return () => process.off('SIGINT', listener)
    },
  }
}

/** The arguments of this process, without the runtime and the script. */
export function processArguments(): string[] {
  return process.argv.slice(2)
}

/** Lets the process end with this code once everything is written. */
export function setExitCode(code: number): void {
  process.exitCode = code
}
