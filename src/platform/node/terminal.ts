import { readFile, stat, writeFile } from 'node:fs/promises'
import { freemem } from 'node:os'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { DasllamaError } from '../../errors.js'
import { type Output, type Terminal, wantsColors } from '../terminal.js'
import { fileError } from './file-error.js'
import { nodeLines } from './lines.js'
import { modelTools } from './model-tools.js'

function output(stream: NodeJS.WriteStream): Output {
  // EPIPE: the reader has closed the pipe, as `| head -1` does, which is not an error.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  return {
    isTerminal: stream.isTTY === true,
    hasColors: wantsColors({ isTerminal: stream.isTTY === true, env: process.env }),
    get columns() {
      return stream.isTTY === true ? stream.columns || undefined : undefined
    },
    write: (text) =>
      new Promise((resolve) => {
        stream.write(text, () => resolve())
      }),
  }
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${name} is not UTF-8 text`, { cause })
  }
}

/** Largest text file that is read. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

/** Reads a text file: see `Terminal.readFile`. */
export async function readTextFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) {
      throw new DasllamaError('LIMIT', `${path} has ${size} bytes; the limit is ${MAX_FILE_BYTES}`)
    }
    return decode(await readFile(path), path)
  } catch (cause) {
    throw fileError(path, cause)
  }
}

/** Available memory, within the limits of a container if the runtime knows them (Node 20.13). */
function availableMemory(): number {
  return process.availableMemory?.() ?? freemem()
}

/** The terminal of this process. */
export function nodeTerminal(): Terminal {
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    debug: Boolean(process.env.DASLLAMA_DEBUG),
    inputIsTerminal: process.stdin.isTTY === true,
    get availableMemory() {
      return availableMemory()
    },
    modelTools,
    hub: { baseUrl: process.env.HF_ENDPOINT || undefined, token: process.env.HF_TOKEN || undefined },
    readInput: async () => decode(await buffer(process.stdin), 'standard input'),
    openLines: (options) => nodeLines(process.stdin, process.stdout, options),
    readFile: readTextFile,
    writeFile: (path, text) =>
      writeFile(path, text).catch((cause) => {
        throw fileError(path, cause, 'there is no such directory to write it to')
      }),
    onInterrupt(listener) {
      process.once('SIGINT', listener)
      return () => process.off('SIGINT', listener)
    },
    onTerminate(listener) {
      process.once('SIGTERM', listener)
      return () => process.off('SIGTERM', listener)
    },
    // Only one command each needs these.
    listen: async (answer, options) => (await import('./http-server.js')).listen(answer, options),
    post: async (request) => (await import('./http-client.js')).post(request),
  }
}

/** The arguments of this process, without the runtime and the script. */
export function processArguments(): string[] {
  return process.argv.slice(2)
}

/** Sets the exit code with which the process ends once everything is written. */
export function setExitCode(code: number): void {
  process.exitCode = code
}
