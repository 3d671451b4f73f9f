import { checkOptions, checkSignal, checkTokens } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { readList, readOptions } from '../read-list.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { Session, type SessionHost } from './session.js'

/** A session of `model.evalBatch`, and the tokens to append to it. */
export interface BatchEntry {
  /** A session of the model, in one entry only. */
  readonly session: Session
  /** The ids to append. */
  readonly ids: ArrayLike<TokenId>
}

interface CheckedEntry {
  readonly session: Session
  readonly ids: readonly TokenId[]
}

/** See `Model.evalBatch`. */
export async function evalBatch(
  host: SessionHost,
  entries: readonly BatchEntry[],
  options: { signal?: AbortSignal },
): Promise<void> {
  checkOptions(options)
  const { signal } = options
  checkSignal(signal)
  const checked = checkEntries(host, entries)
  signal?.throwIfAborted()
  // Or the first one would start a pass without the others.
  host.scheduler.expect(checked.map(({ session }) => session.memoryIn(host)!))
  // One each, because Node warns of a leak when a signal has more than ten listeners.
  const controllers = checked.map(() => new AbortController())
  const abort = () => {
    for (const controller of controllers) controller.abort(signal?.reason)
  }
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const outcomes = await Promise.allSettled(
      checked.map(({ session, ids }, index) => session.eval(ids, { signal: controllers[index].signal })),
    )
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

function checkEntries(host: SessionHost, entries: readonly BatchEntry[]): CheckedEntry[] {
  const seen = new Map<Session, string>()
  const checked = readList('entries', entries, (entry, index) => {
    const name = `entries[${index}]`
    const { session, ids } = readOptions(name, entry as BatchEntry)
    checkSession(host, name, session)
    const earlier = seen.get(session)
    if (earlier !== undefined) {
      throw invalid(`${name} and ${earlier} have the same session`, 'put all of its ids into one entry')
    }
    seen.set(session, name)
    const tokens = checkTokens(`${name}.ids`, ids, host.vocabSize)
    if (tokens.length === 0) throw invalid(`${name}.ids is empty: there are no tokens to evaluate`)
    withName(name, () => session.assertCanEval(tokens.length))
    return { session, ids: tokens }
  })
  if (checked.length === 0) throw invalid('entries is empty: there is nothing to evaluate')
  return checked
}

/** Throws for anything but a session of the model. */
function checkSession(host: SessionHost, name: string, session: unknown): void {
  if (!Session.isSession(session)) {
    throw invalid(`${name}.session must be a session, not ${describeValue(session)}`)
  }
  if (session.memoryIn(host) !== undefined) return
  throw invalid(
    `${name}.session belongs to another model`,
    'pass sessions that this model has created with createSession()',
  )
}

/** Calls `check`; an error names the entry. */
function withName(name: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    const { code, message, hint } = error
    throw new DasllamaError(code, `${name}: ${message}`, hint === undefined ? {} : { hint })
  }
}

function invalid(message: string, hint?: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', message, hint === undefined ? {} : { hint })
}
