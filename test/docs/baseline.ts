/**
 * The output on the pages is that of the baseline kernels, which is the same everywhere. Node options that make a
 * program use them even where relaxed SIMD is available.
 */
export const BASELINE = ['--import', 'data:text/javascript,WebAssembly.validate = () => false']
