/** docs/troubleshooting.md explains every code of `DasllamaError`, and no other. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

it('every error code has a row, in the order of the type', () => {
  const [, type] = /export type ErrorCode =([\s\S]*?)\n\n/.exec(read('src/errors.ts'))!
  const codes = Array.from(type.matchAll(/^ {2}\| '(\w+)'/gm), ([, code]) => code)
  expect(codes.length).toBeGreaterThan(15)
  const [, section] = /## Error codes\n([\s\S]*?)\n## /.exec(read('docs/troubleshooting.md'))!
  const rows = Array.from(section.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$/gm))
  expect(rows.map(([, code]) => code)).toEqual(codes)
  for (const [row, , meaning, action] of rows) {
    expect(meaning.length, row).toBeGreaterThan(20)
    expect(action.length, row).toBeGreaterThan(10)
  }
})
