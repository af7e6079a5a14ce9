/**
 * Everything that the fake OpenCode is, in one place; it can be made as new.
 */
import * as Asks from "./asks.ts"
import * as Catalog from "./catalog.ts"
import * as Counters from "./counters.ts"
import * as Feed from "./feed.ts"
import * as Gates from "./gates.ts"
import * as Log from "./log.ts"
import type { Settings, WeatherSettings } from "./Reports.ts"
import * as Sessions from "./sessions.ts"
import * as Steps from "./steps.ts"
import * as Turns from "./turns.ts"
import * as Weather from "./weather.ts"
import * as Writing from "./writing.ts"

export type World = ReturnType<typeof make>

export const make = (settings: Settings = {}) => {
  let catalog = Catalog.make(settings)
  let latency = settings.latency ?? 0
  let forecast: Weather.Forecast | undefined
  const counters = Counters.make()
  const feed = Feed.make(counters)
  const log = Log.make()
  const gates = Gates.make()
  const asks = Asks.make(feed, log)
  const sessions = Sessions.make(feed, log, counters)
  const writing = Writing.make(sessions)
  const steps = Steps.make({ sessions, writing, feed, gates, asks })
  const turns = Turns.make({ catalog: () => catalog, sessions, writing, steps, log })

  const weather = (to: WeatherSettings | undefined) => {
    forecast = to === undefined ? undefined : Weather.make(to)
    feed.weather(forecast)
  }

  return {
    counters,
    feed,
    log,
    gates,
    asks,
    sessions,
    turns,
    catalog: () => catalog,
    latency: () => latency,
    setLatency: (ms: number) => {
      latency = ms
    },
    forecast: () => forecast,
    weather,
    /** As new: who listens to events goes on listening, everything else is gone. */
    reset: (to: Settings) => {
      weather(undefined)
      sessions.reset()
      asks.reset()
      gates.reset()
      feed.reset()
      counters.reset()
      log.reset()
      catalog = Catalog.make(to)
      latency = to.latency ?? 0
    }
  }
}
