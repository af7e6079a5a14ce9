/**
 * What sessions are doing, as OpenCode's events tell: the call that they are at, what they ask for, when the provider was
 * tried again. Pure: a session's doing and an event make the next.
 */
import type { Board, BoardOf, CallText } from "@errand/view"
import type { Event } from "../host/wire.ts"

export type Doing = BoardOf.Doing

export const nothing: Doing = { last: undefined, asks: [], retry: undefined, stretches: [] }

/** More than a board holds. */
const maxStretches = 20

const begin = (doing: Doing, stretch: Board.Stretch): ReadonlyArray<Board.Stretch> =>
  [...doing.stretches, stretch].slice(-maxStretches)

const end = (doing: Doing, kind: Board.Stretch["kind"], now: number): ReadonlyArray<Board.Stretch> =>
  doing.stretches.map((stretch) =>
    stretch.kind === kind && stretch.to === undefined ? { ...stretch, to: Math.max(now, stretch.from) } : stretch
  )

const answered = (doing: Doing, id: string | undefined, now: number): Doing => {
  if (!doing.asks.some((ask) => ask.id === id)) return doing
  const asks = doing.asks.filter((ask) => ask.id !== id)
  return { ...doing, asks, stretches: asks.length === 0 ? end(doing, "ask", now) : doing.stretches }
}

const asked = (doing: Doing, ask: Board.Ask): Doing => {
  if (doing.asks.some(({ id }) => id === ask.id)) return doing
  const stretches = doing.asks.length > 0
    ? doing.stretches
    : begin(doing, { kind: "ask", from: ask.at, what: ask.what })
  return { ...doing, asks: [...doing.asks, ask], stretches }
}

const goesOn = (doing: Doing, now: number): Doing =>
  doing.retry === undefined ? doing : { ...doing, retry: undefined, stretches: end(doing, "retry", now) }

/** Its turn is over: nobody is asked any more, and nothing is tried. */
const atRest = (doing: Doing, now: number): Doing => {
  const next = goesOn(doing, now)
  return next.asks.length === 0 ? next : { ...next, asks: [], stretches: end(next, "ask", now) }
}

/** Its task has ended: what it was held up by stays. */
export const over = (doing: Doing, now: number): Doing => ({ ...lent(atRest(doing, now), false, now), last: undefined })

/** Whether its task has lent its slots to tasks of its own. */
export const lent = (doing: Doing, isLent: boolean, now: number): Doing => {
  if (isLent === doing.stretches.some(({ kind, to }) => kind === "lent" && to === undefined)) return doing
  return { ...doing, stretches: isLent ? begin(doing, { kind: "lent", from: now }) : end(doing, "lent", now) }
}

const whole = (n: number): number => Math.trunc(Math.min(Math.max(n, 0), Number.MAX_SAFE_INTEGER))

/** What people are shown of a request: `bash npm test`. Each command as it is, and apart: they decide by it. */
const askText = (permission = "a permission", patterns: ReadonlyArray<string> = []): string =>
  patterns.length === 0 ? permission : `${permission} ${patterns.join(", ")}`

/** What would be allowed from then on: as a rule far more than is asked for. Nothing where nothing would. */
const alwaysText = (permission = "a permission", always: ReadonlyArray<string> = []): string | undefined =>
  always.length === 0 ? undefined : always.includes("*") ? `every ${permission}` : askText(permission, always)

const askOf = (
  { always, id, patterns, permission }: {
    readonly id: string
    readonly permission?: string
    readonly patterns?: ReadonlyArray<string>
    readonly always?: ReadonlyArray<string>
  },
  at: number
): Board.Ask => {
  const allowed = alwaysText(permission, always)
  return { id, what: askText(permission, patterns), at, ...(allowed === undefined ? {} : { always: allowed }) }
}

/**
 * The doing of the session that an event is about, after it; the same where it says nothing. `callText` puts a tool call
 * into a few words.
 */
export const hear = (
  doing: Doing,
  { properties, type }: Event,
  now: number,
  callText: (tool: string, input: unknown) => ReturnType<typeof CallText.callText>
): Doing => {
  switch (type) {
    case "message.part.updated": {
      const { state, tool } = properties.part
      if (tool === undefined || state?.status !== "running") return doing
      const last = callText(tool, state.input)
      return last === doing.last ? doing : { ...doing, last }
    }
    case "session.status": {
      const { attempt, message, next, type } = properties.status
      if (type === "idle") return atRest(doing, now)
      if (type !== "retry") return goesOn(doing, now)
      const retry = {
        attempt: whole(attempt ?? 1),
        message: message ?? "the provider failed",
        nextAt: whole(next ?? now)
      }
      const stretches = doing.retry === undefined
        ? begin(doing, { kind: "retry", from: now, what: retry.message })
        : doing.stretches
      return { ...doing, retry, stretches }
    }
    case "permission.asked":
      return asked(doing, askOf(properties, now))
    case "permission.replied":
      return answered(doing, properties.requestID ?? properties.permissionID, now)
    default:
      return doing
  }
}
