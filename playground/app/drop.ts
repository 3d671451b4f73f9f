/** Calls `onFile` with a file that is dropped anywhere on the page, and marks the page while one is over it. */
export function acceptDroppedFiles(onFile: (file: File) => void): void {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  const mark = (isOver: boolean) => document.body.classList.toggle('is-drop-target', isOver)
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    mark(true)
  })
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) mark(false)
  })
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    mark(false)
    const [file] = event.dataTransfer!.files
    if (file) onFile(file)
  })
}
