import type { TokenId } from '../../index.js'
import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'

/** The ids of a text, as in llama.cpp's server. */
export const tokenize: Endpoint = {
  method: 'POST',
  path: '/tokenize',
  async answer(call) {
    const fields = await call.fields()
    const name = fields.string('model')
    const content = fields.require('content', fields.string('content'))
    const addSpecial = fields.boolean('add_special') ?? false
    const parseSpecial = fields.boolean('parse_special') ?? true
    const hasPieces = fields.boolean('with_pieces') ?? false
    fields.end({ ignoreUnknown: call.limits.ignoreUnknownFields })
    const { model } = await call.model(name)
    const ids = model.encode(content, { addSpecial, parseSpecial })
    return jsonResponse({ tokens: hasPieces ? ids.map((id) => ({ id, piece: model.piece(id) })) : ids })
  },
}

/** The text of ids. */
export const detokenize: Endpoint = {
  method: 'POST',
  path: '/detokenize',
  async answer(call) {
    const fields = await call.fields()
    const name = fields.string('model')
    const tokens = fields.require('tokens', fields.array('tokens')) as readonly TokenId[]
    fields.end({ ignoreUnknown: call.limits.ignoreUnknownFields })
    const { model } = await call.model(name)
    return jsonResponse({ content: model.decode(tokens) })
  },
}
