import { Channel } from '../../src/backend/worker/channel.js'
import type { Port } from '../../src/backend/worker/port.js'

/** A port of a message channel. Counts what it posts, and does not keep the process alive. */
export class TestPort implements Port {
  readonly #port: MessagePort
  /** What has been posted, and what of it was transferred. */
  readonly posted: { readonly message: unknown; readonly transfer: readonly Transferable[] }[] = []

  constructor(port: MessagePort) {
    this.#port = port
  }

  post(message: unknown, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, [...transfer])
    this.posted.push({ message, transfer })
  }

  listen(receive: (message: unknown) => void): void {
    this.#port.onmessage = ({ data }) => receive(data)
    // Node's own.
    const { unref } = this.#port as { unref?: () => void }
    unref?.call(this.#port)
  }
}

export interface ChannelPair {
  /** The side that asks. */
  readonly near: Channel
  readonly nearPort: TestPort
  /** The engine's side. */
  readonly far: Channel
  readonly farPort: TestPort
}

/** Both ends of a channel, in one thread: whatever crosses is cloned or transferred. */
export function channelPair(): ChannelPair {
  const { port1, port2 } = new MessageChannel()
  const [nearPort, farPort] = [new TestPort(port1), new TestPort(port2)]
  return { near: new Channel(nearPort), nearPort, far: new Channel(farPort), farPort }
}
