import { DasllamaError } from 'dasllama'

/** Errors of the package say what happened, and mostly what to do about it. */
export function ErrorMessage({ error }: { error: unknown }) {
  if (error === undefined) return null
  return (
    <p role="alert">
      {error instanceof Error ? error.message : String(error)}
      {error instanceof DasllamaError && error.hint && <small>{error.hint}</small>}
    </p>
  )
}
