/**
 * Figures and lines as tables for a terminal or a page. Pure.
 */
import { type Figure, type Line, median, spread } from "../Figure.ts"

const shown = (n: number, { unit }: Pick<Figure, "unit">): string => {
  if (Number.isNaN(n)) return "–"
  const digits = Math.abs(n) < 10 && unit !== "count" && unit !== "bytes" ? 1 : 0
  return n.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const cell = (figure: Figure | undefined): string => {
  if (figure === undefined) return ""
  if (figure.values.length === 0) return figure.note ?? "cannot take part"
  const [least, most] = spread(figure.values)
  return `${shown(median(figure.values), figure)} ${figure.unit} (${shown(least, figure)}–${shown(most, figure)})`
}

const unique = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(all)]

/** One table for each thing that was measured: a row for each size, a column for each peer; median, least and most. */
export const tables = (figures: ReadonlyArray<Figure>): ReadonlyArray<string> =>
  unique(figures.map(({ what }) => what)).map((what) => {
    const own = figures.filter((figure) => figure.what === what)
    const peers = unique(own.map(({ peer }) => peer))
    const rows = unique(own.map(({ at }) => at)).map((at) =>
      [at === undefined ? "" : at.toLocaleString("en-US")].concat(
        peers.map((peer) => cell(own.find((figure) => figure.peer === peer && figure.at === at)))
      )
    )
    return [`${what}:`, "", grid([["", ...peers], ...rows])].join("\n")
  })

export const lines = (all: ReadonlyArray<Line>): string =>
  all.map(({ asked, found, passed }) => `${passed ? "✓" : "✗"} ${asked}: ${found}`).join("\n")

const grid = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, nth) => Math.max(...rows.map((row) => (row[nth] ?? "").length), 3))
  const line = (row: ReadonlyArray<string>) =>
    `| ${row.map((text, nth) => text.padEnd(widths[nth] ?? 0)).join(" | ")} |`
  const [head, ...body] = rows
  return [line(head ?? []), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n")
}
