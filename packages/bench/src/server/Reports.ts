/**
 * What the server tells the bench about itself, and what the bench may set: the forms of the control API, for both ends.
 *
 * All times are ms since 1970 with fractions, from a clock that can be compared between processes of one machine.
 */
import { Schema } from "effect"

const count = Schema.Finite
const counts = Schema.Record(Schema.String, count)

/** What was asked of one route. Bytes are those of the bodies. */
export const Traffic = Schema.Struct({ count, bytesIn: count, bytesOut: count, failed: count })
export type Traffic = typeof Traffic.Type

/** The most sessions of tasks that were at work at the same time. Sessions of people do not count. */
export const Crowd = Schema.Struct({ total: count, byModel: counts, byProvider: counts })
export type Crowd = typeof Crowd.Type

/** What was counted from one `phase` to the next. */
export const Phase = Schema.Struct({
  name: Schema.String,
  from: count,
  /** Absent for the last one. */
  to: Schema.optionalKey(count),
  /** By method and route, as `GET /session/:id`. What people do is not in it. */
  requests: Schema.Record(Schema.String, Traffic),
  /** All of them. */
  total: Traffic,
  /** Requests for what is not there, by method and path. They are in `total`, too. */
  unknown: counts,
  /** Events that were made, by type, and what was sent of them to all who listen together. */
  events: counts,
  eventBytes: count,
  /** What the weather did, by kind of fault. */
  faults: counts,
  peak: Crowd
})
export type Phase = typeof Phase.Type

export const Counters = Schema.Struct({ phases: Schema.Array(Phase) })

/**
 * What happened, in order; `n` counts from 1.
 *
 * `created`, `deleted`: a session. `told`: something was said in it. `busy`: a turn begins. `idle`: a turn ends, and
 * `heard` says whether an event told so. `error`: an error event. `abort`: an abort was asked for, of a session that was
 * doing what `was` says. `asked`, `answered`: a permission or a question.
 */
export const Entry = Schema.Struct({
  n: count,
  at: count,
  kind: Schema.Literals([
    "created",
    "deleted",
    "told",
    "busy",
    "idle",
    "error",
    "abort",
    "asked",
    "answered"
  ]),
  session: Schema.String,
  parent: Schema.optionalKey(Schema.String),
  /** Of `created`: its title. Of `told`: everything that was said. Of `error`: what went wrong. Else what it is about. */
  text: Schema.optionalKey(Schema.String),
  /** Of `told`: a person said it. */
  person: Schema.optionalKey(Schema.Boolean),
  /** Of `told`: it was only to be kept. */
  noReply: Schema.optionalKey(Schema.Boolean),
  /** Of `told`: the id of the message. */
  message: Schema.optionalKey(Schema.String),
  /** Of `told` and `busy`: `provider/model`. */
  model: Schema.optionalKey(Schema.String),
  agent: Schema.optionalKey(Schema.String),
  /** Of `idle`. */
  heard: Schema.optionalKey(Schema.Boolean),
  /** Of `abort`: `idle`, `busy`, `retry`, or `none` where there is no such session. */
  was: Schema.optionalKey(Schema.String)
})
export type Entry = typeof Entry.Type

/** `now`: the server's clock. `next`: what to ask for later. */
export const Log = Schema.Struct({ now: count, next: count, entries: Schema.Array(Entry) })

/** A session at work. */
export const Work = Schema.Struct({
  session: Schema.String,
  parent: Schema.optionalKey(Schema.String),
  title: Schema.String,
  model: Schema.String,
  since: count,
  /** It was deleted, or its parent is not there: nobody will ever ask for it. */
  orphan: Schema.Boolean
})
export type Work = typeof Work.Type

export const Working = Schema.Struct({ working: Schema.Array(Work) })

export const SessionReport = Schema.Struct({
  session: Schema.String,
  parent: Schema.optionalKey(Schema.String),
  activity: Schema.String,
  deleted: Schema.Boolean,
  /** How many turns it has begun. */
  turns: count,
  messages: count
})
export type SessionReport = typeof SessionReport.Type

/** What there is on this OpenCode, and how quick it is. */
export const Settings = Schema.Struct({
  /** Where sessions are that are opened without saying where. */
  directory: Schema.optionalKey(Schema.String),
  /** What every answer takes longer (ms): half of it before the thing is done, half after. */
  latency: Schema.optionalKey(count),
  /** Names of subagents, besides OpenCode's own `general` and `explore`. */
  agents: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Provider ids and their model ids. */
  providers: Schema.optionalKey(Schema.Record(Schema.String, Schema.Array(Schema.String))),
  /** The model of the configuration, `provider/model`. */
  model: Schema.optionalKey(Schema.String)
})
export type Settings = typeof Settings.Type

/**
 * Bad weather from a seed: `share` is the part of calls and of events that something happens to, from 0 to 1. `scale`
 * shortens (or lengthens) every delay, which is up to 30 s at a scale of 1.
 */
export const WeatherSettings = Schema.Struct({ seed: count, share: count, scale: Schema.optionalKey(count) })
export type WeatherSettings = typeof WeatherSettings.Type

/** A session of a person's. `turnMs`: how long it takes to answer what it is told without a script; 0 by default. */
export const NewRoot = Schema.Struct({
  title: Schema.optionalKey(Schema.String),
  directory: Schema.optionalKey(Schema.String),
  parent: Schema.optionalKey(Schema.String),
  turnMs: Schema.optionalKey(count),
  /** What it holds already: so many messages of so many bytes. */
  history: Schema.optionalKey(Schema.Struct({ messages: count, bytes: count }))
})
export type NewRoot = typeof NewRoot.Type

export const Named = Schema.Struct({ name: Schema.String })

/** `lasts`: it ends by itself after so long (ms), by the clock of the server. */
export const PhaseWanted = Schema.Struct({ name: Schema.String, lasts: Schema.optionalKey(count) })
export const Latency = Schema.Struct({ ms: count })
export const Root = Schema.Struct({ id: Schema.String })
