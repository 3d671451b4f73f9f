import { isRecord } from '../../checks.js'
import type { ToolDefinition } from '../tools.js'
import { checkArguments } from './check-arguments.js'
import type { Emit, MalformedReason } from './events.js'
import { MAX_CALL_LENGTH, MAX_CALLS } from './limits.js'

/** State shared by all calls of a reply. */
export class Calls {
  readonly emit: Emit
  /** Tools by name; `undefined` if any name is allowed. */
  readonly tools: ReadonlyMap<string, ToolDefinition> | undefined
  /** The reply was cut, so the rest of an incomplete call may be missing. */
  isCut = false
  readonly #firstCall: number
  #count = 0

  constructor(emit: Emit, tools: ReadonlyMap<string, ToolDefinition> | undefined, firstCall: number) {
    this.emit = emit
    this.tools = tools
    this.#firstCall = firstCall
  }

  /** Whether to look for calls: false if no tool may be called. */
  get isEnabled(): boolean {
    return this.tools === undefined || this.tools.size > 0
  }

  isKnown(name: string): boolean {
    return this.tools === undefined || this.tools.has(name)
  }

  /** The index for a call that begins now; `undefined` beyond the limit. */
  take(): number | undefined {
    return this.#count === MAX_CALLS ? undefined : this.#count++
  }

  /** Nine letters and digits, as Mistral's templates require. */
  idOf(index: number): string {
    return `call${(this.#firstCall + index).toString(36).padStart(5, '0').slice(-5)}`
  }
}

/** A call while it is generated: keeps its text, and emits its name, its arguments and its outcome. */
export class CallInProgress {
  readonly #calls: Calls
  readonly #emit: Emit
  #raw: string
  #begun: { readonly name: string; readonly index: number; readonly id: string } | undefined
  /** Arguments that came before the name. */
  #waiting = ''
  #hasStreamed = false

  /** `raw`: the text that it begins with. `emit`: default that of `calls`. */
  constructor(calls: Calls, raw: string, emit: Emit = calls.emit) {
    this.#calls = calls
    this.#raw = raw
    this.#emit = emit
  }

  get raw(): string {
    return this.#raw
  }

  get hasBegun(): boolean {
    return this.#begun !== undefined
  }

  get isTooLong(): boolean {
    return this.#raw.length > MAX_CALL_LENGTH
  }

  /** More of its text. */
  append(text: string): void {
    this.#raw += text
  }

  /**
   * Its name is known, and the model's own id if it has one. False if the call is invalid: an unknown tool, a different name than
   * before, too many calls.
   */
  begin(name: string, ownId?: string): boolean {
    if (this.#begun) return this.#begun.name === name
    if (name === '' || !this.#calls.isKnown(name)) return false
    const index = this.#calls.take()
    if (index === undefined) return false
    const id = ownId || this.#calls.idOf(index)
    this.#begun = { name, index, id }
    this.#emit({ type: 'tool-call-start', index, id, name })
    if (this.#waiting !== '') this.#stream(this.#waiting)
    return true
  }

  /** More of its arguments, as JSON text. */
  arguments(text: string): void {
    if (this.#begun) this.#stream(text)
    else this.#waiting += text
  }

  /** The call is complete. `id`: the model's own, which counts if the call has not begun without it. */
  finish(name: unknown, args: unknown, id?: string): void {
    const reason = this.#refusal(name, args, id)
    if (reason) this.fail(reason)
    else this.#report(name as string, args as Record<string, unknown>)
  }

  fail(reason: MalformedReason): void {
    this.#emit({
      type: 'malformed-tool-call',
      text: this.#raw,
      reason,
      ...(this.#begun && { index: this.#begun.index }),
    })
  }

  #refusal(name: unknown, args: unknown, id: string | undefined): MalformedReason | undefined {
    if (typeof name !== 'string' || name === '') return 'not-a-call'
    if (!isRecord(args)) return 'arguments-not-object'
    if (this.begin(name, id)) return undefined
    if (this.#begun) return 'not-a-call'
    return this.#calls.isKnown(name) ? 'too-long' : 'unknown-tool'
  }

  #report(name: string, args: Record<string, unknown>): void {
    const { index, id } = this.#begun!
    if (!this.#hasStreamed) this.#stream(JSON.stringify(args))
    const problems = checkArguments(args, this.#calls.tools?.get(name)?.parameters)
    const call = { id, name, arguments: args, raw: this.#raw }
    this.#emit({ type: 'tool-call', index, call, ...(problems.length > 0 && { problems }) })
  }

  #stream(argumentsText: string): void {
    if (argumentsText === '' || !this.#begun) return
    this.#hasStreamed = true
    this.#emit({ type: 'tool-call-delta', index: this.#begun.index, argumentsText })
  }
}
