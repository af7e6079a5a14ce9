/**
 * The server's feed of events: each is written once, as text, and sent to all who listen.
 *
 * What is told in one go leaves in one piece. Events that say the same thing twice (`session.status` idle and
 * `session.idle`) share their fate: the weather takes both or none.
 */
import type { Counters } from "./counters.ts"
import * as Ids from "./ids.ts"
import type { Forecast } from "./weather.ts"

export type Feed = ReturnType<typeof make>

export type Event = readonly [type: string, properties: Readonly<Record<string, unknown>>]

/** Somebody who listens: to one directory, or (`undefined`) to all of them, with each event's directory around it. */
export interface Listener {
  readonly directory: string | undefined
  readonly write: (text: string) => void
}

const line = (json: string): string => `data: ${json}\n\n`

const text = ([type, properties]: Event): string => JSON.stringify({ id: Ids.event(), type, properties })

export const make = (counters: Counters) => {
  const listeners = new Map<Listener, string>()
  let forecast: Forecast | undefined
  let epoch = 0
  let leaving = false

  const leave = () => {
    leaving = false
    for (const [listener, pending] of listeners) {
      if (pending === "") continue
      listeners.set(listener, "")
      counters.sent(Buffer.byteLength(pending))
      listener.write(pending)
    }
  }

  const send = (directory: string, jsons: ReadonlyArray<string>) => {
    for (const [listener, pending] of listeners) {
      let more = ""
      if (listener.directory === directory) { for (const json of jsons) more += line(json) }
      else if (listener.directory === undefined) {
        for (const json of jsons) more += line(`{"directory":${JSON.stringify(directory)},"payload":${json}}`)
      }
      if (more !== "") listeners.set(listener, pending + more)
    }
    if (leaving) return
    leaving = true
    queueMicrotask(leave)
  }

  const deliver = (directory: string, jsons: ReadonlyArray<string>, delays: ReadonlyArray<number>) => {
    if (delays.length === 0) counters.fault("event lost")
    if (delays.length > 1) counters.fault("event doubled")
    const made = epoch
    for (const delay of delays) {
      if (delay === 0) send(directory, jsons)
      else {
        counters.fault("event late")
        setTimeout(() => {
          if (made === epoch) send(directory, jsons)
        }, delay)
      }
    }
  }

  /** Tells events, all of which mean the same: they come together or not at all. Gives whether they were sent at once. */
  const together = (directory: string, ...events: ReadonlyArray<Event>): boolean => {
    for (const [type] of events) counters.event(type)
    if (forecast === undefined) {
      if (listeners.size > 0) send(directory, events.map(text))
      return true
    }
    const delays = forecast.deliver()
    deliver(directory, events.map(text), delays)
    return delays.includes(0)
  }

  return {
    /** Events that are still on their way are gone. */
    reset: () => {
      epoch++
      forecast = undefined
    },
    weather: (to: Forecast | undefined) => {
      forecast = to
    },
    /** Listens from now on; gives what ends that. */
    listen: (listener: Listener): () => void => {
      listeners.set(listener, "")
      return () => void listeners.delete(listener)
    },
    /** To one listener, past every weather. */
    greet: (listener: Listener, type: string) => {
      const json = text([type, {}])
      const sent = line(listener.directory === undefined ? `{"payload":${json}}` : json)
      counters.sent(Buffer.byteLength(sent))
      listener.write(sent)
    },
    together,
    tell: (directory: string, type: string, properties: Event[1]) => void together(directory, [type, properties])
  }
}
