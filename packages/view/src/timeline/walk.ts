/**
 * From what happened to one task to what it did meanwhile: marks in order become spans that never overlap, and the ends of
 * its runs. Pure.
 *
 * Whatever the marks are, time does not go backwards: a mark that is earlier than the one before it counts as at the same
 * moment. A mark that makes no sense where it stands (an answer to nothing, a second end) changes nothing.
 */
import type { End, Kind, Span } from "./Timeline.ts"

/** Something that happened to a task. `at`: epoch ms. */
export type Mark =
  & { readonly at: number }
  & (
    /** A run was asked for, or taken over: it stands in line. */
    | { readonly kind: "queued"; readonly pools?: ReadonlyArray<string> | undefined }
    /** It has its slots. */
    | { readonly kind: "started"; readonly pools?: ReadonlyArray<string> | undefined }
    | { readonly kind: "asked"; readonly what?: string | undefined }
    | { readonly kind: "answered" }
    /** The provider failed; it is tried again at `until` (epoch ms). */
    | { readonly kind: "retried"; readonly until: number; readonly what?: string | undefined }
    | { readonly kind: "lent" }
    | { readonly kind: "restored" }
    | { readonly kind: "ended"; readonly status: End["status"]; readonly why?: string | undefined }
  )

export interface Walked {
  readonly spans: ReadonlyArray<Span>
  readonly ends: ReadonlyArray<End>
}

interface Place {
  /** In line, with slots (or on loan), or neither. */
  phase: "none" | "waiting" | "inside"
  at: number
  pools: ReadonlyArray<string> | undefined
  asked: { readonly what?: string | undefined } | undefined
  retry: { readonly until: number; readonly what?: string | undefined } | undefined
  lent: boolean
}

/** `until` (epoch ms): how far a task that is not over has got. */
export const walk = (marks: ReadonlyArray<Mark>, until: number): Walked => {
  const spans: Array<Span> = []
  const ends: Array<End> = []
  const place: Place = {
    phase: "none",
    at: Number.NEGATIVE_INFINITY,
    pools: undefined,
    asked: undefined,
    retry: undefined,
    lent: false
  }

  const add = (kind: Kind, from: number, to: number, what?: string | undefined): void => {
    if (to <= from) return
    const { pools } = place
    const last = spans.at(-1)
    if (last !== undefined && last.kind === kind && last.to === from && last.what === what && last.pools === pools) {
      spans[spans.length - 1] = { ...last, to }
      return
    }
    spans.push({ kind, from, to, ...(pools === undefined ? {} : { pools }), ...(what === undefined ? {} : { what }) })
  }

  /** What it did since the last mark. */
  const advance = (to: number): void => {
    const { asked, at: from, lent, phase, retry } = place
    if (to <= from) return
    place.at = to
    if (phase === "none") return
    if (phase === "waiting") return add("waiting", from, to)
    if (lent) return add("lent", from, to)
    if (asked !== undefined) return add("ask", from, to, asked.what)
    const again = Math.min(to, Math.max(from, retry?.until ?? from))
    add("retry", from, again, retry?.what)
    add("running", again, to)
  }

  const rest = (): void => {
    place.asked = undefined
    place.retry = undefined
    place.lent = false
  }

  for (const mark of marks) {
    advance(mark.at)
    const inside = place.phase === "inside"
    switch (mark.kind) {
      case "queued":
        rest()
        place.phase = "waiting"
        place.pools = mark.pools
        break
      case "started":
        if (place.phase !== "waiting") break
        place.phase = "inside"
        place.pools = mark.pools ?? place.pools
        break
      case "asked":
        if (!inside) break
        place.asked = { what: mark.what }
        // Whoever asks for something has had an answer of the provider.
        place.retry = undefined
        break
      case "answered":
        place.asked = undefined
        break
      case "retried":
        if (inside) place.retry = { until: mark.until, what: mark.what }
        break
      case "lent":
        if (!inside) break
        place.lent = true
        place.retry = undefined
        break
      case "restored":
        place.lent = false
        break
      case "ended":
        if (place.phase === "none") break
        rest()
        place.phase = "none"
        ends.push({ at: place.at, status: mark.status, ...(mark.why === undefined ? {} : { why: mark.why }) })
        break
    }
  }
  advance(until)
  return { spans, ends }
}
