/** What all clients are tested with: a model that tells stories, and one that writes what it is told. */
import type { Model } from '../../src/index.js'
import type { HandlerOptions } from '../../src/server/index.js'
import type { Script } from './support.js'

export function clientModels(model: Model, script: Script): HandlerOptions['models'] {
  return {
    tiny: { model, template: 'chatml' },
    scripted: {
      model,
      template: 'chatml',
      replyFormat: { reasoning: 'think', tools: 'hermes' },
      sampling: script.sampling,
    },
  }
}

/** The arguments of the tool `weather`. */
export const CITY_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
}

/** A reply that calls it. */
export const CALL =
  'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'

/** A format that any model can write. */
export const PET_SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 8 }, age: { type: 'integer', minimum: 1, maximum: 9 } },
  required: ['name', 'age'],
  additionalProperties: false,
}
