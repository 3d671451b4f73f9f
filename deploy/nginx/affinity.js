// What keeps related requests on one replica: see affinity-prefix.conf. Runs in njs, nginx's JavaScript.

/** Characters of a text without messages that count. */
const PREFIX = 1000

/**
 * The key of a request: the header x-session-affinity, `prompt_cache_key` of the body, or the model with the beginning of the
 * prompt: the messages up to the first of the user, which all turns of a conversation have. Empty if there is none.
 */
function key(request) {
  const given = request.headersIn['x-session-affinity']
  if (given) return given
  if (request.method !== 'POST') return ''
  try {
    return keyOf(JSON.parse(request.requestText))
  } catch (_error) {
    // Not JSON.
    return ''
  }
}

function keyOf(body) {
  if (typeof body.prompt_cache_key === 'string') return body.prompt_cache_key
  const beginning = beginningOf(body)
  return beginning === undefined ? '' : JSON.stringify([body.model, body.tools, beginning])
}

function beginningOf(body) {
  const messages = body.messages || body.input
  if (Array.isArray(messages) && messages.some((message) => message.role !== undefined)) {
    const user = messages.findIndex((message) => message.role === 'user')
    return [body.system, body.instructions, messages.slice(0, user + 1 || 1)]
  }
  return typeof body.prompt === 'string' ? body.prompt.slice(0, PREFIX) : undefined
}

export default { key }
