/** What runtimes with WebAssembly modules make of an import. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
