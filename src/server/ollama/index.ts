/** Ollama's API, besides OpenAI's on the same server. */
import type { Endpoint } from '../router.js'
import { chat } from './chat.js'
import { embed, embeddings } from './embed.js'
import { generate } from './generate.js'
import { management } from './management.js'
import { running } from './running.js'
import { show } from './show.js'
import { ps, tags } from './tags.js'
import { version } from './version.js'

export const OLLAMA_ENDPOINTS: readonly Endpoint[] = [
  ...[running, chat, generate, embed, embeddings, tags, ps, show, version],
  ...management,
]
