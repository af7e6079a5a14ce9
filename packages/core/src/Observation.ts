/**
 * What has been seen of a running session, from all sources: its events, the shared poll, and looks at its transcript.
 * Pure: every function gives a new observation. What follows from an observation is `Settlement`'s business.
 *
 * Only the session's own doing moves `activeAt`; that Errand asked, and what it was told about others, does not.
 */
import { HashMap, Option } from "effect"
import type { Activity, HostEvent } from "./AgentHost.ts"
import * as Look from "./Look.ts"
import type { Progress } from "./Task.ts"
import * as ToolCalls from "./ToolCalls.ts"

export interface Observation {
  /** Epoch ms. When the session was last given something to do. */
  readonly promptedAt: number
  /** Epoch ms of the last sign of life of the session's own. */
  readonly activeAt: number
  /** Epoch ms. Since when it has been silent; times in which nobody could see it, or it had a reason, are left out. */
  readonly quietSince: number
  /** Epoch ms of the last event of any kind; what is older than a poll interval is asked for. */
  readonly heardAt: number
  readonly activity: Activity
  /** Epoch ms. Since when the activity is what it is. */
  readonly activitySince: number
  /** How many polls found the session not working and its transcript unchanged. */
  readonly stablePolls: number
  readonly look: Option.Option<Look.Look>
  /** Something may have changed since the last look was asked for. */
  readonly stale: boolean
  /** A look is on its way: what is heard meanwhile is newer than what it will show. */
  readonly looking: boolean
  /** Epoch ms. When it was last seen at work; where only what it said was seen, when that was seen first. */
  readonly begunAt: Option.Option<number>
  /** The last message that was there before the session was prompted: what counts comes after it. */
  readonly after: Option.Option<string>
  /** The notice that woke the session, until the session was seen to have taken it up. */
  readonly woken: Option.Option<string>
  readonly error: Option.Option<{ readonly message: string; readonly aborted: boolean; readonly at: number }>
  readonly asks: HashMap.HashMap<string, string>
  /** Epoch ms. Since when a person is waited for, where one is. */
  readonly askedAt: Option.Option<number>
  /** How long it waited for a person before (ms). */
  readonly askedFor: number
  /** How long the computer slept while it would have run (ms). */
  readonly sleptFor: number
  readonly retry: Option.Option<{ readonly attempt: number; readonly message: string; readonly nextAt: number }>
  readonly calls: ToolCalls.ToolCalls
  /** Epoch ms. Since when the host does not answer. */
  readonly unreachableSince: Option.Option<number>
  /** Whether the last try to look at the transcript failed. */
  readonly blind: boolean
  /** Its last message has ended the turn, and that it is idle was not told: the poll asks for it, however lately it was heard of. */
  readonly endDue: boolean
  readonly ended: Option.Option<{
    readonly at: number
    readonly result: Extract<HostEvent, { readonly _tag: "Ended" }>["result"]
  }>
}

/** A session that is about to be prompted. `after` is the last message of what was said in it before. */
export const make = (now: number, after: Option.Option<string>): Observation => ({
  promptedAt: now,
  activeAt: now,
  quietSince: now,
  heardAt: now,
  activity: "unknown",
  activitySince: now,
  stablePolls: 0,
  look: Option.none(),
  stale: true,
  looking: false,
  begunAt: Option.none(),
  after,
  woken: Option.none(),
  error: Option.none(),
  asks: HashMap.empty(),
  askedAt: Option.none(),
  askedFor: 0,
  sleptFor: 0,
  retry: Option.none(),
  calls: ToolCalls.none,
  unreachableSince: Option.none(),
  blind: false,
  endDue: false,
  ended: Option.none()
})

const doing = (self: Observation, activity: Activity, now: number): Observation => {
  const next: Observation = self.activity === activity ? self : {
    ...self,
    activity,
    activitySince: now,
    stablePolls: 0,
    stale: true,
    retry: activity === "retry" ? self.retry : Option.none()
  }
  return activity === "idle" ? atRest(next, now) : next
}

/** Its turn is over: no tool runs in it any more, and nobody is asked, whether the end of that was told or not. */
const atRest = (self: Observation, now: number): Observation =>
  unasking({ ...self, calls: ToolCalls.atRest(self.calls) }, now)

/** Nobody is asked any more, whether the answer was told or not. */
const unasking = (self: Observation, now: number): Observation => ({
  ...self,
  asks: HashMap.empty(),
  askedAt: Option.none(),
  askedFor: waitedForPerson(self, now)
})

const active = (self: Observation, now: number): Observation => ({
  ...self,
  activeAt: now,
  quietSince: now,
  stablePolls: 0
})

/**
 * It does something, so an idle that was told before is no longer believed: it may be the echo of a run before this one.
 * The next idle, or the poll, says how it is.
 */
const notAtRest = (self: Observation, now: number): Observation =>
  self.activity === "idle" ? doing(self, "unknown", now) : self

