import { button, element, uniqueId } from '../app/dom.js'
import type { Tab } from '../app/tab.js'
import { Conversation } from './conversation.js'
import { chatSettings } from './settings.js'

const STARTERS = [
  'Once upon a time, there was a dragon who',
  'Lily and Tom found a big box. They',
  'The little dog was very hungry. He',
]
const QUESTIONS = ['What can you help me with?', 'What is 17 * 23?', 'Write a haiku about rivers.']

/** Pixels from the end within which the page follows a growing reply. */
const NEAR_END = 80

/** A conversation with the loaded model. */
export const chatTab: Tab = {
  id: 'chat',
  label: 'Chat',
  mount(panel, app) {
    const settings = chatSettings(() => {
      conversation.settingsChanged()
      intro.update()
    })
    const conversation = new Conversation(app, settings, followEnd)
    const input = element('textarea', { id: uniqueId('message'), rows: 2, placeholder: 'Write a message' })
    const send = element('button', { type: 'submit', class: 'is-primary' }, 'Send')
    const undo = button('Undo', () => takeBack(), { class: 'is-small', title: 'Remove the last turn' })
    const edit = button('Edit', () => takeBack(input), {
      class: 'is-small',
      title: 'Change the last message',
    })
    const clear = button('New chat', startOver, { class: 'is-small' })
    const form = element(
      'form',
      { class: 'composer' },
      element('label', { for: input.id, class: 'visually-hidden' }, 'Message'),
      input,
      element('div', { class: 'row' }, send, element('span', { class: 'spacer' }), undo, edit, clear),
    )
    const intro = starters(
      (text) => {
        input.value = text
        void submit()
      },
      () => settings.isPlain,
    )

    function update(): void {
      const hasTurns = !conversation.isEmpty
      intro.element.hidden = hasTurns
      send.disabled = app.loaded === undefined || app.isRunning
      for (const control of [undo, edit, clear]) control.disabled = !hasTurns || app.isRunning
    }

    async function submit(): Promise<void> {
      const text = input.value
      if (text.trim() === '' || send.disabled) return
      input.value = ''
      intro.element.hidden = true
      const isSent = await conversation.send(text)
      if (!isSent && input.value === '') input.value = text
      update()
    }

    function takeBack(into?: HTMLTextAreaElement): void {
      const text = conversation.undo()
      if (into) into.value = text
      input.focus()
      update()
    }

    function startOver(): void {
      conversation.clear()
      input.focus()
      update()
    }

    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void submit()
    })
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      void submit()
    })
    app.onModel((loaded) => {
      conversation.useModel(loaded?.model)
      intro.update()
      update()
    })
    app.onRunning(update)
    panel.classList.add('with-aside')
    panel.append(
      element(
        'div',
        { class: 'chat' },
        element('h2', { class: 'visually-hidden' }, 'Chat'),
        intro.element,
        conversation.log,
        form,
      ),
      settings.element,
    )
    update()
  },
}

/** What an empty conversation shows. */
function starters(
  onPick: (text: string) => void,
  isPlain: () => boolean,
): { readonly element: HTMLElement; update(): void } {
  const words = element('p', { class: 'quiet' })
  const list = element('div', { class: 'row' })
  function update(): void {
    words.textContent = isPlain()
      ? 'This model continues texts; the embedded one tells small stories. Begin one:'
      : 'Ask something, or begin with one of these:'
    list.replaceChildren(
      ...(isPlain() ? STARTERS : QUESTIONS).map((text) =>
        button(text, () => onPick(text), { class: 'starter' }),
      ),
    )
  }
  update()
  return { element: element('div', { class: 'intro stack' }, words, list), update }
}

/** Scrolls to the end of the page, if the reader is there. */
function followEnd(): void {
  const { scrollingElement } = document
  if (!scrollingElement) return
  const { scrollHeight, scrollTop, clientHeight } = scrollingElement
  if (scrollHeight - scrollTop - clientHeight < NEAR_END + 60) scrollingElement.scrollTop = scrollHeight
}
