import type { ResponseFormat } from '../../index.js'
import type { Fields } from './fields.js'

/**
 * The format of the text: `response_format`, or llama.cpp's `json_schema` and `grammar`; `undefined` without one. Throws
 * `ApiError`, also for two of them. Whether a schema or grammar can be enforced is checked by the generation.
 */
export function readResponseFormat(fields: Fields): ResponseFormat | undefined {
  const given = fields.inner('response_format')
  const schema = fields.any('json_schema')
  const grammar = fields.string('grammar')
  const named = { response_format: given, json_schema: schema, grammar }
  const names = Object.entries(named).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [name],
  )
  if (names.length > 1) {
    throw fields.invalid(names[1], `contradicts ${names[0]}: give one of them`, 'contradictory_parameters')
  }
  if (schema !== undefined) return { type: 'json_schema', schema: schema as object }
  if (grammar !== undefined && grammar !== '') return { type: 'grammar', grammar }
  return given && readObject(given)
}

function readObject(format: Fields): ResponseFormat | undefined {
  const type = format.require('type', format.oneOf('type', ['text', 'json_object', 'json_schema']))
  // llama.cpp's server takes the schema here.
  const schema = type === 'text' ? undefined : format.any('schema')
  const inner = type === 'json_schema' ? format.inner('json_schema') : undefined
  format.end()
  if (type === 'text') return undefined
  if (!inner) {
    if (schema !== undefined) return { type: 'json_schema', schema: schema as object }
    if (type === 'json_schema') format.require('json_schema', undefined)
    return { type: 'json_object' }
  }
  inner.ignore(['name', 'description', 'strict'])
  const given = inner.any('schema')
  inner.end()
  return given === undefined ? { type: 'json_object' } : { type: 'json_schema', schema: given as object }
}
