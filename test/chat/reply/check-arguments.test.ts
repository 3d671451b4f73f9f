import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkArguments } from '../../../src/chat/reply/check-arguments.js'

const PARAMETERS = {
  type: 'object',
  properties: {
    city: { type: 'string', enum: ['Rome', 'Oslo'] },
    days: { type: 'integer' },
    share: { type: ['number', 'null'] },
    tags: { type: 'array', items: { type: 'string' } },
    where: { type: 'object', properties: { lat: { type: 'number' } }, required: ['lat'] },
    any: {},
    odd: { type: 'duration', enum: [{ a: 1 }] },
  },
  required: ['city'],
}

it.each([
  [{ city: 'Rome' }, []],
  [
    { city: 'Oslo', days: 1, share: null, tags: ['a'], where: { lat: 0 }, any: [], odd: { a: 1 }, more: 1 },
    [],
  ],
  [{}, ['arguments.city is missing']],
  [{ city: 1 }, ['arguments.city must be string, not number']],
  [{ city: 'Bonn' }, ['arguments.city must be one of the values of its enum']],
  [{ city: 'Rome', days: 0.5 }, ['arguments.days must be integer, not number']],
  [{ city: 'Rome', share: 'a' }, ['arguments.share must be number or null, not string']],
  [
    { city: 'Rome', tags: ['a', 1, null] },
    ['arguments.tags[1] must be string, not number', 'arguments.tags[2] must be string, not null'],
  ],
  [{ city: 'Rome', where: {} }, ['arguments.where.lat is missing']],
  [{ city: 'Rome', where: [] }, ['arguments.where must be object, not array']],
])('%j', (args, problems) => {
  expect(checkArguments(args, PARAMETERS)).toEqual(problems)
})

it('reports nothing without a schema', () => {
  expect(checkArguments({ a: 1 }, undefined)).toEqual([])
})

it('reports at most sixteen problems, and terminates for recursive schemas', () => {
  const items: Record<string, unknown> = { type: 'array' }
  items.items = items
  let deep: unknown[] = []
  for (let i = 0; i < 60; i++) deep = [deep]
  expect(checkArguments({ a: deep }, { properties: { a: items } })).toEqual([])
  const many = Array.from({ length: 100 }, (_, i) => i)
  expect(checkArguments({ a: many }, { properties: { a: { items: { type: 'string' } } } })).toHaveLength(16)
})

it('never throws for any schema', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.dictionary(fc.constantFrom('type', 'enum', 'required', 'properties', 'items'), fc.jsonValue()),
      (args, schema) => {
        expect(Array.isArray(checkArguments(args, schema))).toBe(true)
      },
    ),
  )
})
