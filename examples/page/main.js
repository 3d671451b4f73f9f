import { createChat, defaultTemplate, loadModel } from 'dasllama'

const [loader, name, load, cancel, bar, status, error, log, composer, message, send, stop] = [
  ...['loader', 'name', 'load', 'cancel', 'bar', 'status', 'error', 'log'],
  ...['composer', 'message', 'send', 'stop'],
].map((id) => document.getElementById(id))

/** What the buttons Cancel and Stop abort. */
let running = new AbortController()
let model
let chat

loader.addEventListener('submit', async (event) => {
  event.preventDefault()
  running = new AbortController()
  show({ isLoading: true })
  try {
    await model?.dispose()
    chat = undefined
    model = await loadModel(name.value.trim(), {
      signal: running.signal,
      onProgress: showProgress,
      onWarning: (warning) => console.warn(warning.message, warning.hint ?? ''),
    })
    chat = createChat(model, {
      system: 'You are a friendly assistant.',
      maxTokens: 512,
      // A model that was not trained to chat has no template of its own.
      template: defaultTemplate(model.chatTemplates, model.tokenizer) ? undefined : 'chatml',
    })
    log.replaceChildren()
    const threads = model.threads === 1 ? 'one thread' : `${model.threads} threads`
    status.textContent = `Ready: ${model.architecture}, ${threads}, ${model.kernels} kernels.`
  } catch (failure) {
    showError(failure)
  }
  show({ isReady: chat !== undefined })
  if (chat) message.focus()
})

composer.addEventListener('submit', async (event) => {
  event.preventDefault()
  running = new AbortController()
  add('user', message.value)
  const answer = add('assistant', '')
  show({ isAnswering: true })
  try {
    chat.addUser(message.value)
    message.value = ''
    const reply = chat.respond({ signal: running.signal })
    for await (const _ of reply) {
      answer.textContent = reply.content.trimStart()
      answer.scrollIntoView({ block: 'end' })
    }
    // An abort is not an error: what was generated stays in the conversation.
    answer.classList.toggle('cut', reply.stopReason !== 'stop')
  } catch (failure) {
    showError(failure)
  }
  show({ isReady: true })
  message.focus()
})

message.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  composer.requestSubmit()
})
for (const button of [cancel, stop]) button.addEventListener('click', () => running.abort())

function show({ isLoading = false, isReady = false, isAnswering = false }) {
  load.disabled = isLoading || isAnswering
  cancel.hidden = bar.hidden = !isLoading
  message.disabled = send.disabled = !isReady
  send.hidden = isAnswering
  stop.hidden = !isAnswering
  if (isLoading || isAnswering) error.textContent = ''
  if (isLoading) bar.removeAttribute('value')
}

function showProgress({ loaded, total, bytesPerSecond, secondsLeft, from }) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1)
  bar.max = total
  bar.value = loaded
  const rate = bytesPerSecond > 0 ? `, ${megabytes(bytesPerSecond)} MB/s` : ''
  const left = secondsLeft > 1 ? `, ${Math.ceil(secondsLeft)} s left` : ''
  const doing = from === 'network' ? 'Downloading' : 'Loading'
  status.textContent = `${doing}: ${megabytes(loaded)} of ${megabytes(total)} MB${rate}${left}`
}

function showError(failure) {
  const isAborted = failure.name === 'AbortError'
  status.textContent = isAborted ? 'Cancelled. What has arrived is kept.' : ''
  error.textContent = isAborted ? '' : [failure.message, failure.hint].filter(Boolean).join('\n')
}

function add(role, text) {
  const paragraph = document.createElement('p')
  paragraph.className = role
  paragraph.textContent = text
  log.append(paragraph)
  return paragraph
}
