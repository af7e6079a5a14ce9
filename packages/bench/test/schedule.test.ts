/**
 * Who is measured beside whom, and who waits for whom.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Measure } from "../src/Measure.ts"
import { groups, together } from "../src/schedule.ts"

const measure = (id: string, steady?: Measure["steady"]): Measure => ({
  id,
  title: id,
  about: "",
  ...(steady === undefined ? {} : { steady }),
  run: () => Effect.succeed([]),
  lines: () => []
})

const waiting = measure("waits", "waiting")
const loud = measure("loud", "loud at first")
const alone = measure("alone")

describe("the schedule", () => {
  it("measures one after the other what is not steady, and beside each other what is, the loud ones first", () => {
    assert.deepStrictEqual(groups([waiting, alone, loud, measure("last")]).map((group) => group.map(({ id }) => id)), [
      ["alone"],
      ["last"],
      ["loud", "waits"]
    ])
    assert.deepStrictEqual(groups([alone]), [[alone]])
  })

  it.effect("lets those that wait begin when the loud ones are quiet, or are over", () =>
    Effect.gen(function*() {
      const order = Effect.fnUntraced(function*(saysSo: boolean, group: ReadonlyArray<Measure>) {
        const seen: Array<string> = []
        const found = yield* together(group, (one, quiet) =>
          Effect.gen(function*() {
            seen.push(`${one.id} begins`)
            yield* Effect.yieldNow
            if (one === loud && saysSo) yield* quiet
            for (let turns = 0; turns < 5; turns++) yield* Effect.yieldNow
            seen.push(`${one.id} ends`)
            return one.id
          }))
        assert.deepStrictEqual(found, group.map(({ id }) => id))
        return seen
      })
      assert.deepStrictEqual((yield* order(true, [loud, waiting])).slice(0, 2), ["loud begins", "waits begins"])
      assert.deepStrictEqual((yield* order(false, [loud, waiting])).slice(0, 2), ["loud begins", "loud ends"])
      assert.deepStrictEqual(yield* order(false, [waiting]), ["waits begins", "waits ends"])
    }))
})
