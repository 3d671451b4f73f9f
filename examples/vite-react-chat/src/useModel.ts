import { type LoadProgress, loadModel, type Model } from 'dasllama'
import { useEffect, useRef, useState } from 'react'

export type PickerState =
  | { readonly step: 'none'; readonly error?: unknown }
  | { readonly step: 'loading'; readonly progress?: LoadProgress }

export type ModelState =
  | PickerState
  | {
      readonly step: 'ready'
      readonly name: string
      readonly model: Model
      readonly warnings: readonly string[]
    }

/** One model at a time: what is loaded, or being loaded, ends with the next one and with the component. */
export function useModel() {
  const [state, setState] = useState<ModelState>({ step: 'none' })
  const loading = useRef<AbortController>(undefined)
  const model = useRef<Model>(undefined)

  async function end() {
    loading.current?.abort()
    await model.current?.dispose()
    model.current = undefined
  }

  async function load(source: string | File) {
    await end()
    const controller = new AbortController()
    const { signal } = controller
    loading.current = controller
    setState({ step: 'loading' })
    const warnings: string[] = []
    try {
      model.current = await loadModel(source, {
        signal,
        onProgress: (progress) => setState({ step: 'loading', progress }),
        onWarning: ({ message }) => warnings.push(message),
      })
      const name = typeof source === 'string' ? source : source.name
      setState({ step: 'ready', name, model: model.current, warnings })
    } catch (error) {
      setState(signal.aborted ? { step: 'none' } : { step: 'none', error })
    }
  }

  async function close() {
    await end()
    setState({ step: 'none' })
  }

  useEffect(
    () => () => {
      loading.current?.abort()
      void model.current?.dispose()
    },
    [],
  )
  return { state, load, cancel: () => loading.current?.abort(), close }
}
