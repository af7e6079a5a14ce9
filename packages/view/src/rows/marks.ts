/**
 * The marks in front of rows: one column each.
 */

/** The frames of the spinner, a tenth of a second each. */
export const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

export const spinnerAt = (now: number): string => spinner.charAt(Math.floor(Math.max(0, now) / 100) % spinner.length)

export const marks = {
  pending: "◌",
  attention: "▲",
  retry: "↻",
  completed: "✓",
  error: "✗",
  cancelled: "⊘",
  lost: "?"
} as const

/** How a task ended, in a mark and a word. */
export const ends = {
  completed: { mark: marks.completed, word: "completed", tone: "good" },
  error: { mark: marks.error, word: "failed", tone: "bad" },
  cancelled: { mark: marks.cancelled, word: "cancelled", tone: "quiet" }
} as const
