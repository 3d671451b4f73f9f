import type { HostedReply, HostedUsage } from '../../serving/hosted-reply.js'
import type {
  Differences,
  FinishReason,
  Specification,
  UnifiedReason,
  Usage,
  Warning,
  WarningV2,
} from '../specification.js'

/** How a reply ends, in the form of a version of the interfaces. */
export interface Ending<V extends Specification> {
  readonly finishReason: Differences<V>['finishReason']
  readonly usage: Differences<V>['usage']
}

/** Writes what differs between versions. */
export interface Dialect<V extends Specification> {
  readonly version: V
  ending(reply: Pick<HostedReply, 'usage' | 'stopReason' | 'calls'>): Ending<V>
  /** How a stream ends that has failed. */
  failure(usage: HostedUsage): Ending<V>
  warnings(warnings: Warning[]): Differences<V>['warning'][]
}

/** The same for both newer versions. */
function current<V extends 'v3' | 'v4'>(version: V): Dialect<V> {
  const ending = (finishReason: FinishReason, usage: HostedUsage) =>
    ({ finishReason, usage: usageOf(usage) }) as Ending<V>
  return {
    version,
    ending: ({ usage, stopReason, calls }) =>
      ending({ unified: unifiedReason(stopReason, calls), raw: stopReason }, usage),
    failure: (usage) => ending({ unified: 'error', raw: undefined }, usage),
    warnings: (warnings) => warnings as Differences<V>['warning'][],
  }
}

const V2: Dialect<'v2'> = {
  version: 'v2',
  ending: ({ usage, stopReason, calls }) => endingV2(unifiedReason(stopReason, calls), usage),
  failure: (usage) => endingV2('error', usage),
  warnings: (warnings) => warnings.map(warningV2),
}

/** The dialect of a version. */
export function dialectOf<V extends Specification>(version: V): Dialect<V> {
  const dialect = version === 'v2' ? V2 : current(version)
  return dialect as unknown as Dialect<V>
}

function unifiedReason(stopReason: HostedReply['stopReason'], calls: number): UnifiedReason {
  if (stopReason === 'length' || stopReason === 'context') return 'length'
  if (stopReason !== 'stop') return 'other'
  return calls > 0 ? 'tool-calls' : 'stop'
}

function usageOf({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: HostedUsage): Usage {
  return {
    inputTokens: {
      total: promptTokens,
      noCache: promptTokens - cachedTokens,
      cacheRead: cachedTokens,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: completionTokens,
      text: completionTokens - reasoningTokens,
      reasoning: reasoningTokens,
    },
  }
}

function endingV2(
  finishReason: UnifiedReason,
  { promptTokens, cachedTokens, completionTokens, reasoningTokens }: HostedUsage,
): Ending<'v2'> {
  return {
    finishReason,
    usage: {
      inputTokens: promptTokens,
      outputTokens: completionTokens,
      totalTokens: promptTokens + completionTokens,
      reasoningTokens,
      cachedInputTokens: cachedTokens,
    },
  }
}

function warningV2(warning: Warning): WarningV2 {
  if (warning.type === 'other') return warning
  const { feature, details } = warning
  return { type: 'unsupported-setting', setting: feature, ...(details !== undefined && { details }) }
}
