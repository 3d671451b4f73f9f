import { button } from './dom.js'

const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]
const KEY = 'dasllama-playground-theme'

/** A button that goes through automatic, light and dark. The choice is kept. */
export function themeButton(): HTMLButtonElement {
  let theme = remembered()
  const made = button('', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]
    remember(theme)
    show()
  })
  made.classList.add('is-small')
  function show(): void {
    if (theme === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    made.textContent = `Theme: ${theme}`
  }
  show()
  return made
}

/** Storage may be denied. */
function remembered(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto'
  } catch {
    return 'auto'
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {}
}
