/**
 * Figures and lines as tables, for a terminal and for a page. Pure.
 */
import { fit, widthOf } from "@errand/view/format"
import { type Figure, type Line, median, spread, type Unit } from "../Figure.ts"

/** Those whom nobody is compared with: they do less than what is asked, and show what there is anyway. */
const yardsticks = new Set(["Floor", "A plugin that does nothing", "No plugin"])

export const isYardstick = (peer: string): boolean => yardsticks.has(peer)

/** Errand, or a part of it that is measured by itself, as in `Errand, the limiter alone`. */
export const isErrand = (peer: string): boolean => peer === "Errand" || peer.startsWith("Errand, ")

/** Three digits are enough to compare, and no more were measured. What is something is not shown as nothing. */
export const shown = (n: number): string => {
  if (Number.isNaN(n)) return "–"
  const size = Math.abs(n)
  const digits = Number.isInteger(n) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 4
  return n.toLocaleString("en-US", { maximumFractionDigits: digits })
}

const units: Readonly<Record<Unit, string>> = {
  ms: "ms",
  "requests/min": "requests per minute",
  bytes: "bytes",
  kB: "kB",
  "%": "% of one processor",
  x: "times",
  count: ""
}

/** The heading of a table: what, and in what unit, unless that is plain. */
export const heading = ({ unit, what }: Pick<Figure, "unit" | "what">): string => {
  const words = units[unit]
  return words === "" || what.includes(words) ? what : `${what} (${words})`
}

export const cell = (figure: Figure | undefined): string => {
  if (figure === undefined) return ""
  if (figure.values.length === 0) return figure.note ?? "takes no part"
  const [least, most] = spread(figure.values).map(shown)
  const middle = shown(median(figure.values))
  const found = least === most ? middle : `${middle} (${least}–${most})`
  // Some runs have no value, or it is to be read with care.
  return figure.note === undefined ? found : `${found}; ${figure.note}`
}

export const unique = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(all)]

/**
 * What a figure is compared by: the median; of a count the mean, because what was lost or stuck in one run of three
 * counts. `NaN` of none.
 */
export const rank = ({ unit, values }: Pick<Figure, "unit" | "values">): number =>
  unit === "count" ? values.reduce((sum, one) => sum + one, 0) / values.length : median(values)

/** Whether some run of one is where some run of the other is: then once more might make the other one the better. */
const overlap = (one: Figure, other: Figure): boolean => {
  const [[least, most], [low, high]] = [spread(one.values), spread(other.values)]
  return least <= high && low <= most
}

/**
 * The figures of one thing at one size that are the best of those who are compared: in all runs, unless it is a count, of
 * which no run is luck.
 */
export const best = (row: ReadonlyArray<Figure>): ReadonlyArray<Figure> => {
  const compared = row.filter(({ better, missing, peer, values }) =>
    better !== "neither" && !isYardstick(peer) && values.length > 0 && missing === undefined
  )
  const ranks = compared.map(rank)
  const top = compared[0]?.better === "more" ? Math.max(...ranks) : Math.min(...ranks)
  const found = compared.filter((figure) => rank(figure) === top)
  const others = compared.filter((figure) => !found.includes(figure))
  const near = found.some((one) => one.unit !== "count" && others.some((other) => overlap(one, other)))
  // Where all are alike nobody is best, nor is a part of Errand beside another part of it alone.
  return near || others.length === 0 || compared.every(({ peer }) => isErrand(peer)) ? [] : found
}

export interface Table {
  /** What was measured at all sizes of it; absent where each row says what it is. */
  readonly heading?: string
  readonly figures: ReadonlyArray<Figure>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

type Mark = (text: string) => string

const rowOf = (name: string, peers: ReadonlyArray<string>, row: ReadonlyArray<Figure>, mark: Mark) => {
  const winners = best(row)
  const cells = peers.map((peer) => {
    const figure = row.find((one) => one.peer === peer)
    const text = cell(figure)
    return figure !== undefined && winners.includes(figure) ? mark(text) : text
  })
  return [name, ...cells]
}

const peersOf = (figures: ReadonlyArray<Figure>) => unique(figures.map(({ peer }) => peer))

/** A row for each size. */
const grown = (figures: ReadonlyArray<Figure>, mark: Mark): Table => {
  const peers = peersOf(figures)
  const rows = unique(figures.map(({ at }) => at)).map((at) =>
    rowOf(at?.toLocaleString("en-US") ?? "", peers, figures.filter((figure) => figure.at === at), mark)
  )
  return {
    figures,
    rows: [["", ...peers], ...rows],
    ...(figures[0] === undefined ? {} : { heading: heading(figures[0]) })
  }
}

/** A row for each thing. */
const single = (figures: ReadonlyArray<Figure>, mark: Mark): Table => {
  const peers = peersOf(figures)
  const rows = unique(figures.map(({ what }) => what)).map((what) => {
    const row = figures.filter((figure) => figure.what === what)
    return rowOf(row[0] === undefined ? what : heading(row[0]), peers, row, mark)
  })
  return { figures, rows: [["", ...peers], ...rows] }
}

/**
 * One table for each thing that was measured at several sizes, and one before them for all that have none: a column for
 * each peer. `mark` is put around the best of a row.
 */
export const tables = (figures: ReadonlyArray<Figure>, mark: Mark = (text) => text): ReadonlyArray<Table> => {
  const sizeless = figures.filter(({ at }) => at === undefined)
  const sized = figures.filter(({ at }) => at !== undefined)
  return [
    ...(sizeless.length === 0 ? [] : [single(sizeless, mark)]),
    ...unique(sized.map(({ what }) => what)).map((what) => grown(sized.filter((figure) => figure.what === what), mark))
  ]
}

export const lines = (all: ReadonlyArray<Line>): string =>
  all.map(({ asked, found, passed }) => `${passed ? "✓" : "✗"} ${asked}: ${found}`).join("\n")

/** As Markdown, with columns that stand below each other. */
export const grid = (texts: ReadonlyArray<ReadonlyArray<string>>): string => {
  const rows = texts.map((row) => row.map((text) => text.replaceAll("|", "\\|")))
  const widths = (rows[0] ?? []).map((_, nth) => Math.max(...rows.map((row) => widthOf(row[nth] ?? "")), 1))
  const line = (row: ReadonlyArray<string>) => `| ${row.map((text, nth) => fit(text, widths[nth] ?? 0)).join(" | ")} |`
  const [head, ...body] = rows
  return [line(head ?? []), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n")
}

/** For a terminal. */
export const printed = (figures: ReadonlyArray<Figure>): string =>
  tables(figures).map(({ heading, rows }) => heading === undefined ? grid(rows) : `${heading}:\n\n${grid(rows)}`)
    .join("\n\n")
