/**
 * What is asked of the server and what it sends, counted by phase; and how many sessions of tasks are at work at once.
 */
import { stamp } from "./clock.ts"
import type { Crowd, Phase, Traffic } from "./Reports.ts"
import type { ModelRef } from "./wire.ts"

export type Counters = ReturnType<typeof make>

type Open<A> = { -readonly [K in keyof A]: A[K] }

interface Counted {
  readonly name: string
  readonly from: number
  /** When it ends by itself. */
  readonly until: number
  to?: number
  readonly requests: Map<string, Open<Traffic>>
  readonly total: Open<Traffic>
  readonly unknown: Map<string, number>
  readonly events: Map<string, number>
  eventBytes: number
  readonly faults: Map<string, number>
  readonly peak: Peak
}

interface Peak {
  total: number
  readonly byModel: Map<string, number>
  readonly byProvider: Map<string, number>
}

const nothing = (): Open<Traffic> => ({ count: 0, bytesIn: 0, bytesOut: 0, failed: 0 })

const add = (counts: Map<string, number>, key: string, more: number): number => {
  const now = (counts.get(key) ?? 0) + more
  counts.set(key, now)
  return now
}

const atLeast = (counts: Map<string, number>, key: string, least: number) => {
  if ((counts.get(key) ?? 0) < least) counts.set(key, least)
}

const begin = (name: string, now: Peak, from: number, lasts = Number.POSITIVE_INFINITY): Counted => ({
  name,
  from,
  until: from + lasts,
  requests: new Map(),
  total: nothing(),
  unknown: new Map(),
  events: new Map(),
  eventBytes: 0,
  faults: new Map(),
  // Who is at work when a phase begins is at work in it.
  peak: { total: now.total, byModel: new Map(now.byModel), byProvider: new Map(now.byProvider) }
})

const plain = (counts: Map<string, number>): Readonly<Record<string, number>> => Object.fromEntries(counts)

const crowdOf = ({ byModel, byProvider, total }: Peak): Crowd => ({
  total,
  byModel: plain(byModel),
  byProvider: plain(byProvider)
})

const report = (phase: Counted): Phase => ({
  ...phase,
  requests: Object.fromEntries(phase.requests),
  unknown: plain(phase.unknown),
  events: plain(phase.events),
  faults: plain(phase.faults),
  peak: crowdOf(phase.peak)
})

export const make = () => {
  const now: Peak = { total: 0, byModel: new Map(), byProvider: new Map() }
  let last = begin("start", now, stamp())
  let phases = [last]

  const next = (name: string, at: number, lasts?: number): Counted => {
    last.to = at
    last = begin(name, now, at, lasts)
    phases.push(last)
    return last
  }

  /** The phase that it is now. What comes after one that has ended by itself is counted by itself. */
  const current = (): Counted => stamp() < last.until ? last : next("after", last.until)

  return {
    reset: () => {
      now.total = 0
      now.byModel.clear()
      now.byProvider.clear()
      last = begin("start", now, stamp())
      phases = [last]
    },
    phase: (name: string, lasts?: number) => void next(name, Math.min(stamp(), last.until), lasts),
    report: () => {
      current()
      return { phases: phases.map(report) }
    },
    /** A request has been answered, or never will be. */
    request: (route: string, bytesIn: number, bytesOut: number, failed: boolean) => {
      const { requests, total } = current()
      let traffic = requests.get(route)
      if (traffic === undefined) requests.set(route, traffic = nothing())
      for (const one of [traffic, total]) {
        one.count++
        one.bytesIn += bytesIn
        one.bytesOut += bytesOut
        if (failed) one.failed++
      }
    },
    unknown: (path: string) => void add(current().unknown, path, 1),
    event: (type: string) => void add(current().events, type, 1),
    sent: (bytes: number) => {
      current().eventBytes += bytes
    },
    fault: (kind: string) => void add(current().faults, kind, 1),
    /** A session of a task begins to work. */
    enter: ({ modelID, providerID }: ModelRef) => {
      const { peak } = current()
      const model = `${providerID}/${modelID}`
      now.total++
      peak.total = Math.max(peak.total, now.total)
      atLeast(peak.byModel, model, add(now.byModel, model, 1))
      atLeast(peak.byProvider, providerID, add(now.byProvider, providerID, 1))
    },
    leave: ({ modelID, providerID }: ModelRef) => {
      now.total--
      add(now.byModel, `${providerID}/${modelID}`, -1)
      add(now.byProvider, providerID, -1)
    }
  }
}
