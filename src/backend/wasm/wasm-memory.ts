import type { Phase } from '../batch.js'
import type { SequenceMemory } from '../memory.js'
import type { KvMemory } from './kv-memory.js'
import type { Appended } from './recurrent-memory.js'
import type { RunStates } from './steps/step.js'

/** A sequence's memory, as an executable runs on it. */
export interface WasmMemory extends SequenceMemory {
  /** Its keys and values; without pages if no layer has any. */
  readonly kv: KvMemory
  /**
   * Takes what a run of `rows` rows writes. Returns the states of the recurrent layers, if there are any. Throws `OUT_OF_MEMORY`;
   * then, and after a failed pass, call `rollback`.
   */
  prepare(rows: number, phase: Phase): RunStates | undefined
  /** Gives back what a run has taken. */
  rollback(): void
  /** Appends the rows of the run that has been prepared and run. */
  commit(appended: Appended): void
  /** Drops a little of what it can do without, with `all` however useful it is. Returns false if there is nothing. */
  relieve(options: { all: boolean }): boolean
}
