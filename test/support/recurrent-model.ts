import { Model } from '../../src/facade/model.js'
import type { WarningListener } from '../../src/index.js'
import { PrefixCache } from '../../src/session/prefix-cache.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { openSmall, VOCAB } from '../model/small.js'
import { behindChannel } from './behind-channel.js'
import { RecurrentExecutable, type RecurrentOptions } from './recurrent-executable.js'

/**
 * A model in plain JavaScript with the small model's tokenizer, and its executable. `isRemote`: behind a channel. Default
 * false.
 */
export async function recurrentModel({
  contextLength = 4096,
  onWarning,
  isRemote = false,
  prefixCacheBytes,
  ...options
}: RecurrentOptions & {
  contextLength?: number
  onWarning?: WarningListener
  isRemote?: boolean
  prefixCacheBytes?: number
}): Promise<{
  readonly model: Model
  readonly executable: RecurrentExecutable
}> {
  const file = await openSmall()
  const executable = new RecurrentExecutable({ vocab: VOCAB, ...options })
  const config = {
    architecture: 'recurrent',
    name: undefined,
    contextLength,
    vocabSize: VOCAB,
    embeddingLength: executable.embeddingLength,
    feedForwardLength: 0,
    layers: executable.memories.length,
    heads: 1,
    kvHeads: 1,
    headDim: executable.embeddingLength,
    valueDim: executable.embeddingLength,
    ropeType: 'norm',
    ropeDim: 0,
    ropeTheta: 1,
    ropeScaling: { type: 'none' },
    attentionScale: 1,
    normEpsilon: 0,
    pooling: undefined,
  } as const
  const tokenizer = createTokenizer(file.metadata, onWarning)
  const model = Model.create({
    executable: isRemote ? behindChannel(executable).remote : executable,
    config,
    identity: `${options.reach.padEnd(16, '0')}`,
    tokenizer,
    contextLength,
    onWarning,
    prefixCache: prefixCacheBytes === undefined ? undefined : new PrefixCache(prefixCacheBytes),
  })
  return { model, executable }
}
