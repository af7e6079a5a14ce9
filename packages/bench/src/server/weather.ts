/**
 * Bad weather on the wire: the faults of `@errand/core/testing`, from a seed, with delays in the measure of a benchmark.
 *
 * The same seed gives the same faults to the same calls and events in the same order. Nothing here looks at what a call
 * or an event is.
 */
import { Task } from "@errand/core"
import { type SimulatedHost, Weather } from "@errand/core/testing"
import type { WeatherSettings } from "./Reports.ts"

export interface Forecast {
  /** How the next call goes. */
  readonly fault: () => SimulatedHost.Fault
  /** The delays (ms) at which the next event is told; none loses it. */
  readonly deliver: () => ReadonlyArray<number>
}

export const make = ({ scale = 1, seed, share }: WeatherSettings): Forecast => {
  const weather = Weather.make(seed, share)
  const session = Task.SessionId.make("ses_any")
  const call: SimulatedHost.Call = { operation: "activity", session, at: 0 }
  const scaled = (fault: SimulatedHost.Fault): SimulatedHost.Fault => {
    if (typeof fault === "string") return fault
    return "slow" in fault ? { slow: fault.slow * scale } : { late: fault.late * scale }
  }
  return {
    fault: () => scaled(weather.fault(call)),
    deliver: () => weather.deliver({ _tag: "Wrote", session }).map((delay) => delay * scale)
  }
}

/** What a fault is called in the counters. */
export const nameOf = (fault: SimulatedHost.Fault): string =>
  typeof fault === "string" ? fault : "slow" in fault ? "slow" : "late"
