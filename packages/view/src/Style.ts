/**
 * Colours, or none: every function takes plain text and gives it back painted. `plain` is for files, for people who set
 * NO_COLOR, and for tests.
 */

type Paint = (text: string) => string

export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly cyan: Paint
}

const same: Paint = (text) => text

export const plain: Style = { bold: same, dim: same, red: same, green: same, yellow: same, blue: same, cyan: same }

const sgr = (on: number, off: number): Paint => (text) => text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`

export const ansi: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
  cyan: sgr(36, 39)
}

/** Whether to paint: only a terminal, and only if the person does not mind (https://no-color.org). */
export const choose = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Style => {
  const refused = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== ""
  return isTerminal && !refused && env["TERM"] !== "dumb" ? ansi : plain
}
