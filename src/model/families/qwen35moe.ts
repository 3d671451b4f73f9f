import type { HeadSharing } from '../../backend/program.js'
import { readConfig, readDraftLayers } from '../config.js'
import { readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { readGatedDeltaNet } from '../gated-delta-net.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { type Qwen35Config, qwen35 } from './qwen35.js'

/** Qwen 3.5 and 3.6 with experts (35B-A3B, 122B-A10B, 397B-A17B): qwen35's layers, a shared expert with a gate. Source: Qwen 2026. */
export const qwen35moe: Family<Qwen35Config> = {
  architectures: ['qwen35moe'],
  hyperparameters: (reader) => readHybridExperts(reader, 'modulo'),
  build: qwen35.build,
  draftHead: qwen35.draftHead,
}

/** The hyperparameters of a gated DeltaNet hybrid with experts. */
export function readHybridExperts(reader: HyperparameterReader, sharing: HeadSharing): Qwen35Config {
  const draftLayers = readDraftLayers(reader)
  const config = readConfig(reader, { ropeType: 'neox', experts: true, draftLayers })
  const { feedForwardLength, layers } = config
  const experts = readExperts(reader, {
    gating: 'softmax',
    normalize: true,
    rows: Math.floor(feedForwardLength / reader.count('expert_used_count')),
    shared: { by: 'length', fallback: feedForwardLength },
    sharedGate: true,
  })
  return { ...config, experts, net: readGatedDeltaNet(reader, layers, sharing) }
}
