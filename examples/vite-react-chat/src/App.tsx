import { ChatView } from './ChatView'
import { ModelPicker } from './ModelPicker'
import { useModel } from './useModel'

export function App() {
  const { state, load, cancel, close } = useModel()
  return (
    <main>
      <header>
        <h1>Chat</h1>
        {state.step === 'ready' && (
          <>
            <span className="name">{state.name}</span>
            <button type="button" onClick={close}>
              Close
            </button>
          </>
        )}
      </header>
      {state.step === 'ready' ? (
        <ChatView model={state.model} warnings={state.warnings} />
      ) : (
        <ModelPicker state={state} onPick={load} onCancel={cancel} />
      )}
    </main>
  )
}
