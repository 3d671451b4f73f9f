import { OLLAMA_ENDPOINTS } from '../ollama/index.js'
import type { Endpoint } from '../router.js'
import { applyTemplate } from './apply-template.js'
import { chatCompletions } from './chat-completions.js'
import { completions } from './completions.js'
import { embeddings } from './embeddings.js'
import { health } from './health.js'
import { infill } from './infill.js'
import { listModels, showModel } from './models.js'
import { rerank } from './rerank.js'
import { detokenize, tokenize } from './tokens.js'

/** All endpoints. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...[health, listModels, showModel, chatCompletions, completions, infill, embeddings, rerank],
  ...[tokenize, detokenize, applyTemplate],
  ...OLLAMA_ENDPOINTS,
]