/** The host answers. What it did not answer for is not the session's silence. */
const reached = (self: Observation, now: number): Observation =>
  Option.isNone(self.unreachableSince) ? self : {
    ...self,
    unreachableSince: Option.none(),
    quietSince: self.quietSince + (now - Math.max(self.quietSince, self.unreachableSince.value))
  }

/** The host told something. */
export const hear = (before: Observation, event: HostEvent, now: number): Observation => {
  const self: Observation = {
    ...reached(before, now),
    heardAt: now,
    endDue: isEndDue(before, event),
    begunAt: begunAt(before, event, now)
  }
  switch (event._tag) {
    case "Busy":
      return { ...active(doing(self, "busy", now), now), error: Option.none(), woken: Option.none() }
    case "Idle":
      return { ...doing(self, "idle", now), stale: true }
    case "Retrying":
      return active({ ...doing(self, "retry", now), retry: Option.some(retryOf(event, now)) }, now)
    case "Wrote":
      return active(notAtRest(self, now), now)
    case "Tool":
      return called(active(notAtRest(self, now), now), event, now)
    case "MessageEnded":
      return { ...active(notAtRest(self, now), now), stale: true }
    case "Erred":
      return {
        ...self,
        activeAt: now,
        stale: true,
        error: Option.some({ message: event.message, aborted: event.aborted, at: now })
      }
    case "Asked":
      return { ...self, asks: HashMap.set(self.asks, event.ask, event.what), askedAt: Option.some(asking(self, now)) }
    case "Answered":
      return answered(self, event.ask, now)
    case "Deleted":
    case "Received":
      return self
    case "Ended":
      return { ...self, activeAt: now, ended: Option.some({ at: now, result: event.result }) }
    default:
      return unheardOf(event, before)
  }
}

/** What asks is a tool that runs: where the last that was known to run has ended, it has had its answer. */
const called = (self: Observation, event: Extract<HostEvent, { readonly _tag: "Tool" }>, now: number): Observation => {
  const calls = ToolCalls.hear(self.calls, event)
  const endsLast = HashMap.has(self.calls.running, event.call) && HashMap.isEmpty(calls.running)
  return endsLast ? unasking({ ...self, calls }, now) : { ...self, calls }
}

/**
 * That something was written may be the prompt itself, and an error the echo of a run before. What an agent has said shows
 * that it began at some time, and not when.
 */
const begunAt = (before: Observation, { _tag }: HostEvent, now: number): Option.Option<number> => {
  switch (_tag) {
    case "Busy":
    case "Retrying":
    case "Tool":
      return Option.some(now)
    case "MessageEnded":
      return once(before.begunAt, now)
    default:
      return before.begunAt
  }
}

const once = (before: Option.Option<number>, now: number): Option.Option<number> =>
  Option.orElse(before, () => Option.some(now))

/** No type lets a host tell anything else. One that does so all the same has said nothing of the session. */
const unheardOf = (_: never, before: Observation): Observation => before

/** A host tells once more that the session is busy after its last message, so that alone takes nothing back. */
const isEndDue = ({ endDue }: Observation, event: HostEvent): boolean => {
  switch (event._tag) {
    case "MessageEnded":
      return event.last === true
    case "Wrote":
    case "Tool":
    case "Retrying":
    case "Idle":
      return false
    default:
      return endDue
  }
}

/** A host may tell of parts of a millisecond, or of no number at all; what is kept is whole. */
const retryOf = ({ attempt, message, nextAt }: Extract<HostEvent, { readonly _tag: "Retrying" }>, now: number) => ({
  attempt: whole(attempt, 1),
  message,
  nextAt: whole(nextAt, now)
})

const whole = (n: number, otherwise: number): number => Number.isSafeInteger(Math.round(n)) ? Math.round(n) : otherwise

const asking = (self: Observation, now: number): number => Option.getOrElse(self.askedAt, () => now)

const answered = (self: Observation, ask: string, now: number): Observation => {
  const asks = HashMap.remove(self.asks, ask)
  if (HashMap.size(asks) > 0 || Option.isNone(self.askedAt)) return { ...self, asks }
  return {
    ...active(self, now),
    asks,
    askedAt: Option.none(),
    askedFor: self.askedFor + (now - self.askedAt.value)
  }
}

/** Whether an event may decide something at once; the others only keep the books. */
export const mayDecide = ({ _tag }: HostEvent): boolean => !bookkeeping.has(_tag)

const bookkeeping: ReadonlySet<HostEvent["_tag"]> = new Set(["Wrote", "Tool", "Busy", "Retrying", "Received"])

/** It waits for its own, and nobody looks at it meanwhile: that a poll is answered is enough. */
export const resting = (self: Observation): Observation => self.blind ? { ...self, blind: false } : self

