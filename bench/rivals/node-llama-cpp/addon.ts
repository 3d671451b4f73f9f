/**
 * llama.cpp with as little overhead as possible: node-llama-cpp's own calls of its native addon for
 * every batch. They are not public (the version is pinned in package.json), but the public API costs more than a
 * small model does.
 */
import type { LlamaContext } from 'node-llama-cpp'
import type { BatchedSequences, Contestant, Sequence } from '../../contestants/contestant.js'
import { asInstalled, type ImportLibrary } from './installation.js'
import { BATCH, isEncoder, Library } from './library.js'

/** The part of the addon's context that is used here. Sequences and positions are numbers. */
interface AddonContext {
  initBatch(tokens: number): void
  /** `logitIndexes`: those of `ids` whose logits are wanted. */
  addToBatch(sequence: number, position: number, ids: Uint32Array, logitIndexes: Uint32Array): void
  /** llama_decode and llama_synchronize, on a thread of Node's pool. */
  decodeBatch(): Promise<void>
  /** Removes the positions from `start` to before `end`; false if it cannot. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean
  /** The position of the sequence's last token. */
  getSequenceKvCacheMaxPosition(sequence: number): number
}

const SEQUENCE = 0

export const contestant = contestantWith(asInstalled)

export function contestantWith(importLibrary: ImportLibrary): Contestant {
  const library = new Library(importLibrary)
  return {
    describe: library.describe,
    load: async (path, options) => sequenceOf(await library.loadContext(path, options)),
    loadBatched: async (path, options) => sequencesOf(await library.loadContext(path, options)),
  }
}

function addonOf(context: LlamaContext): AddonContext {
  return (context as unknown as { readonly _ctx: AddonContext })._ctx
}

function sequenceOf(context: LlamaContext): Sequence {
  const addon = addonOf(context)
  /** The position of the next token. */
  let position = 0

  // Pooling reads the outputs of all tokens.
  const wantsAll = isEncoder(context.model)

  async function evaluate(ids: readonly number[]): Promise<void> {
    addon.initBatch(ids.length)
    const outputs = wantsAll ? Uint32Array.from(ids.keys()) : Uint32Array.of(ids.length - 1)
    addon.addToBatch(SEQUENCE, position, Uint32Array.from(ids), outputs)
    await addon.decodeBatch()
    position += ids.length
  }

  return {
    async rewind(length) {
      if (!addon.removeTokenCellsFromSequence(SEQUENCE, length, position)) throw new Error('it cannot rewind')
      position = length
    },
    async prefill(ids) {
      for (let first = 0; first < ids.length; first += BATCH) await evaluate(ids.slice(first, first + BATCH))
    },
    async decode(ids) {
      for (const id of ids) await evaluate([id])
    },
  }
}

function sequencesOf(context: LlamaContext): BatchedSequences {
  const addon = addonOf(context)
  /** The position of each sequence's next token. */
  const positions = new Array<number>(context.totalSequences).fill(0)

  return {
    async reset() {
      for (const [sequence, position] of positions.entries()) {
        if (position === 0) continue
        // Were a token missing, what was timed would not be the work that it is compared as.
        const last = addon.getSequenceKvCacheMaxPosition(sequence)
        if (last !== position - 1)
          throw new Error(`sequence ${sequence} ends at ${last}, not ${position - 1}`)
        if (!addon.removeTokenCellsFromSequence(sequence, 0, position)) throw new Error('it cannot rewind')
        positions[sequence] = 0
      }
    },
    /** One llama_decode: the context takes 512 tokens at once (`n_ubatch` is `n_batch` in the addon). */
    async decode(ids) {
      addon.initBatch(ids.length)
      for (const [sequence, id] of ids.entries()) {
        addon.addToBatch(sequence, positions[sequence]++, Uint32Array.of(id), Uint32Array.of(0))
      }
      await addon.decodeBatch()
    },
  }
}
