/**
 * The timeline as a picture: each pool is a group, with a strip that shows how many of its slots were in use and the limit
 * as a dashed line, and below it a row for each task. A thin grey line is time in line. Pure.
 */
import { clip, clock, oneLine, seconds, widthOf } from "../format.ts"
import { allUsed, sizeAt, sumOf } from "./counts.ts"
import { escape } from "./escape.ts"
import { type Mode, type Palette, rulesOf } from "./palette.ts"
import { positionOf, type Scale, scaleOf, ticksOf } from "./scale.ts"
import type { Kind, Lane, Pool, Span, Step, Timeline } from "./Timeline.ts"
import { costWords, endMarks, endWords, kindWords, limitWords, poolTitle } from "./words.ts"

export interface Options {
  /** Pixels. Default 1,000; not less than 480. */
  readonly width?: number | undefined
  /** Default `auto`: light or dark as the reader's system is. */
  readonly mode?: Mode | undefined
  /** Whether it says itself what it is, and when it was. Default `true`. */
  readonly heading?: boolean | undefined
}

const row = 22
const strip = 30
const margin = 16
/** Between pools. */
const gap = 20
const bar = 12
/** Of a character of the labels, on average. */
const character = 6.2

interface Place {
  readonly scale: Scale
  /** Where the time begins. */
  readonly left: number
  readonly right: number
  readonly timeline: Timeline
}

const px = (n: number): string => `${Math.round(n * 100) / 100}`

const x = ({ left, scale }: Place, at: number): number => left + positionOf(scale, at)

const text = (at: number, y: number, style: string, what: string, more = ""): string =>
  `<text x="${px(at)}" y="${px(y)}" class="tl-${style}"${more}>${what}</text>`

const title = (lines: ReadonlyArray<string>): string => `<title>${lines.map(escape).join("\n")}</title>`

const rules = (palette: Palette): string =>
  [
    `.tl-background{fill:${palette.background}}`,
    `.tl-heading,.tl-label,.tl-text{fill:${palette.text}}`,
    `.tl-muted,.tl-tick,.tl-cut-off{fill:${palette.muted}}`,
    `.tl-grid{stroke:${palette.grid}}`,
    `.tl-fold{fill:${palette.grid}}`,
    `.tl-waiting{fill:${palette.waiting}}`,
    `.tl-running{fill:${palette.running}}`,
    `.tl-ask{fill:${palette.ask}}`,
    `.tl-retry{fill:${palette.retry}}`,
    `.tl-lent{fill:${palette.lent}}`,
    `.tl-completed{fill:${palette.completed}}`,
    `.tl-error{fill:${palette.error}}`,
    `.tl-cancelled{fill:${palette.cancelled}}`,
    `.tl-used{fill:${palette.used}}`,
    `.tl-full{fill:${palette.full}}`,
    `.tl-elsewhere{fill:${palette.elsewhere}}`,
    `.tl-limit{stroke:${palette.error}}`
  ].join("")

const fixed = "text{font:12px system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}" +
  ".tl-heading{font-weight:600;font-size:13px}.tl-muted,.tl-tick,.tl-mark{font-size:11px}" +
  ".tl-limit{stroke-dasharray:4 3;stroke-width:1.2}.tl-grid{stroke-width:1}"

/** When something was, since the beginning of the picture. */
const when = ({ timeline }: Place, from: number, to: number): string =>
  `${seconds(to - from)}, from ${clock(from - timeline.from)} to ${clock(to - timeline.from)}`

/** How a span is drawn: a failed run is red where it ran. */
const styleOf = ({ kind, to }: Span, { ends }: Lane): Kind | "error" => {
  if (kind !== "running") return kind
  return ends.find(({ at }) => at >= to)?.status === "error" ? "error" : "running"
}

const spanOf = (place: Place, lane: Lane, span: Span, middle: number): string => {
  const { from, kind, to, what } = span
  const left = x(place, from)
  // What is short is seen as well.
  const width = Math.max(kind === "waiting" ? 0.5 : 1.5, x(place, to) - left)
  const height = kind === "waiting" ? 2 : kind === "lent" ? bar - 6 : bar
  return `<g>${
    title([`${kindWords[kind]} ${when(place, from, to)}`, ...(what === undefined || what === "" ? [] : [what])])
  }<rect x="${px(left)}" y="${px(middle - height / 2)}" width="${px(width)}" height="${height}" class="tl-${
    styleOf(span, lane)
  }"${kind === "waiting" ? "" : " rx=\"2\""}/></g>`
}

