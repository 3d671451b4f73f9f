import { DasllamaError } from '../index.js'

/** What keeps memory for later requests. */
interface Freeable {
  /** Frees memory that no request uses; resolves with whether there was any. */
  free(): Promise<boolean>
}

/**
 * Runs a generator; if memory is short before its first value, frees what is kept for later requests and runs it again.
 */
export async function* freeingMemory<T>(served: Freeable, run: () => AsyncGenerator<T>): AsyncGenerator<T> {
  let hasBegun = false
  try {
    for await (const value of run()) {
      hasBegun = true
      yield value
    }
  } catch (error) {
    const isShort = error instanceof DasllamaError && error.code === 'OUT_OF_MEMORY' && !hasBegun
    if (!isShort || !(await served.free())) throw error
    yield* run()
  }
}
