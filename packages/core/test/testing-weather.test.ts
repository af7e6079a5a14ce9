/**
 * Bad weather: every kind of it is there, it is the same again from the same seed, and a task comes through it.
 */
import { assert, describe, it } from "@effect/vitest"
import type { HostEvent } from "../src/AgentHost.ts"
import { SessionId } from "../src/Task.ts"
import type { Call } from "../src/testing/SimulatedHost.ts"
import * as Weather from "../src/testing/Weather.ts"

const session = SessionId.make("ses_a")
const call: Call = { operation: "open", session, at: 0 }
const event: HostEvent = { _tag: "Idle", session }

const times = <A>(n: number, f: () => A): ReadonlyArray<A> => Array.from({ length: n }, f)

const faultsOf = (weather: Weather.Weather, n = 400) => times(n, () => weather.fault(call))
const deliveriesOf = (weather: Weather.Weather, n = 400) => times(n, () => weather.deliver(event))

describe("Weather", () => {
  it("is the same from the same seed, and another from another", () => {
    const [one, again, other] = [Weather.make(7), Weather.make(7), Weather.make(8)]
    const faults = faultsOf(one)
    assert.deepStrictEqual(faultsOf(again), faults)
    assert.notDeepEqual(faultsOf(other), faults)
    const deliveries = deliveriesOf(one)
    assert.deepStrictEqual(deliveriesOf(again), deliveries)
    assert.notDeepEqual(deliveriesOf(other), deliveries)
  })

  it("of events does not depend on how many calls were made, nor that of calls on events", () => {
    const [one, other] = [Weather.make(7), Weather.make(7)]
    faultsOf(one, 13)
    assert.deepStrictEqual(deliveriesOf(one, 50), deliveriesOf(other, 50))
    assert.deepStrictEqual(faultsOf(other, 13 + 50).slice(13), faultsOf(one, 50))
  })

  it("knows every way in which a call goes wrong, and every way in which an event does", () => {
    const weather = Weather.make(1, 1)
    const kinds = faultsOf(weather).map((fault) => typeof fault === "string" ? fault : Object.keys(fault).join())
    assert.deepStrictEqual(
      [...new Set(kinds)].toSorted(),
      ["die", "fail", "fail-after", "hang", "hang-after", "late", "refuse", "slow"]
    )
    const shape = (delays: ReadonlyArray<number>) =>
      `${delays.length} ${delays.every((ms) => ms === 0) ? "at once" : delays.at(-1) === 0 ? "?" : "later"}`
    assert.deepStrictEqual(
      [...new Set(deliveriesOf(weather).map(shape))].toSorted(),
      ["0 at once", "1 later", "2 at once", "2 later"]
    )
  })

  it("overtakes: some events are late by less than what comes next takes", () => {
    const delays = deliveriesOf(Weather.make(1, 1)).flatMap((all) => all.length === 1 ? all : [])
    assert.isTrue(delays.some((ms) => ms <= 50))
    assert.isTrue(delays.some((ms) => ms > 10_000))
    assert.isTrue(delays.every((ms) => ms >= 1 && ms <= 30_000))
  })

  it("strikes as often as it is severe, and not at all at 0", () => {
    const struck = (severity: number) => faultsOf(Weather.make(3, severity), 2_000).filter((fault) => fault !== "ok")
    assert.strictEqual(struck(0).length, 0)
    assert.strictEqual(struck(1).length, 2_000)
    assert.approximately(struck(0.25).length, 500, 100)
    assert.deepStrictEqual(new Set(deliveriesOf(Weather.make(3, 0)).map(String)), new Set(["0"]))
  })

  it("draws the numbers of mulberry32, so that a seed means the same for ever", () => {
    // Its first numbers from the seed 42 are 0.60110375 and 0.44829056: the latter chooses the fourth of eight faults.
    assert.strictEqual(Weather.make(42, 0.6011).fault(call), "ok")
    assert.strictEqual(Weather.make(42, 0.6012).fault(call), "refuse")
  })
})
