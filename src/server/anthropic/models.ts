import { invalidField } from '../api-error.js'
import type { ServedModels } from '../service/models.js'

/** A model in the words of Anthropic's API. */
export function anthropicModel(name: string, { created }: ServedModels): object {
  return {
    type: 'model',
    id: name,
    display_name: name,
    created_at: new Date(created * 1000).toISOString(),
    lifecycle: 'active',
    line: null,
    capabilities: null,
    // A model that is listed may not be loaded.
    max_input_tokens: null,
    max_tokens: null,
    deprecated_at: null,
    retires_at: null,
  }
}

/** Anthropic's default, and its largest page. */
const PAGE = 20
const LARGEST_PAGE = 1000

/** A page of the models. `query`: `limit`, and `after_id` or `before_id`. Throws `ApiError`. */
export function anthropicModels(models: ServedModels, query: URLSearchParams): object {
  const limit = readLimit(query)
  const { names } = models
  const after = indexOf(names, query, 'after_id')
  const before = indexOf(names, query, 'before_id')
  const start = after === undefined ? Math.max(0, before === undefined ? 0 : before - limit) : after + 1
  const end = Math.min(before ?? names.length, start + limit)
  const page = names.slice(start, end)
  return {
    data: page.map((name) => anthropicModel(name, models)),
    has_more: before === undefined || after !== undefined ? end < names.length : start > 0,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  }
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit')
  if (text === null) return PAGE
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE) return limit
  throw invalidField('limit', `limit must be a whole number from 1 to ${LARGEST_PAGE}`)
}

function indexOf(names: readonly string[], query: URLSearchParams, field: string): number | undefined {
  const name = query.get(field)
  if (name === null) return undefined
  const index = names.indexOf(name)
  if (index >= 0) return index
  throw invalidField(field, `${field} must be the id of a model`)
}
