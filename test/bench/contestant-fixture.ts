import type { Contestant } from '../../bench/contestants/contestant.js'

/** A contestant that does nothing, rejects the path "bad" and exits on the path "deadly". */
export const contestant: Contestant = {
  async describe() {
    return { nothing: '1' }
  },
  async load(source, { contextLength }) {
    if (source === 'bad') throw new Error('a bad model')
    if (source === 'deadly') process.exit(3)
    return {
      async rewind() {},
      async prefill() {},
      async decode() {},
      memoryBytes: () => contextLength,
    }
  },
}