/** The marks of the ends, each with how long its run had slots, where that does not hide what comes after. */
const endsOf = (place: Place, lane: Lane, middle: number): string =>
  lane.ends.map(({ at, status, why }, nth) => {
    const since = lane.ends[nth - 1]?.at ?? Number.NEGATIVE_INFINITY
    const had = lane.spans.filter(({ from, kind, to }) => kind !== "waiting" && from >= since && to <= at)
      .reduce((sum, { from, to }) => sum + to - from, 0)
    const end = x(place, at)
    const next = lane.spans.find(({ from }) => from >= at)
    const room = (next === undefined ? place.right + margin : x(place, next.from)) - end
    const long = `${endMarks[status]} ${seconds(had)}`
    const label = had > 0 && room >= 4 + long.length * character ? long : endMarks[status]
    const tells = title([
      `${endWords[status]} at ${clock(at - place.timeline.from)}`,
      ...(why === undefined ? [] : [why])
    ])
    return `<g>${tells}${text(end + 3, middle + 4, status, label)}</g>`
  }).join("")

const laneOf = (place: Place, lane: Lane, top: number): string => {
  const middle = top + row / 2
  const indent = margin + (Math.min(lane.depth, 6) - 1) * 12
  const room = Math.floor((place.left - indent - 10) / character)
  const agent = clip(oneLine(lane.agent), Math.max(6, Math.floor(room / 3)))
  const description = clip(oneLine(lane.description), Math.max(4, room - widthOf(agent) - 1))
  const tells = title([
    lane.description,
    `${lane.agent} · ${lane.id}${lane.model === undefined ? "" : ` · ${lane.model}`}`
  ])
  const label = `<text x="${px(indent)}" y="${px(middle + 4)}" class="tl-label">${escape(description)}` +
    ` <tspan class="tl-muted">${escape(agent)}</tspan></text>`
  const spans = lane.spans.map((span) => spanOf(place, lane, span, middle)).join("")
  return `<g>${tells}${label}${spans}${endsOf(place, lane, middle)}</g>`
}

/** An area of steps that stands on `base`, `unit` for each slot; `is` chooses which parts of it are drawn. */
const areaOf = (
  place: Place,
  steps: ReadonlyArray<Step>,
  base: number,
  unit: number,
  style: string,
  is: (step: Step) => boolean
): string => {
  const path = steps.flatMap((step, nth) => {
    const { at, used } = step
    if (used === 0 || !is(step)) return []
    const right = x(place, steps[nth + 1]?.at ?? place.timeline.to)
    const left = x(place, at)
    return [`M${px(left)} ${px(base)}V${px(base - used * unit)}H${px(right)}V${px(base)}Z`]
  }).join("")
  return path === "" ? "" : `<path d="${path}" class="tl-${style}"/>`
}

/** The limit as dashed lines, one for each size that it had. */
const limitOf = (place: Place, { size, sizes }: Pool, base: number, unit: number): string => {
  const were = sizes ?? (size === undefined ? [] : [{ at: place.timeline.from, size }])
  const lines = were.flatMap((each, nth) => {
    if (each.size === undefined) return []
    const left = nth === 0 ? place.left : x(place, each.at)
    const next = were[nth + 1]
    const right = next === undefined ? place.right : x(place, next.at)
    const y = px(base - each.size * unit)
    return [`<line x1="${px(left)}" y1="${y}" x2="${px(right)}" y2="${y}" class="tl-limit"/>`]
  })
  return lines.join("") + (size === undefined ? "" : text(place.right + 4, base - size * unit + 4, "tick", `${size}`))
}

const stripOf = (place: Place, pool: Pool, top: number): string => {
  const { elsewhere, size, sizes = [] } = pool
  // With a step where the limit was changed: from there on something else is full.
  const cut = (steps: ReadonlyArray<Step>) => sumOf(steps, sizes.map(({ at }) => ({ at, used: 0 })))
  const all = cut(allUsed(pool))
  const largest = Math.max(1, size ?? 0, ...sizes.map(({ size }) => size ?? 0))
  const unit = (strip - 8) / all.reduce((most, { used }) => Math.max(most, used), largest)
  const base = top + strip - 4
  const isFull = ({ at, used }: Step) => {
    const size = sizeAt(pool, at)
    return elsewhere === undefined && size !== undefined && used >= size
  }
  // Those that are not shown stand on top: what is below is what the rows say.
  const others = elsewhere === undefined ? "" : areaOf(place, all, base, unit, "elsewhere", () => true)
  const own = elsewhere === undefined ? all : pool.used
  return `<g>${title([`slots in use: ${limitWords(pool)}`])}${
    text(margin, base - 6, "muted", "slots in use")
  }${others}${areaOf(place, own, base, unit, "used", (step) => !isFull(step))}${
    areaOf(place, own, base, unit, "full", isFull)
  }<line x1="${px(place.left)}" y1="${px(base)}" x2="${px(place.right)}" y2="${px(base)}" class="tl-grid"/>${
    limitOf(place, pool, base, unit)
  }</g>`
}

