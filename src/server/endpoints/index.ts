import { countTokens } from '../anthropic/count.js'
import { createMessage } from '../anthropic/create.js'
import { OLLAMA_ENDPOINTS } from '../ollama/index.js'
import { createResponse } from '../responses/create.js'
import { countInput, showResponse } from '../responses/others.js'
import type { Endpoint } from '../router.js'
import { applyTemplate } from './apply-template.js'
import { chatCompletions } from './chat-completions.js'
import { completions } from './completions.js'
import { embeddings } from './embeddings.js'
import { health } from './health.js'
import { infill } from './infill.js'
import { metrics } from './metrics.js'
import { controlModel } from './model-control.js'
import { listModels, showModel } from './models.js'
import { rerank } from './rerank.js'
import { slots } from './slots.js'
import { status } from './status.js'
import { detokenize, tokenize } from './tokens.js'

/** All endpoints. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...[health, listModels, showModel, chatCompletions, completions, infill, embeddings, rerank],
  ...[tokenize, detokenize, applyTemplate, createResponse, countInput, showResponse],
  ...[createMessage, countTokens],
  ...OLLAMA_ENDPOINTS,
  ...[metrics, slots, status, controlModel],
]
