import type { LoadProgress } from 'dasllama'
import { type FormEvent, useState } from 'react'
import { ErrorMessage } from './ErrorMessage'
import type { PickerState } from './useModel'

const SUGGESTIONS = ['hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M', 'hf:Qwen/Qwen3-0.6B-GGUF:Q8_0']

interface Props {
  readonly state: PickerState
  readonly onPick: (source: string | File) => void
  readonly onCancel: () => void
}

export function ModelPicker({ state, onPick, onCancel }: Props) {
  const [name, setName] = useState(SUGGESTIONS[0])
  if (state.step === 'loading') return <Loading progress={state.progress} onCancel={onCancel} />

  function submit(event: FormEvent) {
    event.preventDefault()
    onPick(name.trim())
  }

  return (
    <form className="picker" onSubmit={submit}>
      <p>The model runs in this browser. What you write stays here.</p>
      <label htmlFor="name">A model on Hugging Face</label>
      <div className="row">
        <input
          id="name"
          list="suggestions"
          value={name}
          onChange={({ target }) => setName(target.value)}
          spellCheck={false}
          required
        />
        <datalist id="suggestions">
          {SUGGESTIONS.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
        <button type="submit">Load</button>
      </div>
      <label htmlFor="file">or a file of this device (.gguf)</label>
      <input
        id="file"
        type="file"
        accept=".gguf"
        onChange={({ target }) => target.files?.[0] && onPick(target.files[0])}
      />
      <ErrorMessage error={state.error} />
    </form>
  )
}

function Loading({ progress, onCancel }: { progress?: LoadProgress; onCancel: () => void }) {
  return (
    <div className="picker">
      <p id="progress" role="status">
        {describe(progress)}
      </p>
      <progress aria-labelledby="progress" max={progress?.total} value={progress?.loaded} />
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
    </div>
  )
}

function describe(progress?: LoadProgress): string {
  if (!progress) return 'Opening the model …'
  const { loaded, total, bytesPerSecond, secondsLeft, from } = progress
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const rate = bytesPerSecond > 0 ? `, ${megabytes(bytesPerSecond)} per second` : ''
  const left = secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`
  return `${from === 'network' ? 'Downloading' : 'Loading'}: ${megabytes(loaded)} of ${megabytes(total)}${rate}${left}`
}
