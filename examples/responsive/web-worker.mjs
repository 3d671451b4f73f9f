/** Measures in a worker of a page; the page is the peer. The first message is [source, options]. */
import * as dasllama from '../../dist/index.js'
import { measure } from './measure.mjs'

const peer = {
  listen: (onMessage) => {
    globalThis.onmessage = ({ data }) => onMessage(data)
  },
  send: (message) => globalThis.postMessage(message),
  close: () => {},
}
globalThis.onmessage = async ({ data: [source, options] }) => {
  globalThis.postMessage(await measure(dasllama, source, peer, options))
}
