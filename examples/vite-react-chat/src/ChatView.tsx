import type { Model } from 'dasllama'
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { ErrorMessage } from './ErrorMessage'
import { MessageView } from './MessageView'
import { useChat } from './useChat'

export function ChatView({ model, warnings }: { model: Model; warnings: readonly string[] }) {
  const { messages, isAnswering, canReason, error, send, stop } = useChat(model)
  const [text, setText] = useState('')
  const [thinking, setThinking] = useState(256)
  const input = useRef<HTMLTextAreaElement>(null)
  const end = useRef<HTMLDivElement>(null)

  useEffect(() => {
    if (!isAnswering) input.current?.focus()
  }, [isAnswering])
  useEffect(() => {
    if (messages.length > 0) end.current?.scrollIntoView({ block: 'end' })
  }, [messages])

  function submit(event: FormEvent) {
    event.preventDefault()
    if (text.trim() === '' || isAnswering) return
    setText('')
    void send(text, thinking)
  }

  function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event)
  }

  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it. */}
      <div className="log" role="log" aria-label="Conversation" aria-busy={isAnswering} tabIndex={0}>
        {warnings.map((warning) => (
          <p key={warning}>{warning}</p>
        ))}
        {messages.map((message, i) => (
          // Messages are only appended.
          // biome-ignore lint/suspicious/noArrayIndexKey: so an index is a stable key.
          <MessageView key={i} message={message} isThinking={isAnswering && i === messages.length - 1} />
        ))}
        <ErrorMessage error={error} />
        <div ref={end} />
      </div>
      <form className="composer" onSubmit={submit}>
        <label htmlFor="message">Message</label>
        <div className="row">
          <textarea
            id="message"
            ref={input}
            rows={2}
            value={text}
            onChange={({ target }) => setText(target.value)}
            onKeyDown={sendOnEnter}
          />
          {isAnswering ? (
            <button type="button" onClick={stop}>
              Stop
            </button>
          ) : (
            <button type="submit">Send</button>
          )}
        </div>
        {canReason && (
          <label className="thinking">
            Tokens for thinking{' '}
            <input
              type="number"
              min={0}
              max={4096}
              value={thinking}
              onChange={({ target }) => setThinking(Math.max(0, Math.floor(target.valueAsNumber || 0)))}
            />
          </label>
        )}
      </form>
    </>
  )
}
