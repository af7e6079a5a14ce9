/**
 * A timeline in each of its forms.
 */
import { Schema } from "effect"
import { chromeOf } from "./chrome.ts"
import { htmlOf } from "./html.ts"
import type { Mode } from "./palette.ts"
import { svgOf } from "./svg.ts"
import { plain, rowsOf } from "./text.ts"
import { Timeline } from "./Timeline.ts"

/** `trace`: Chrome trace JSON, for Perfetto. `json`: the timeline itself, as its schema says. `text`: without colours. */
export const Format = Schema.Literals(["text", "svg", "html", "json", "trace"])
export type Format = typeof Format.Type

export interface Options {
  /** Of `text`, in columns; default 100. */
  readonly width?: number | undefined
  /** Of `svg` and `html`; default `auto`. */
  readonly mode?: Mode | undefined
}

/** The JSON of a timeline. */
export const Json = Schema.fromJsonString(Timeline)

const encode = Schema.encodeSync(Json)

/** The whole file, with a line break at its end. */
export const render = (timeline: Timeline, format: Format, { mode, width = 100 }: Options = {}): string => {
  switch (format) {
    case "text":
      return rowsOf(timeline, { width }).map((row) => `${plain(row).trimEnd()}\n`).join("")
    case "svg":
      return svgOf(timeline, { mode })
    case "html":
      return htmlOf(timeline, { mode })
    case "json":
      return `${encode(timeline)}\n`
    case "trace":
      return chromeOf(timeline)
  }
}
