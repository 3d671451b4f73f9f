import { DasllamaError } from '../../errors.js'
import { CandidateEditor } from '../candidate-editor.js'
import type { CustomStep } from '../custom-step.js'
import type { Step } from '../step.js'

/**
 * Puts a caller's own function into the chain. What it throws is passed on. Throws `NO_CANDIDATES` when it removes every
 * token, and `INVALID_ARGUMENT` when it returns a promise.
 */
export function custom(step: CustomStep): Step {
  return (candidates, { recent }) => {
    candidates.divide()
    const editor = new CandidateEditor(candidates, recent)
    let result: unknown
    try {
      result = step(editor)
    } finally {
      editor.close()
    }
    if (isPromise(result)) throw refusePromise(result)
    if (candidates.size === 0) {
      throw new DasllamaError('NO_CANDIDATES', 'a custom step removed every token that was left', {
        hint: 'keep at least one: candidates.size says how many there are',
      })
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** What the promise comes to is ignored: nobody can wait for it. */
function refusePromise(promise: PromiseLike<unknown>): DasllamaError {
  promise.then(undefined, () => {})
  return new DasllamaError('INVALID_ARGUMENT', 'a custom step returned a promise', {
    hint: 'steps run between two tokens and cannot wait: do what takes time before the generation',
  })
}
