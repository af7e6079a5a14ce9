/**
 * The checks as lines: a tick for what was found as promised, and for the rest what was expected and what was found.
 */
import { oneLine, wrap } from "@errand/view/format"
import type { Check } from "./checks.ts"
import type { Look } from "./lines.ts"

const details = (look: Look, { expected, found }: Check): ReadonlyArray<string> =>
  [["expected", expected], ["found", found]].flatMap(([name, text]) =>
    wrap(`${(name ?? "").padEnd(9)}${oneLine(text ?? "")}`, look.width - 6).map((line) => `      ${line}`)
  )

export const checkLines = (look: Look, checks: ReadonlyArray<Check>): ReadonlyArray<string> =>
  checks.flatMap((check) =>
    check.ok
      ? [`  ${look.style.green("✓")} ${check.promise}`]
      : [`  ${look.style.red("✗")} ${check.promise}`, ...details(look, check)]
  )