/** The poll said what the session is doing. Of one that does not work that says little while nobody can look at it. */
export const polled = (self: Observation, activity: Activity, now: number): Observation => {
  const works = activity === "busy" || activity === "retry"
  const next = doing(works || !self.blind ? reached(self, now) : self, activity, now)
  // That it is at rest as before is no news: a look that takes longer than a poll would never be good enough.
  if (!works) return { ...next, stale: next.stale || !next.looking }
  return {
    ...next,
    begunAt: Option.some(now),
    woken: Option.none(),
    // The provider is waited for until it answers: the silence begins after that.
    quietSince: self.activity === "retry" ? now : next.quietSince
  }
}

/** A poll interval went by in silence, and the host cannot be asked: that it works is no longer sure. */
export const unasked = (self: Observation, now: number): Observation =>
  polled(self, self.activity === "busy" && HashMap.isEmpty(self.calls.running) ? "unknown" : self.activity, now)

/** The host did not answer. */
export const unreachable = (self: Observation, now: number): Observation => ({
  ...self,
  unreachableSince: Option.orElse(self.unreachableSince, () => Option.some(now))
})

/** Somebody asks for the transcript. */
export const looking = (self: Observation): Observation => ({ ...self, stale: false, looking: true })

/** Somebody tried to look at the transcript, and the host did not answer. */
export const unseen = (self: Observation, now: number): Observation => ({
  ...unreachable(self, now),
  blind: true,
  stale: true,
  looking: false
})

/**
 * Somebody asked for the transcript, and this is what it was. One that changed is a sign of life, unless the events have told of it already: only
 * what is new since a look within this silence breaks it.
 */
export const looked = (self: Observation, whole: Look.Look, byPoll: boolean): Observation => {
  const look = Look.since(whole, self.after)
  const changed = Option.exists(self.look, (before) => Look.differs(before, look))
  const next: Observation = {
    ...reached(self, look.at),
    blind: false,
    begunAt: Look.hasAgent(look) ? once(self.begunAt, look.at) : self.begunAt,
    look: Option.some(look),
    looking: false,
    woken: Option.filter(self.woken, (notice) => !Look.hasTakenUp(look, notice, self.look)),
    stablePolls: changed ? 0 : byPoll ? self.stablePolls + 1 : self.stablePolls
  }
  const inSilence = Option.exists(self.look, ({ at }) => at >= self.quietSince)
  return changed && inSilence ? { ...next, activeAt: look.at, quietSince: look.at } : next
}

/**
 * A notice was given to the session to answer: it has something to do again. `askedAt` is when the host was asked to take it:
 * what was heard of the session after that, before it was known to be taken, is what comes of it.
 */
export const woken = (self: Observation, notice: string, askedAt: number, now: number): Observation => {
  const prompted = {
    ...self,
    promptedAt: now,
    stale: true,
    calls: ToolCalls.anew(self.calls),
    // An end from before is none any more.
    ended: Option.filter(self.ended, ({ at }) => at > askedAt)
  }
  return self.activeAt > askedAt ? prompted : {
    ...prompted,
    activeAt: now,
    quietSince: now,
    activity: "unknown",
    activitySince: now,
    stablePolls: 0,
    woken: Option.some(notice),
    error: Option.none(),
    endDue: false
  }
}

/**
 * The computer slept until now, for so long (ms): that was nobody's silence, and nobody's doubt lasts for it. `ran`: whether
 * it would have run meanwhile.
 */
export const slept = (self: Observation, ms: number, ran: boolean): Observation => {
  const later = (at: number): number => at + ms
  return {
    ...self,
    promptedAt: later(self.promptedAt),
    quietSince: later(self.quietSince),
    activitySince: later(self.activitySince),
    askedAt: Option.map(self.askedAt, later),
    unreachableSince: Option.map(self.unreachableSince, later),
    look: Option.map(self.look, (look) => ({ ...look, at: later(look.at) })),
    sleptFor: self.sleptFor + (ran ? ms : 0)
  }
}

/** How much of the time until now does not count (ms): a person was waited for, or the computer slept. */
export const uncounted = (self: Observation, now: number): number => waitedForPerson(self, now) + self.sleptFor

/** How long a person was waited for until now (ms). */
const waitedForPerson = (self: Observation, now: number): number =>
  self.askedFor + Option.match(self.askedAt, { onNone: () => 0, onSome: (since) => now - since })

/** Whether it was seen to do anything since then (epoch ms). */
export const hasBegun = ({ begunAt }: Observation, since: number): boolean =>
  Option.exists(begunAt, (at) => at >= since)

/** What people may want to know. */
export const progress = (self: Observation): Progress => {
  const waitingFor = Array.from(HashMap.values(self.asks)).join(", ")
  return {
    toolCalls: self.calls.count,
    activeAt: self.activeAt,
    ...(Option.isSome(self.calls.lastTool) ? { lastTool: self.calls.lastTool.value } : {}),
    ...(waitingFor === "" ? {} : { waitingFor }),
    ...(Option.isSome(self.retry)
      ? {
        retry: {
          attempt: self.retry.value.attempt,
          message: self.retry.value.message,
          nextAt: self.retry.value.nextAt
        }
      }
      : {})
  }
}
