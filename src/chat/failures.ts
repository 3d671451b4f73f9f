import { DasllamaError } from '../errors.js'

/** Errors for calls at the wrong time or in the wrong order. */

export function busy(): DasllamaError {
  return new DasllamaError('BUSY', 'the chat is busy with another call', {
    hint: 'await it first; a reply ends when it has been read to the end, its loop is left or its signal is aborted',
  })
}

export function changed(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'the chat has changed since respond() was called', {
    hint: 'call respond() after all messages have been added, then read the reply',
  })
}

export function nothingToAnswer(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'there is nothing to answer yet', {
    hint: 'add a message: chat.addUser(…)',
  })
}

/** `where`: a prefix that locates the message, if needed. */
export function systemNotFirst(where = ''): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `${where}a system message must be the first`, {
    hint: 'make it the first message, or set chat.system',
  })
}

export function tooManyMessages(count: number, limit: number): DasllamaError {
  return new DasllamaError('LIMIT', `the conversation has ${count} messages; the limit is ${limit}`, {
    hint: 'start a new chat, or remove the oldest messages from the history',
  })
}
