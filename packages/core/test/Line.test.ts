import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Wait } from "../src/SharedSlots.ts"
import * as Line from "../src/sqlite/Line.ts"
import * as Owner from "../src/sqlite/Owner.ts"
import { below, sequence, thorough } from "./support/arbitraries.ts"

const row = (owner: string, claim: string, turn: number, rest: Partial<Line.Row> = {}): Line.Row => ({
  owner,
  claim,
  pool: "model:opus",
  size: 1,
  turn,
  returns: false,
  held: false,
  ...rest
})

const everybody: (owner: string) => boolean = () => true

/** Who of these may enter. */
const enter = (rows: ReadonlyArray<Line.Row>, me: string, asks = everybody) => {
  const waits = Line.waits(rows, me, asks)
  return [...new Set(rows.filter((one) => one.owner === me && !one.held).map(({ claim }) => claim))]
    .filter((claim) => !waits.has(claim))
}

const held = { held: true }

describe("the line for shared slots", () => {
  it("A1 nobody enters a pool that is full, whoever has its slots", () => {
    for (const owner of ["me", "you"]) {
      assert.deepStrictEqual(enter([row(owner, "a", 1, held), row("me", "b", 2)], "me"), [])
      assert.deepStrictEqual(
        enter([row(owner, "a", 1, { held: true, size: 2 }), row("me", "b", 2, { size: 2 })], "me"),
        ["b"]
      )
    }
  })

  it("A1 as many enter at once as there is room for, in the order of their turns", () => {
    const size = { size: 2 }
    assert.deepStrictEqual(
      enter([row("me", "c", 3, size), row("me", "a", 1, size), row("me", "b", 2, size)], "me"),
      ["a", "b"]
    )
  })

  it("A13 a slot is left to whoever is next for it in another process", () => {
    assert.deepStrictEqual(enter([row("you", "a", 1), row("me", "b", 2)], "me"), [])
    assert.deepStrictEqual(enter([row("you", "a", 2), row("me", "b", 1)], "me"), ["b"])
  })

  it("A4 but not to one who does not ask any more, or could not take it", () => {
    assert.deepStrictEqual(enter([row("you", "a", 1), row("me", "b", 2)], "me", (owner) => owner !== "you"), ["b"])
    const total = { pool: "total", size: 2 }
    assert.deepStrictEqual(
      enter([
        row("you", "x", 1, held),
        row("you", "x", 1, { ...held, ...total }),
        row("you", "a", 2),
        row("you", "a", 2, total),
        row("me", "b", 3, { pool: "model:haiku" }),
        row("me", "b", 3, total)
      ], "me"),
      ["b"]
    )
  })

  it("A15 who is on the way back goes in front", () => {
    assert.deepStrictEqual(enter([row("me", "a", 1), row("me", "b", 2, { returns: true })], "me"), ["b"])
    assert.deepStrictEqual(enter([row("you", "a", 2, { returns: true }), row("me", "b", 1)], "me"), [])
  })

  it("G7 says which pool one waits for, how many slots others use, and how many are ahead", () => {
    const two = { size: 2 }
    const rows = [
      row("me", "a", 1, { ...two, held: true }),
      row("you", "b", 2, { ...two, held: true }),
      row("you", "c", 3, two),
      row("me", "d", 4, two),
      row("me", "e", 5, two)
    ]
    const wait = (ahead: number): Wait => ({ pool: "model:opus", used: 2, elsewhere: 1, size: 2, ahead })
    assert.deepStrictEqual([...Line.waits(rows, "me", everybody)], [["d", wait(1)], ["e", wait(2)]])
  })

  it.prop(
    "A1 A4 whatever is in it, those who enter fit, and somebody enters where somebody could",
    [
      sequence(
        Schema.Struct({
          owner: Schema.Literals(["me", "you", "they"]),
          pools: Schema.Literals(["a", "b", "a total", "b total"]),
          held: Schema.Boolean,
          returns: Schema.Boolean,
          turn: below(5)
        }),
        12
      )
    ],
    ([claims]) => {
      const sizes: Readonly<Record<string, number>> = { a: 2, b: 1, total: 3 }
      const rows = claims.flatMap(({ owner, pools, ...rest }, nth) =>
        pools.split(" ").map((pool) => row(owner, `${nth}`, rest.turn, { ...rest, pool, size: sizes[pool] ?? 0 }))
      )
      const counts = (all: ReadonlyArray<Line.Row>, pool: string) =>
        all.filter((one) => one.held && one.pool === pool).length
      const fits = (all: ReadonlyArray<Line.Row>, claim: string) =>
        rows.filter((one) => one.claim === claim).every(({ pool, size }) => counts(all, pool) < size)
      const waiting = [...new Set(rows.filter((one) => !one.held).map(({ claim }) => claim))]
      const entered = new Set(["me", "you", "they"].flatMap((owner) => enter(rows, owner)))
      const after = rows.map((one) => ({ ...one, held: one.held || entered.has(one.claim) }))
      for (const pool of ["a", "b", "total"]) {
        assert.isAtMost(counts(after, pool), Math.max(sizes[pool] ?? 0, counts(rows, pool)), pool)
      }
      // All have looked: whoever is still out does not fit any more.
      assert.deepStrictEqual(waiting.filter((claim) => !entered.has(claim) && fits(after, claim)), [])
    },
    thorough(200, 60)
  )
})

describe("looking at leases", () => {
  it("whoever slept for longer than a lease lasts has only begun to look", () => {
    const looked = 1_000_000
    const before: Owner.Looking = { since: 5, looked }
    const next = looked + Owner.lease
    assert.deepStrictEqual(Owner.look(before, next), { since: 5, looked: next })
    assert.deepStrictEqual(Owner.look(before, next + 1), Owner.begin(next + 1))
  })
})
