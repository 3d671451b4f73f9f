import { DasllamaError } from '../errors.js'

/** What a session refuses, in words. */

export function disposed(): DasllamaError {
  return new DasllamaError('DISPOSED', 'the session has been disposed')
}

export function busy(): DasllamaError {
  return new DasllamaError('BUSY', 'the session is busy with another call', {
    hint: 'await it first, or create a second session: a model can have many',
  })
}

export function nothingEvaluated(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'there are no logits yet: nothing has been evaluated', {
    hint: 'after a rewind, too, evaluate something first; generate() does it by itself',
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
