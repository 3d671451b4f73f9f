const [writer, name, beginning, write, stop, bar, status, error, story] = [
  ...['writer', 'name', 'beginning', 'write', 'stop', 'bar', 'status', 'error', 'story'],
].map((id) => document.getElementById(id))

/** What the button Stop aborts. */
let running = new AbortController()
let dasllama
let model
let loadedName

/** Resolves when the service worker serves this page. */
async function controlled() {
  await navigator.serviceWorker.register('sw.js')
  if (navigator.serviceWorker.controller) return
  await new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })
  })
}

try {
  await controlled()
  // Only now, so that the service worker sees all requests for files of the package, and keeps them.
  dasllama = await import('dasllama')
  status.textContent = navigator.onLine ? 'Ready.' : 'Ready, without a network.'
  write.disabled = false
} catch (failure) {
  showError(failure)
}

writer.addEventListener('submit', async (event) => {
  event.preventDefault()
  running = new AbortController()
  error.textContent = ''
  write.disabled = true
  stop.disabled = false
  try {
    await load(name.value.trim())
    await writeOn(beginning.value)
  } catch (failure) {
    showError(failure)
  }
  bar.hidden = true
  write.disabled = false
  stop.disabled = true
})
stop.addEventListener('click', () => running.abort())

/** Loads a model from this browser's store, which downloads it first if it is not there. */
async function load(wanted) {
  if (wanted === loadedName) return
  await model?.dispose()
  loadedName = undefined
  model = await dasllama.loadModel(wanted, { signal: running.signal, onProgress: showProgress })
  loadedName = wanted
}

async function writeOn(words) {
  bar.hidden = true
  status.textContent = 'Writing …'
  story.textContent = words
  const session = model.createSession()
  try {
    // Without a temperature, the same beginning always has the same story.
    const generation = session.generate(words, { maxTokens: 200, signal: running.signal })
    for await (const { piece } of generation) story.append(piece)
  } finally {
    await session.dispose()
  }
  status.textContent = 'Done.'
}

function showProgress({ loaded, total, from }) {
  bar.hidden = false
  bar.max = total
  bar.value = loaded
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1)
  const doing = from === 'network' ? 'Downloading' : 'Loading from this browser'
  status.textContent = `${doing}: ${megabytes(loaded)} of ${megabytes(total)} MB`
}

function showError(failure) {
  const isAborted = failure.name === 'AbortError'
  status.textContent = isAborted ? 'Stopped.' : ''
  error.textContent = isAborted ? '' : [failure.message, failure.hint].filter(Boolean).join('\n')
}
