import type { Executable } from '../../src/backend/executable.js'
import { RemoteExecutable } from '../../src/backend/worker/remote-executable.js'
import { describeExecutable, serveExecutable } from '../../src/backend/worker/serve-executable.js'
import { type ChannelPair, channelPair } from './channel-pair.js'

/** An executable behind a channel whose both ends are in this thread, and those. Disposed together with it. */
export function behindChannel(executable: Executable): ChannelPair & { readonly remote: RemoteExecutable } {
  const pair = channelPair()
  serveExecutable(pair.far, executable)
  const remote = new RemoteExecutable(pair.near, structuredClone(describeExecutable(executable)), {
    end: () => executable.dispose(),
  })
  return { ...pair, remote }
}
