import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CYCLES, EXCEPTIONS, problemOf } from './direction.js'
import { cycles, importsBelow, importsOf } from './modules.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const imports = importsBelow(root, 'src')

describe('imports', () => {
  // Types do not exist at run time: two interfaces may refer to each other.
  it.each(['src', 'assembly'])('have no cycle in %s', (folder) => {
    const found = importsBelow(root, folder).filter(({ isType }) => !isType)
    expect(found.length).toBeGreaterThan(100)
    expect(cycles(found)).toEqual(CYCLES.filter(([file]) => file.startsWith(`${folder}/`)))
  })

  it('go one way through the modules of src', () => {
    const needed = new Set<string>()
    const against = imports.flatMap((each) => {
      const problem = problemOf(each)
      if (problem === undefined) return []
      const exception = EXCEPTIONS.find(([from, to]) => each.from === from && each.to.startsWith(to))
      if (exception) needed.add(exception.join())
      return exception ? [] : [`${each.from} → ${each.to}: ${problem}`]
    })
    expect(against).toEqual([])
    const leftOver = EXCEPTIONS.filter((each) => !needed.has(each.join()))
    expect(leftOver, 'exceptions that are no longer needed').toEqual([])
  })

  it('all lead to a file', () => {
    const inside = imports.filter(({ to }) => to.startsWith('src/') && !/\.wasm(\?module)?$/.test(to))
    expect(inside.length).toBeGreaterThan(1000)
    expect(inside.filter(({ to }) => !to.endsWith('.ts'))).toEqual([])
  })
})

describe('the reader of imports', () => {
  it.each([
    ["import { a, type B } from './x.js'", './x.js', false],
    ["import {\n  a,\n  b,\n} from './x.js'", './x.js', false],
    ["import type { A } from './x.js'", './x.js', true],
    ["import { type A, type B } from './x.js'", './x.js', true],
    ["import * as x from './x.js'", './x.js', false],
    ["import './x.js'", './x.js', false],
    ["export { a } from './x.js'", './x.js', false],
    ["export * from './x.js'", './x.js', false],
    ["export type { A } from './x.js'", './x.js', true],
    ["  return (await import('./x.js')).x", './x.js', false],
    ["import process from 'node:process'", 'node:process', false],
  ])('reads %j', (source, to, isType) => {
    expect(importsOf('src/a.ts', `const before = 1\n${source}\n`)).toEqual([{ from: 'src/a.ts', to, isType }])
  })

  it("does not take a module's own exports or a comment for an import", () => {
    const source =
      "export const a = 1\n// import { b } from './b.js'\nexport function c() {\n  return 'from'\n}\n"
    expect(importsOf('src/a.ts', source)).toEqual([])
  })

  it('finds cycles of one, two and three files, and none in a diamond', () => {
    const edges = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0], to: pair[1], isType: false }))
    expect(cycles(edges('ab', 'ba', 'bc'))).toEqual([['a', 'b']])
    expect(cycles(edges('ab', 'bc', 'ca', 'cd', 'xa'))).toEqual([['a', 'b', 'c']])
    expect(cycles(edges('aa', 'ab'))).toEqual([['a']])
    expect(cycles(edges('ab', 'ac', 'bd', 'cd'))).toEqual([])
  })
})

describe('the direction', () => {
  it.each([
    ['src/tokenizer/a.ts', 'src/session/b.ts', 'tokenizer must not depend on session'],
    ['src/math/a.ts', 'src/model/b.ts', 'math must not depend on model'],
    ['src/backend/wasm/a.ts', 'src/session/b.ts', 'backend must not depend on session'],
    ['src/session/a.ts', 'src/backend/wasm/b.ts', 'src/backend/wasm/ is open to'],
    ['src/cli/a.ts', 'src/session/b.ts', 'cli must not depend on session'],
    ['src/platform/pacer.ts', 'node:fs', 'only src/platform/<runtime>/ imports node:*'],
    ['src/new-module/a.ts', 'src/math/b.ts', 'new-module must not depend on math'],
  ])('does not let %s import %s', (from, to, problem) => {
    expect(problemOf({ from, to, isType: false })).toContain(problem)
  })

  it.each([
    ['src/session/a.ts', 'src/backend/batch.ts'],
    ['src/backend/wasm/a.ts', 'src/backend/batch.ts'],
    ['src/platform/node/a.ts', 'node:fs'],
    ['src/math/a.ts', 'src/errors.ts'],
    ['src/chat/a.ts', 'src/facade/b.ts'],
  ])('lets %s import %s', (from, to) => {
    expect(problemOf({ from, to, isType: false })).toBeUndefined()
  })
})
