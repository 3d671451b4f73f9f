import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

const ROOM = new URL('../../src/sampling/', import.meta.url)

/** Small files of `src/` that depend on `errors` alone. */
const GROUND = /\/src\/(sampling\/|math\/|(errors|describe|read-list)\.js$)/

describe('the sampling module', () => {
  it('imports nothing but itself, mathematics and what depends on errors alone, and calls no function that engines round differently', async () => {
    const names = (await readdir(ROOM, { recursive: true })).filter((name) => name.endsWith('.ts'))
    expect(names.length).toBeGreaterThan(15)
    for (const name of names) {
      const text = await readFile(new URL(name, ROOM), 'utf8')
      for (const [, target] of text.matchAll(/from '([^']+)'/g)) {
        const { pathname } = new URL(target, new URL(name, ROOM))
        expect(pathname, `imported by ${name}`).toMatch(GROUND)
      }
      expect(text, name).not.toMatch(/Math\.(exp|expm1|log|log1p|log2|log10|pow|cbrt|sin|cos|tan|tanh)\(/)
    }
  })
})
