/** The control page's program. */
import { ChatView } from './chat.js'
import { element, setText } from './dom.js'
import { FiguresView } from './figures.js'
import { duration } from './format.js'
import { KeyForm } from './key-form.js'
import { ModelsView } from './models.js'
import { Poller } from './poller.js'
import { KeyNeeded, Server, ServerError } from './server.js'
import { SlotsView } from './slots.js'
import type { ServerStatus } from './status.js'

const server = new Server()
const about = element('p', { class: 'about quiet' })
const connection = element('p', { class: 'connection', role: 'status' }, 'connecting …')
const keyForm = new KeyForm(server, () => poller.ask())
const figures = new FiguresView()
const models = new ModelsView(server, () => poller.ask())
const slots = new SlotsView()
const chat = new ChatView(server, needsKey)
const poller = new Poller(server, show, fail)

document.getElementById('header')!.append(element('h1', {}, 'dasllama'), about, connection)
document
  .getElementById('main')!
  .replaceChildren(keyForm.element, figures.element, models.element, slots.element, chat.element)
poller.ask()

function show(status: ServerStatus): void {
  keyForm.close()
  setConnection('connected')
  const { version, uptime } = status
  setText(
    about,
    [version, `at ${location.host}`, `up for ${duration(uptime)}`].filter((part) => part !== '').join(' · '),
  )
  figures.show(status)
  models.show(status.models)
  slots.show(status.slots)
  chat.showModels(status.models)
}

function fail(error: unknown): void {
  figures.showNothing()
  if (error instanceof KeyNeeded) needsKey(error)
  else if (error instanceof ServerError) setConnection('lost', `the server answers: ${error.message}`)
  else setConnection('lost', 'the server is not reachable')
}

function needsKey(error: KeyNeeded): void {
  setConnection('locked', 'an API key is needed')
  keyForm.ask(error.message)
}

function setConnection(state: 'connected' | 'lost' | 'locked', text: string = state): void {
  connection.dataset.state = state
  setText(connection, text)
}
