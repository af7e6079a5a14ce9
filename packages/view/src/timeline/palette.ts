/**
 * The colours of the pictures, by light and dark. They keep apart for those who see no red and green as well: in line is
 * thin, and the ends have marks. Pure.
 */

export interface Palette {
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly waiting: string
  readonly running: string
  readonly ask: string
  readonly retry: string
  readonly lent: string
  readonly completed: string
  readonly error: string
  readonly cancelled: string
  /** Slots in use, and all of them in use. */
  readonly used: string
  readonly full: string
  readonly elsewhere: string
}

export const light: Palette = {
  background: "#ffffff",
  text: "#1f2328",
  muted: "#656d76",
  grid: "#e4e8ec",
  waiting: "#9aa4af",
  running: "#3b82d6",
  ask: "#e3b008",
  retry: "#e8762d",
  lent: "#a9c8ec",
  completed: "#1a7f4b",
  error: "#d1383d",
  cancelled: "#656d76",
  used: "#bcd6f2",
  full: "#6ca6e2",
  elsewhere: "#d5dae0"
}

export const dark: Palette = {
  background: "#14181d",
  text: "#e2e6ea",
  muted: "#8d96a0",
  grid: "#2a3139",
  waiting: "#6c7783",
  running: "#4b95ea",
  ask: "#dcb525",
  retry: "#ee8540",
  lent: "#2f4d6e",
  completed: "#4cc38a",
  error: "#f0616a",
  cancelled: "#8d96a0",
  used: "#24405f",
  full: "#3a6da6",
  elsewhere: "#394049"
}

/** `auto`: as the reader's system is set. */
export type Mode = "auto" | "light" | "dark"

/** Rules for each palette that a mode needs. */
export const rulesOf = (mode: Mode, rules: (palette: Palette) => string): string =>
  mode === "auto"
    ? `${rules(light)}@media (prefers-color-scheme: dark){${rules(dark)}}`
    : rules(mode === "light" ? light : dark)
