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

const begin = (name: string, now: Peak): Counted => ({
  name,
  from: stamp(),
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
  let current = begin("start", now)
  let phases = [current]

  return {
    reset: () => {
      now.total = 0
      now.byModel.clear()
      now.byProvider.clear()
      current = begin("start", now)
      phases = [current]
    },
    phase: (name: string) => {
      current.to = stamp()
      current = begin(name, now)
      phases.push(current)
    },
    report: () => ({ phases: phases.map(report) }),
    /** A request has been answered, or never will be. */
    request: (route: string, bytesIn: number, bytesOut: number, failed: boolean) => {
      let traffic = current.requests.get(route)
      if (traffic === undefined) current.requests.set(route, traffic = nothing())
      for (const one of [traffic, current.total]) {
        one.count++
        one.bytesIn += bytesIn
        one.bytesOut += bytesOut
        if (failed) one.failed++
      }
    },
    unknown: (path: string) => void add(current.unknown, path, 1),
    event: (type: string) => void add(current.events, type, 1),
    sent: (bytes: number) => {
      current.eventBytes += bytes
    },
    fault: (kind: string) => void add(current.faults, kind, 1),
    /** A session of a task begins to work. */
    enter: ({ modelID, providerID }: ModelRef) => {
      const { peak } = current
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
