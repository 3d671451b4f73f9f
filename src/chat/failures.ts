import { DasllamaError } from '../errors.js'

/** What calls at the wrong time, or in the wrong order, are refused with. */

export function busy(): DasllamaError {
  return new DasllamaError('BUSY', 'the chat is busy with another call', {
    hint: 'await it first; a reply ends when it is read to its end, its loop is left or its signal is aborted',
  })
}

export function changed(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'the chat has changed since respond() was called', {
    hint: 'call respond() when all messages are there, and read the reply then',
  })
}

export function nothingToAnswer(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'there is nothing to answer yet', {
    hint: 'add a message: chat.addUser(…)',
  })
}

/** `where` is where the message stands, if that needs to be told. */
export function systemNotFirst(where = ''): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `${where}a system message stands first`, {
    hint: 'put it there, or set chat.system',
  })
}

export function tooManyMessages(count: number, limit: number): DasllamaError {
  return new DasllamaError('LIMIT', `a conversation of ${count} messages; the limit is ${limit}`, {
    hint: 'begin a new chat, or leave out the oldest messages of its history',
  })
}
