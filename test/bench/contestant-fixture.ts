import type { Contestant } from '../../bench/contestants/contestant.js'

/** A contestant that does nothing, refuses the path "bad" and dies of the path "deadly". */
export const contestant: Contestant = {
  async describe() {
    return { nothing: '1' }
  },
  async load(path, { contextLength }) {
    if (path === 'bad') throw new Error('a bad model')
    if (path === 'deadly') process.exit(3)
    return {
      async reset() {},
      async prefill() {},
      async decode() {},
      memoryBytes: () => contextLength,
    }
  },
}
