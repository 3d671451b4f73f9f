/** Hosts a contestant in a Cloudflare Worker: each request's body is a request of the bench. */
import type { Contestant } from '../contestants/contestant.js'
import { answering } from './answering.js'

export function serve(contestant: Contestant) {
  const answer = answering(contestant, { runtime: 'workerd' })
  return {
    async fetch(request: globalThis.Request): Promise<Response> {
      return Response.json(await answer(await request.json()))
    },
  }
}
