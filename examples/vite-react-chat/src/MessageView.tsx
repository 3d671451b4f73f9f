import type { Message } from './useChat'

/** `isThinking`: the reply is still being generated. Its reasoning is open until the answer begins. */
export function MessageView({ message, isThinking }: { message: Message; isThinking: boolean }) {
  const { role, text, reasoning, cut } = message
  return (
    <article className={role} aria-label={role === 'user' ? 'You' : 'Model'}>
      {reasoning && (
        <details open={isThinking && text === ''}>
          <summary>Reasoning</summary>
          <p>{reasoning}</p>
        </details>
      )}
      <p>{text || (isThinking ? '…' : '')}</p>
      {cut && <small>{CUT[cut] ?? cut}</small>}
    </article>
  )
}

const CUT: Readonly<Record<string, string>> = {
  abort: 'Stopped.',
  length: 'The reply reached its longest length.',
  context: 'The conversation has filled the context.',
  error: 'The reply ended with an error.',
}
