/**
 * What the pages print is what the baseline kernels choose, which is the same everywhere. Options of Node with which a
 * program takes those, also where it would find relaxed SIMD.
 */
export const BASELINE = ['--import', 'data:text/javascript,WebAssembly.validate = () => false']
