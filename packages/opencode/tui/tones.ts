/**
 * The tones of rows in the colours of the theme that is on.
 */
import type { Rows } from "@errand/view"
import type { TuiPluginApi, TuiThemeCurrent } from "@opencode-ai/plugin/tui"

const keys: Readonly<Record<Rows.Tone, keyof Omit<TuiThemeCurrent, "thinkingOpacity">>> = {
  attention: "warning",
  running: "info",
  waiting: "textMuted",
  good: "success",
  bad: "error",
  quiet: "textMuted"
}

/** Read it where the screen is made: it changes with the theme. */
export const colourOf = ({ theme }: Pick<TuiPluginApi, "theme">, tone: Rows.Tone) => theme.current[keys[tone]]
