/** `npm run bench -- avx2`: compared with llama.cpp, with both limited to AVX2, as on a CPU without anything newer. */
import { ENTRANTS, type Entrant, entrantsCalled } from './contestants/registry.js'

export const AVX2_MODELS = ['135M-Q8_0', '135M-Q4_0', '135M-Q4_K_M']

/** V8 does not use AVX-512. */
const AVX2_HOST = { engine: 'node 24', flags: ['--no-enable-avx-vnni'] }

const [OURS] = ENTRANTS
const [NATIVE] = entrantsCalled(['llama.cpp'])

const ours: readonly Entrant[] = (['relaxed', 'wide'] as const).map((kernels) => ({
  ...OURS,
  name: `dasllama with AVX2, ${kernels}`,
  how: `${kernels} kernels; V8 without AVX-VNNI`,
  host: AVX2_HOST,
  kernels,
}))

export const AVX2_ENTRANTS: readonly Entrant[] = [
  ...ours,
  {
    ...NATIVE,
    name: 'llama.cpp with AVX2',
    how: `${NATIVE.how}; its library for Haswell`,
    module: new URL('rivals/node-llama-cpp/addon-with-avx2.ts', import.meta.url),
    against: ours.map(({ name }) => name),
  },
]
