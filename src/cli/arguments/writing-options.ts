import type { Terminal } from '../../platform/terminal.js'
import type { WritingOptions } from '../../quantize/write-file.js'
import { ProgressBar } from '../output/progress.js'
import { alias, flag, integer, orAuto, type Values } from './options.js'

/** Options of commands that write a model file. */
export const writingOptions = {
  force: flag('replace OUT if it exists'),
  threads: alias(
    orAuto(integer('number of threads; auto is one per physical core', { min: 1, max: 32 })),
    '-t',
    '--nthreads',
  ),
  json: flag('print one JSON object instead of a summary'),
}

/** How the file is written, with a progress bar on a terminal. `erase` removes it. */
export function writing(
  { force, threads, json }: Values<typeof writingOptions>,
  terminal: Terminal,
  signal: AbortSignal,
  verb: string,
): WritingOptions & { erase(): void } {
  const { physicalCores, startThread } = terminal.modelTools
  const progress = new ProgressBar(terminal, { isQuiet: json, verb })
  return {
    replace: force,
    threads: typeof threads === 'number' ? threads : physicalCores,
    startThread,
    signal,
    onProgress: progress.update,
    erase: () => progress.erase(),
  }
}
