import type { Model, TokenId } from '../../index.js'
import type { Messages } from '../../serving/chats.js'
import { ApiError } from '../api-error.js'
import { Fields } from '../request/fields.js'
import { readMessages } from './read-messages.js'

/**
 * The `context` of a reply: the conversation so far, for the client to send back with its next prompt. It is the ids of the
 * conversation's JSON, so that the next prompt is made by the template as a whole. `undefined` if the vocabulary does not
 * give texts back unchanged.
 */
export function contextOf(model: Model, messages: Messages): readonly TokenId[] | undefined {
  const text = JSON.stringify(messages.map(({ role, content }) => ({ role, content })))
  const ids = model.encode(text, { addSpecial: false })
  return model.decode(ids) === text ? ids : undefined
}

/** The conversation that a client has sent back. Throws `ApiError` for what was not made for this model. */
export function messagesOf(model: Model, context: readonly unknown[]): Messages {
  try {
    const messages: unknown = JSON.parse(model.decode(context as readonly TokenId[]))
    return readMessages(new Fields({ messages }))
  } catch (cause) {
    throw new ApiError(400, 'context must be what an earlier reply of this model had as its context', {
      param: 'context',
      code: 'invalid_value',
      cause,
    })
  }
}
