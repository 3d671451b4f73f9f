import { readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { type Lfm2Config, lfm2, readShortConvolutions } from './lfm2.js'

/** LFM2 with experts (8B-A1B, 24B-A2B): sigmoid gating with a selection bias, dense leading layers. Source: Liquid AI 2025. */
export const lfm2moe: Family<Lfm2Config> = {
  architectures: ['lfm2moe'],
  hyperparameters: (reader) => ({
    ...readShortConvolutions(reader, { experts: true }),
    experts: readExperts(reader, { gating: 'sigmoid', normalize: true, choice: 'file' }),
  }),
  build: lfm2.build,
}
