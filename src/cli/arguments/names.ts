import { type ModelStore, openStore } from '../../hub/index.js'
import type { OpenOptions, Warning } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { printStyled } from '../output/style.js'

/** The store of the command line, with the hub of its environment. */
export function openTerminalStore({ hub }: Terminal): Promise<ModelStore> {
  return openStore({ hub })
}

/**
 * How a command opens its model. Names on the hub are downloaded into the store; an address is read from the store if it was
 * pulled, and otherwise from its server.
 */
export async function nameOptions(
  source: string,
  terminal: Terminal,
): Promise<Pick<OpenOptions, 'store' | 'hub' | 'onWarning'>> {
  const { hub } = terminal
  const onWarning = warningPrinter(terminal)
  if (!/^https?:/i.test(source)) return { hub, onWarning }
  const store = await openTerminalStore(terminal)
  return (await store.has(source)) ? { store, hub, onWarning } : { hub, onWarning }
}

/** Prints warnings about the store and about a draft model; those about the engine change nothing that a command prints. */
export function warningPrinter({ stderr }: Pick<Terminal, 'stderr'>): (warning: Warning) => void {
  return ({ code, message }) => {
    if (PRINTED.has(code)) void printStyled(stderr, 'yellow', `warning: ${message}\n`)
  }
}

const PRINTED: ReadonlySet<Warning['code']> = new Set([
  'NO_STORE',
  'STORED_FILE_DAMAGED',
  'WAITING_FOR_DOWNLOAD',
  'NOT_UPDATED',
  'NO_DRAFT',
])
