import { jsonResponse } from '../http/responses.js'
import { slotsOf } from '../reply/slots.js'
import type { Endpoint } from '../router.js'

/** The requests that run: one entry for each that may. */
export const slots: Endpoint = {
  method: 'GET',
  path: '/slots',
  answer: ({ service }) => jsonResponse(slotsOf(service.queue)),
}
