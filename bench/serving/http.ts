/** Streams over HTTP: `dasllama serve` in a process of its own, its clients here. */

import type { Contestant } from '../contestants/contestant.js'
import { contestant as evaluating } from '../contestants/dasllama.js'
import { startServer, streamCompletion } from './server.js'

const CLI = process.env.DASLLAMA_CLI!

export const contestant: Contestant = {
  ...evaluating,
  async loadBatched(source, { sequences, ...options }) {
    const server = await startServer(CLI, source, { ...options, parallel: sequences })
    return {
      async reset() {},
      decode: () => Promise.reject(new Error('these sequences choose their ids themselves')),
      async write(first, tokens) {
        await Promise.all(first.map((id) => streamCompletion(server, [id], tokens)))
      },
    }
  },
}
