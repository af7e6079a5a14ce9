/**
 * What a session's events say, without their noise: hosts repeat themselves, each in its own way, and what matters is the
 * order of the few things that mean something. Pure.
 */
import type { HostEvent } from "../AgentHost.ts"

/**
 * `works`: the first sign of life of any kind, before anything else. `ends`: a message has come to its end, or several
 * with nothing but work between them. `Aborted`: an error event that says that it was an abort. The others are events.
 */
export type Sign =
  | "works"
  | "ends"
  | "Aborted"
  | Exclude<HostEvent["_tag"], "Busy" | "Wrote" | "Tool" | "MessageEnded" | "Received">

/** What is said of a notice says nothing of what the session does. */
const isOfSession = (event: HostEvent): event is Exclude<HostEvent, { readonly _tag: "Received" }> =>
  event._tag !== "Received"

const signOf = (event: Exclude<HostEvent, { readonly _tag: "Received" }>): Sign => {
  switch (event._tag) {
    case "Busy":
    case "Wrote":
    case "Tool":
      return "works"
    case "MessageEnded":
      return "ends"
    case "Erred":
      return event.aborted ? "Aborted" : "Erred"
    default:
      return event._tag
  }
}

/** The first sign of life counts, and what is told twice in a row counts once. */
const matters = (sign: Sign, n: number, all: ReadonlyArray<Sign>): boolean => {
  if (sign === "works") return n === 0
  return sign !== "ends" && sign !== "Idle" || all.slice(0, n).findLast((before) => before !== "works") !== sign
}

/** What the events of one session say, in order. */
export const signs = (events: ReadonlyArray<HostEvent>): ReadonlyArray<Sign> =>
  events.filter(isOfSession).map(signOf).filter(matters)

/**
 * Whether what was heard is what was expected. The end of a message may be told too early, never too late: a real host
 * may tell that a message has begun when it has ended already.
 */
export const agree = (heard: ReadonlyArray<Sign>, expected: ReadonlyArray<Sign>): boolean => {
  let next = 0
  for (const sign of heard) {
    if (sign === expected[next]) next++
    else if (sign !== "ends" || next === expected.length) return false
  }
  return next === expected.length
}
