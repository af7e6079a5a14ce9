/**
 * The timeline as one page that needs nothing else: the picture, what each limit cost, and every run as a row. Pure.
 */
import { seconds } from "../format.ts"
import { holdsSlots, summaryOf } from "./counts.ts"
import { escape } from "./escape.ts"
import { type Mode, type Palette, rulesOf } from "./palette.ts"
import { moment, svgOf } from "./svg.ts"
import type { End, Lane, Pool, Span, Timeline } from "./Timeline.ts"
import { endMarks, endWords, kindWords, poolTitle } from "./words.ts"

export interface Options {
  /** Default `auto`: light or dark as the reader's system is. */
  readonly mode?: Mode | undefined
}

const rules = (palette: Palette): string =>
  `body{background:${palette.background};color:${palette.text}}` +
  `th,td{border-bottom:1px solid ${palette.grid}}th,.muted{color:${palette.muted}}` +
  (["completed", "error", "cancelled"] as const).map((status) => `.${status}{color:${palette[status]}}`).join("")

const fixed = "body{font:14px/1.45 system-ui,-apple-system,\"Segoe UI\",sans-serif;margin:24px auto;max-width:1040px;" +
  "padding:0 16px}h1{font-size:20px}h2{font-size:16px;margin-top:32px}table{border-collapse:collapse;width:100%}" +
  "th,td{padding:5px 10px 5px 0;text-align:left;vertical-align:top}th{font-weight:500}" +
  ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.picture{overflow-x:auto}" +
  "code{font-size:12px}"

/** How long something was (ms); what was not is not called `0.0s`. */
const lasting = (ms: number): string => ms === 0 ? "–" : seconds(ms)

const cell = (what: string, style?: string): string =>
  `<td${style === undefined ? "" : ` class="${style}"`}>${escape(what)}</td>`

const table = (heads: ReadonlyArray<readonly [string, boolean]>, rows: ReadonlyArray<string>): string =>
  `<table><thead><tr>${
    heads.map(([name, isNumber]) => `<th${isNumber ? " class=\"n\"" : ""}>${name}</th>`).join("")
  }</tr></thead><tbody>${rows.join("")}</tbody></table>`

const ofPool = (pool: Pool): string => {
  const { asked, longestWait, most, ran, retried, tasks, waited } = summaryOf(pool)
  return `<tr>${cell(poolTitle(pool.name))}${cell(pool.size === undefined ? "any" : `${pool.size}`, "n")}${
    cell(`${most}`, "n")
  }${cell(`${tasks}`, "n")}${cell(lasting(waited), "n")}${cell(lasting(longestWait), "n")}${cell(lasting(ran), "n")}${
    cell(lasting(asked), "n")
  }${cell(lasting(retried), "n")}</tr>`
}

interface Run {
  readonly spans: ReadonlyArray<Span>
  readonly end: End | undefined
}

/** The runs of a task: each goes on until its end, and the last may have none yet. */
const runsOf = ({ ends, spans }: Lane): ReadonlyArray<Run> => {
  const over = ends.map((end, nth): Run => {
    const since = ends[nth - 1]?.at ?? Number.NEGATIVE_INFINITY
    return { end, spans: spans.filter(({ from, to }) => from >= since && to <= end.at) }
  })
  const rest = spans.filter(({ to }) => to > (ends.at(-1)?.at ?? Number.NEGATIVE_INFINITY))
  return rest.length === 0 ? over : [...over, { end: undefined, spans: rest }]
}

const timeOf = (spans: ReadonlyArray<Span>, is: (span: Span) => boolean): string =>
  lasting(spans.reduce((sum, span) => is(span) ? sum + span.to - span.from : sum, 0))

const others = ["ask", "retry", "lent"] as const

const ofRun = (timeline: Timeline, pool: Pool, lane: Lane, { end, spans }: Run): string => {
  const from = spans[0]?.from ?? end?.at ?? timeline.from
  const lastKind = spans.at(-1)?.kind ?? "running"
  const delays = others.filter((kind) => spans.some((span) => span.kind === kind))
    .map((kind) => `${kindWords[kind]} ${timeOf(spans, (span) => span.kind === kind)}`)
  return `<tr>${cell(lane.description)}<td>${escape(lane.agent)}<br><code class="muted">${escape(lane.id)}</code></td>${
    cell(lane.model ?? poolTitle(pool.name))
  }${cell(seconds(from - timeline.from), "n")}${cell(timeOf(spans, ({ kind }) => kind === "waiting"), "n")}${
    cell(timeOf(spans, ({ kind }) => holdsSlots(kind)), "n")
  }${cell(delays.join(", "))}${
    end === undefined
      ? cell(kindWords[lastKind], "muted")
      : `<td class="${end.status}">${endMarks[end.status]} ${endWords[end.status]}${
        end.why === undefined ? "" : `<br><span class="muted">${escape(end.why)}</span>`
      }</td>`
  }</tr>`
}

export const htmlOf = (timeline: Timeline, { mode = "auto" }: Options = {}): string => {
  const { pools } = timeline
  const runs = pools.flatMap((pool) =>
    pool.lanes.flatMap((lane) => runsOf(lane).map((run) => ofRun(timeline, pool, lane, run)))
  )
  const scheme = mode === "auto" ? "light dark" : mode
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Errand timeline</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="${scheme}"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>${fixed}${rulesOf(mode, rules)}</style></head><body>
<h1>Errand timeline</h1>
<p class="muted">${
    pools.length === 0
      ? "No task has been out yet."
      : `${escape(moment(timeline.from))}, ${
        seconds(timeline.to - timeline.from)
      } long. Point at a bar to see what it was.`
  }</p>
<div class="picture">${svgOf(timeline, { mode, heading: false }).trimEnd()}</div>
<h2>What the limits cost</h2>
${
    table([
      ["Pool", false],
      ["Slots", true],
      ["Most in use", true],
      ["Tasks", true],
      ["In line, all together", true],
      ["Longest in line", true],
      ["With a slot", true],
      ["Waiting for a person", true],
      ["Waiting for the provider", true]
    ], pools.map(ofPool))
  }
<h2>Every run</h2>
${
    table([
      ["Task", false],
      ["Agent", false],
      ["Model", false],
      ["Asked for at", true],
      ["In line", true],
      ["With a slot", true],
      ["Besides", false],
      ["End", false]
    ], runs)
  }
</body></html>
`
}
