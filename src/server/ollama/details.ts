import type { Model } from '../../index.js'
import type { ModelStatus } from '../service/models.js'
import { tagged } from './names.js'

/** What is known of a model that may not be loaded. */
export async function describeModel({ name, model }: Pick<ModelStatus, 'name' | 'model'>): Promise<object> {
  return {
    name: tagged(name),
    model: tagged(name),
    size: model ? sizeOf(model) : 0,
    digest: await digestOf(name),
    details: detailsOf(model),
  }
}

/** Of a model that is not loaded, most is unknown. */
export function detailsOf(model: Model | undefined): object {
  const families = model ? [model.architecture] : []
  return {
    parent_model: '',
    format: 'gguf',
    family: families[0] ?? '',
    families,
    parameter_size: model ? shortCount(parametersOf(model)) : '',
    quantization_level: model?.formats[0]?.format ?? '',
  }
}

/** Bytes of the weights in the file. */
export function sizeOf({ formats }: Model): number {
  return formats.reduce((sum, { bytes }) => sum + bytes, 0)
}

export function parametersOf({ formats }: Model): number {
  return formats.reduce((sum, { parameters }) => sum + parameters, 0)
}

/** As people write it: 1.1B. */
function shortCount(count: number): string {
  const [divisor, unit] = count >= 1e9 ? [1e9, 'B'] : count >= 1e6 ? [1e6, 'M'] : [1e3, 'K']
  return `${(count / divisor).toFixed(count >= 1e6 ? 1 : 2)}${unit}`
}

/** Clients show the first digits. It is the name's hash, because files are not read for it. */
async function digestOf(name: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(name))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
