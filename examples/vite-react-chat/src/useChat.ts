import { type Chat, createChat, defaultTemplate, type Model } from 'dasllama'
import { useEffect, useRef, useState } from 'react'

export interface Message {
  readonly role: 'user' | 'assistant'
  readonly text: string
  readonly reasoning?: string
  /** Why a reply ended before the model ended it. */
  readonly cut?: string
}

/** A conversation with a model. */
export function useChat(model: Model) {
  const [messages, setMessages] = useState<readonly Message[]>([])
  const [isAnswering, setIsAnswering] = useState(false)
  const [canReason, setCanReason] = useState(false)
  const [error, setError] = useState<unknown>()
  const chat = useRef<Chat>(undefined)
  const running = useRef<AbortController>(undefined)

  useEffect(() => {
    // A model that was not trained to chat has no template of its own.
    const template = defaultTemplate(model.chatTemplates, model.tokenizer) ? undefined : 'chatml'
    const created = createChat(model, { system: 'You are a friendly assistant.', maxTokens: 1024, template })
    chat.current = created
    setCanReason(created.replyFormat.reasoning !== 'none')
    return () => void created.dispose()
  }, [model])

  /** `thinking`: for how many tokens the model may think, if it can. */
  async function send(text: string, thinking: number) {
    if (!chat.current) return
    const controller = new AbortController()
    running.current = controller
    setIsAnswering(true)
    setError(undefined)
    const before: readonly Message[] = [...messages, { role: 'user', text }]
    setMessages([...before, { role: 'assistant', text: '' }])
    try {
      chat.current.addUser(text)
      const reply = chat.current.respond({ signal: controller.signal, ...(canReason && { thinking }) })
      const show = (cut?: string) => {
        const { content, reasoning } = reply
        setMessages([...before, { role: 'assistant', text: content.trimStart(), reasoning, cut }])
      }
      for await (const _ of reply) show()
      show(reply.message?.cut)
    } catch (failure) {
      setError(failure)
    }
    setIsAnswering(false)
  }

  return { messages, isAnswering, canReason, error, send, stop: () => running.current?.abort() }
}
