// The policy allows no inline script, and so no import map.
import { createChat, defaultTemplate, loadModel } from './node_modules/dasllama/dist/index.js'

const [summariser, name, text, summarise, stop, bar, status, error, heading, summary] = [
  ...['summariser', 'name', 'text', 'summarise', 'stop', 'bar', 'status', 'error', 'heading', 'summary'],
].map((id) => document.getElementById(id))

const SYSTEM = 'You summarise texts. Answer with one short sentence.'

let running = new AbortController()
let model
let loadedName

summariser.addEventListener('submit', async (event) => {
  event.preventDefault()
  running = new AbortController()
  error.textContent = ''
  summarise.disabled = true
  stop.disabled = false
  try {
    await load(name.value.trim())
    await summariseText()
  } catch (failure) {
    const isAborted = failure.name === 'AbortError'
    status.textContent = isAborted ? 'Stopped.' : ''
    error.textContent = isAborted ? '' : [failure.message, failure.hint].filter(Boolean).join('\n')
  }
  bar.hidden = true
  summarise.disabled = false
  stop.disabled = true
})
stop.addEventListener('click', () => running.abort())

async function load(wanted) {
  if (wanted === loadedName) return
  await model?.dispose()
  loadedName = undefined
  model = await loadModel(wanted, { signal: running.signal, onProgress: showProgress })
  loadedName = wanted
}

function showProgress({ loaded, total, from }) {
  bar.hidden = false
  bar.max = total
  bar.value = loaded
  const percent = Math.floor((100 * loaded) / total)
  status.textContent = `${from === 'network' ? 'Downloading' : 'Loading'} the model: ${percent} %`
}

async function summariseText() {
  bar.hidden = true
  status.textContent = 'Reading …'
  heading.hidden = false
  summary.textContent = ''
  const template = defaultTemplate(model.chatTemplates, model.tokenizer) ? undefined : 'chatml'
  const chat = createChat(model, { system: SYSTEM, template, maxTokens: 100, temp: 0 })
  try {
    chat.addUser(text.value)
    const reply = chat.respond({ signal: running.signal })
    for await (const _ of reply) summary.textContent = reply.content
  } finally {
    await chat.dispose()
  }
  status.textContent = 'Done.'
}
