/**
 * How a cost grows, as a picture: the median of each peer over the size, and the least and the most around it. Pure but
 * for the drawing, and the same figures give the same picture.
 *
 * One picture for light and dark pages: nothing behind it, and colours of the middle.
 */
import { Effect } from "effect"
import { parse, View } from "vega"
import { compile, type TopLevelSpec } from "vega-lite"
import { type Figure, median, spread } from "../Figure.ts"
import { BenchError } from "../Measure.ts"
import { apart, type Axis, axisOf, share } from "./axis.ts"
import { heading, unique } from "./table.ts"

/** Everybody has the same colour in every picture. Told apart by people who see few colours, on white and on black. */
const colours: Readonly<Record<string, string>> = {
  Errand: "#2f81f7",
  "Errand, the limiter alone": "#2f81f7",
  "Errand, whole tasks": "#8957e5",
  "oh-my-opencode 3.1.3": "#db6d28",
  "oh-my-opencode 4.19.4": "#c69026",
  Floor: "#768390",
  "p-queue": "#768390",
  "A plugin that does nothing": "#a0765b"
}

const ink = "#768390"
const faint = "#76839040"

interface Point {
  readonly peer: string
  readonly at: number
  readonly value: number
  readonly least: number
  readonly most: number
}

const pointsOf = (figures: ReadonlyArray<Figure>): ReadonlyArray<Point> =>
  figures.flatMap(({ at, peer, values }) => {
    if (at === undefined || values.length === 0) return []
    const [least, most] = spread(values)
    return [{ peer, at, value: median(values), least, most }]
  })

const width = 380
const height = 190
/** Between the names at the ends of the lines, in pixels. */
const gap = 14

interface Label {
  readonly peer: string
  readonly at: number
  /** Pixels from the top. */
  readonly place: number
}

/** The name of each peer at the last of its points; names in the same column do not cover each other. */
const labelsOf = (points: ReadonlyArray<Point>, axis: Axis): ReadonlyArray<Label> => {
  const ends = unique(points.map(({ peer }) => peer)).flatMap((peer) => {
    const own = points.filter((point) => point.peer === peer).toSorted((a, b) => a.at - b.at)
    return own.slice(-1)
  })
  return unique(ends.map(({ at }) => at)).flatMap((at) => {
    const column = ends.filter((end) => end.at === at)
    const places = apart(column.map(({ value }) => height * (1 - share(axis, value))), gap, height)
    return column.map(({ peer }, nth) => ({ peer, at, place: Math.round(places[nth] ?? 0) }))
  })
}

/** A picture of one thing that was measured at several sizes; none where there is nothing to see. */
export const specOf = (figures: ReadonlyArray<Figure>): TopLevelSpec | undefined => {
  const points = pointsOf(figures)
  const [first] = figures
  const sizes = unique(points.map(({ at }) => at)).toSorted((a, b) => a - b)
  if (first === undefined || sizes.length < 2) return undefined
  const peers = unique(points.map(({ peer }) => peer))
  const axis = axisOf(points.flatMap(({ least, most }) => [least, most]))
  const y = {
    field: "value",
    type: "quantitative" as const,
    title: null,
    axis: { values: [...axis.ticks], format: ",~r" },
    scale: {
      type: axis.type,
      domain: [...axis.domain],
      nice: false,
      ...(axis.type === "linear" ? { zero: false } : {})
    }
  }
  const x = {
    field: "at",
    type: "quantitative" as const,
    title: null,
    axis: { values: [...sizes], format: ",d", labelFlush: false },
    scale: {
      type: (sizes[0] ?? 1) > 0 ? "log" as const : "linear" as const,
      domain: [sizes[0] ?? 1, sizes.at(-1) ?? 1],
      nice: false
    }
  }
  const color = {
    field: "peer",
    type: "nominal" as const,
    scale: { domain: [...peers], range: peers.map((peer) => colours[peer] ?? ink) },
    legend: null
  }
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width,
    height,
    background: "transparent",
    title: { text: heading(first), anchor: "start", fontSize: 12, fontWeight: "normal", color: ink },
    // What comes last is drawn on top: Errand, where it is on the line of another.
    data: { values: points.toReversed() },
    layer: [
      {
        mark: { type: "area", opacity: 0.2 },
        encoding: { x, y: { ...y, field: "least" }, y2: { field: "most" }, color }
      },
      { mark: { type: "line", point: { size: 30 }, strokeWidth: 1.8 }, encoding: { x, y, color } },
      {
        data: { values: [...labelsOf(points, axis)] },
        mark: { type: "text", align: "left", baseline: "middle", dx: 8, fontSize: 11 },
        encoding: { x, y: { field: "place", type: "quantitative", scale: null }, text: { field: "peer" }, color }
      }
    ],
    config: {
      aria: false,
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis: { labelColor: ink, domainColor: faint, tickColor: faint, gridColor: faint, labelFontSize: 11 }
    }
  }
}

/** As SVG. */
export const draw = (spec: TopLevelSpec): Effect.Effect<string, BenchError> =>
  Effect.tryPromise({
    try: () => new View(parse(compile(spec).spec), { renderer: "none" }).toSVG(),
    catch: (cause) => new BenchError({ what: "a picture", cause })
  })