const poolOf = (place: Place, pool: Pool, top: number): string => {
  const name = escape(clip(oneLine(poolTitle(pool.name)), 48))
  const room = (place.right + 40 - margin - 10 - widthOf(name) * 8) / 5.6
  const words = escape(clip([limitWords(pool), ...costWords(pool)].join(" · "), Math.max(12, Math.floor(room))))
  const heading = `<text x="${margin}" y="${px(top + 15)}" class="tl-heading">${name}` +
    `<tspan dx="10" class="tl-muted" style="font-weight:400">${words}</tspan></text>`
  const lanes = pool.lanes.map((lane, nth) => laneOf(place, lane, top + 22 + strip + nth * row)).join("")
  return `<g>${heading}${stripOf(place, pool, top + 22)}${lanes}</g>`
}

const heightOf = ({ lanes }: Pool): number => 22 + strip + lanes.length * row + gap

/** The lines of the axis, behind everything, and what is folded. */
const axisOf = (place: Place, top: number, bottom: number): string => {
  const { left, scale } = place
  const ticks = ticksOf(scale, 70).map(({ label, x }) =>
    `<line x1="${px(left + x)}" y1="${px(top)}" x2="${px(left + x)}" y2="${px(bottom)}" class="tl-grid"/>${
      text(left + x, top - 5, "tick", label, " text-anchor=\"middle\"")
    }`
  )
  const folds = scale.pieces.filter(({ folded }) => folded).map((piece) => {
    const length = clock(piece.to - piece.from)
    const middle = left + (piece.left + piece.right) / 2
    return `<g>${title([`${length} in which nothing went on`])}<rect x="${px(left + piece.left + 3)}" y="${
      px(top)
    }" width="${px(piece.right - piece.left - 6)}" height="${px(bottom - top)}" class="tl-fold"/>${
      text(middle, bottom + 12, "tick", `${length} of nothing`, " text-anchor=\"middle\"")
    }</g>`
  })
  return [...ticks, ...folds].join("")
}

const legendOf = ({ pools }: Timeline, top: number): string => {
  const lanes = pools.flatMap(({ lanes }) => lanes)
  const kinds = (["waiting", "running", "ask", "retry", "lent"] as const).filter((kind) =>
    lanes.some(({ spans }) => spans.some((span) => span.kind === kind))
  ).map((kind) => ({ style: kind, words: kindWords[kind], height: kind === "waiting" ? 2 : kind === "lent" ? 6 : 10 }))
  const failed = lanes.some(({ ends }) => ends.some(({ status }) => status === "error"))
    ? [{ style: "error", words: "failed", height: 10 }]
    : []
  const elsewhere = pools.some((pool) => pool.elsewhere !== undefined)
    ? [{ style: "elsewhere", words: "slots of other sessions", height: 10 }]
    : []
  let left = margin
  return [...kinds, ...failed, ...elsewhere].map(({ height, style, words }) => {
    const at = left
    left += 18 + words.length * character + 18
    return `<rect x="${px(at)}" y="${px(top - height / 2)}" width="14" height="${height}" class="tl-${style}"/>${
      text(at + 19, top + 4, "muted", words)
    }`
  }).join("")
}

/** `2026-11-26 07:42:10 UTC`, as far as there is such a moment. */
export const moment = (at: number): string =>
  Math.abs(at) > 8.64e15 ? "" : `${new Date(at).toISOString().replace("T", " ").slice(0, 19)} UTC`

export const svgOf = (
  timeline: Timeline,
  { heading = true, mode = "auto", width: wanted = 1_000 }: Options = {}
): string => {
  const width = Math.max(480, Math.round(wanted))
  const left = Math.min(280, Math.round(width * 0.3))
  const right = width - 56
  const scale = scaleOf(timeline, { width: right - left, fold: 34 })
  const place: Place = { scale, left, right, timeline }
  const top = heading ? 62 : 30
  let y = top + 8
  const pools = timeline.pools.map((pool) => {
    const drawn = poolOf(place, pool, y)
    y += heightOf(pool)
    return drawn
  })
  const bottom = y - gap + 4
  const height = bottom + 44
  const head = timeline.pools.length === 0
    ? "no task has been out yet"
    : `${moment(timeline.from)} · ${seconds(timeline.to - timeline.from)}`
  const headline = heading
    ? `<text x="${margin}" y="24" class="tl-heading">Errand timeline<tspan dx="10" class="tl-muted" style="font-weight:400">${
      escape(head)
    }</tspan></text>`
    : ""
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${px(height)}" width="${width}" height="${
    px(height)
  }" role="img" aria-label="Timeline of background tasks"><style>${fixed}${rulesOf(mode, rules)}</style>` +
    `<rect width="${width}" height="${px(height)}" class="tl-background"/>` +
    headline + (timeline.pools.length === 0 ? "" : axisOf(place, top, bottom)) + pools.join("") +
    legendOf(timeline, height - 14) + "</svg>\n"
}
