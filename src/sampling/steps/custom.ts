import { DasllamaError } from '../../errors.js'
import { CandidateEditor } from '../candidate-editor.js'
import type { CustomStep } from '../custom-step.js'
import type { Step } from '../step.js'

/**
 * Wraps a caller's function as a step. Its exceptions are passed on. Throws `NO_CANDIDATES` if it removes every token and
 * `INVALID_ARGUMENT` if it returns a promise.
 */
export function custom(step: CustomStep): Step {
  return (candidates, { previousTokens }) => {
    candidates.applyTemperature()
    const editor = new CandidateEditor(candidates, previousTokens)
    let result: unknown
    try {
      result = step(editor)
    } finally {
      editor.close()
    }
    if (isPromise(result)) throw promiseReturned(result)
    if (candidates.size === 0) {
      throw new DasllamaError('NO_CANDIDATES', 'a custom step removed every remaining token', {
        hint: 'keep at least one: candidates.size is the number of remaining tokens',
      })
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** The promise's outcome is ignored: the chain cannot wait. */
function promiseReturned(promise: PromiseLike<unknown>): DasllamaError {
  promise.then(undefined, () => {})
  return new DasllamaError('INVALID_ARGUMENT', 'a custom step returned a promise', {
    hint: 'steps run synchronously: do asynchronous work before the generation',
  })
}
