import type { Pointer } from '../../src/backend/wasm/kernels.js'
import type { Workbench } from './workbench.js'

/** A record of a norm (assembly/norm.ts). `weight` and `bias`: addresses, or 0 for none. */
export function normRecord(
  bench: Pick<Workbench, 'bytes'>,
  {
    kind = 'rms',
    weight = 0,
    bias = 0,
    epsilon,
  }: { kind?: 'rms' | 'layer'; weight?: number; bias?: number; epsilon: number },
): Pointer {
  const words = Uint32Array.of(kind === 'rms' ? 0 : 1, weight, bias, 0)
  new Float32Array(words.buffer)[3] = epsilon
  return bench.bytes(new Uint8Array(words.buffer))
}
