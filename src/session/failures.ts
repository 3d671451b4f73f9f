import { DasllamaError, type ErrorCode } from '../errors.js'

/** Errors of sessions. */

export function disposed(): DasllamaError {
  return new DasllamaError('DISPOSED', 'the session has been disposed')
}

export function modelDisposed(): DasllamaError {
  return new DasllamaError('DISPOSED', 'the model has been disposed')
}

export function busy(): DasllamaError {
  return new DasllamaError('BUSY', 'the session is busy with another call', {
    hint: 'await it first (a generation ends when it is read to its end, its loop is left or its signal is aborted), or create a second session: a model can have many',
  })
}

export function nothingEvaluated(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'there are no logits yet: nothing has been evaluated', {
    hint: 'evaluate something first, after a rewind too; generate() does so on its own',
  })
}

export function emptyPrompt(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'the prompt has no tokens', {
    hint: 'this model has no BOS token to begin with: give it some text',
  })
}

export function contextFull(count: number, position: number, contextLength: number): DasllamaError {
  return new DasllamaError(
    'CONTEXT_FULL',
    `${count} tokens do not fit: ${position} of ${contextLength} positions are taken`,
    { hint: 'shorten the prompt, or create the session with a larger contextLength' },
  )
}

export function cannotShift(): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    'contextShift: the memory of this model cannot leave out tokens in the middle',
    { hint: 'leave contextShift out; a chat can forget its oldest turns: overflow "drop-oldest"' },
  )
}

export function isOutOfMemory(error: unknown): error is DasllamaError {
  return isOf(error, ['OUT_OF_MEMORY'])
}

/** Whether it is an error with one of these codes. */
export function isOf(error: unknown, codes: readonly ErrorCode[]): error is DasllamaError {
  return error instanceof DasllamaError && codes.includes(error.code)
}
