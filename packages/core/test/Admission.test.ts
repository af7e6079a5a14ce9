import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Admission from "../src/Admission.ts"
import type { Pool, PoolName } from "../src/Pools.ts"
import { below, patient, sequence, thorough } from "./support/arbitraries.ts"
import * as Books from "./support/books.ts"

type State = Admission.Admission<number>
type Entrant = Admission.Entrant<number>

/** What may happen. */
const Step = Schema.TaggedUnion({
  Join: { parent: below(4), pools: below(9), returns: Schema.Literals([false, false, false, false, true]) },
  /** The nth of those who wait or are inside, counted around. */
  Leave: { nth: below(50) },
  Resize: { pool: below(9), size: below(4) },
  Pause: { paused: Schema.Boolean }
})
type Step = typeof Step.Type

const steps = [sequence(Step, 120)] as const

/** Pools as both policies make them: one alone, and three that all bind, sharing the wider ones. */
const alone: ReadonlyArray<ReadonlyArray<PoolName>> = [["a"], ["b"], ["c"]]
const layered: ReadonlyArray<ReadonlyArray<PoolName>> = [
  ["m1", "p1", "total"],
  ["m2", "p1", "total"],
  ["m3", "p2", "total"],
  ["m4", "total"],
  ["p2", "total"]
]
const all = [...alone, ...layered, ["total"]]
const names = [...new Set(all.flat())]

const sizes: Readonly<Record<PoolName, number>> = {
  a: 1,
  b: 2,
  c: Number.POSITIVE_INFINITY,
  m1: 1,
  m2: 2,
  m3: Number.POSITIVE_INFINITY,
  m4: 1,
  p1: 2,
  p2: 3,
  total: 4
}

const poolsOf = (names: ReadonlyArray<PoolName>): ReadonlyArray<Pool> =>
  names.map((name) => ({ name, size: sizes[name] ?? 1 }))

const before = (a: Entrant, b: Entrant): boolean => a.turn === b.turn ? a.arrival < b.arrival : a.turn < b.turn

const waitingOf = (state: State): ReadonlyArray<Entrant> =>
  [...state.waiting.values()].sort((a, b) => before(a, b) ? -1 : 1)

const insideOf = (state: State): ReadonlyArray<Entrant> => [...state.inside.values()]

const isFree = (state: State, name: PoolName): boolean => {
  const { size, used } = Admission.usage(state, name)
  return used < size
}

interface Moment {
  readonly step: Step
  readonly before: State
  /** After the step, before anybody was let in. */
  readonly changed: State
  readonly state: State
  readonly admitted: ReadonlyArray<Entrant>
}

/** What came of every step. Everybody who may enter is let in after each, as `Limits` does it. */
const play = (
  steps: ReadonlyArray<Step>,
  sets: ReadonlyArray<ReadonlyArray<PoolName>> = all
): ReadonlyArray<Moment> => {
  let state: State = Books.empty()
  let next = 0
  const id = () => `${next++}`
  return steps.map((step) => {
    const before = state
    const changed = change(before, step, sets, id)
    const [after, admitted] = Books.admit(changed)
    state = after
    return { step, before, changed, state, admitted }
  })
}

const change = (state: State, step: Step, sets: ReadonlyArray<ReadonlyArray<PoolName>>, id: () => string): State => {
  switch (step._tag) {
    case "Join":
      return Books.join(state, {
        id: id(),
        parent: `parent ${step.parent}`,
        pools: poolsOf(sets[step.pools % sets.length] ?? []),
        returns: step.returns,
        payload: 0
      })
    case "Leave": {
      const somebody = [...waitingOf(state), ...insideOf(state)]
      return Books.leave(state, somebody[step.nth % Math.max(1, somebody.length)]?.id ?? "nobody")
    }
    case "Resize":
      return Books.resize(
        state,
        names[step.pool] ?? "total",
        step.size === 0 ? Number.POSITIVE_INFINITY : step.size
      )
    case "Pause":
      return Books.setPaused(state, step.paused)
  }
}

/** Who enters when those inside are always done at once: everybody who waits, one after the other where it is tight. */
const drain = (start: State): ReadonlyArray<Entrant> => {
  const order: Array<Entrant> = []
  let state = insideOf(start).reduce((state, { id }) => Books.leave(state, id), Books.setPaused(start, false))
  for (;;) {
    const [after, admitted] = Books.admit(state)
    if (admitted.length === 0) return order
    order.push(...admitted)
    state = admitted.reduce((state, { id }) => Books.leave(state, id), after)
  }
}

const joined = (
  state: State,
  parent: string,
  pools: ReadonlyArray<PoolName>,
  ids: ReadonlyArray<string>
): State =>
  ids.reduce(
    (state, id) => Books.join(state, { id, parent, pools: poolsOf(pools), returns: false, payload: 0 }),
    state
  )

const numbered = (prefix: string, n: number): ReadonlyArray<string> => Array.from({ length: n }, (_, i) => prefix + i)

const held = (pools: ReadonlyArray<PoolName>): State => Books.admit(joined(Books.empty(), "z", pools, ["z"]))[0]

const admitted = (state: State): State => Books.admit(state)[0]

const idsOf = (entrants: ReadonlyArray<Entrant>): ReadonlyArray<string> => entrants.map(({ id }) => id)

describe("admission", () => {
  it.prop("A1 of every pool as many slots are used as are held inside it", [...steps], ([steps]) => {
    for (const { changed, state } of play(steps)) {
      for (const at of [changed, state]) {
        for (const name of names) {
          const inside = insideOf(at).filter(({ pools }) => pools.includes(name)).length
          assert.strictEqual(Admission.usage(at, name).used, inside, name)
        }
      }
    }
  }, thorough(200, 120))

  it.prop(
    "A1 nobody enters a pool that is full: only a pool that was made smaller holds more",
    [...steps],
    ([steps]) => {
      for (const { changed, state } of play(steps)) {
        for (const name of names) {
          const { size, used } = Admission.usage(state, name)
          assert.isAtMost(used, Math.max(size, Admission.usage(changed, name).used), name)
        }
      }
    },
    thorough(200, 120)
  )

  it.prop(
    "A1 A2 when everybody has left, no slot is used and nothing is remembered of anybody",
    [...steps],
    ([steps]) => {
      const last = play(steps).at(-1)?.state ?? Books.empty<number>()
      const state = [...waitingOf(last), ...insideOf(last)].reduce(
        // Leaving twice is leaving once.
        (state, { id }) => Books.leave(Books.leave(state, id), id),
        last
      )
      for (const name of names) assert.strictEqual(Admission.usage(state, name).used, 0, name)
      const { inside, lines, pools, waiting } = state
      const parents = [...pools.values()].flatMap(({ parents }) => Array.from(parents.keys()))
      const left = [inside.size, lines.size, parents.length, waiting.size]
      assert.deepStrictEqual(left, [0, 0, 0, 0])
    },
    thorough(200, 120)
  )

  it.prop("A4 a free slot never waits for a stimulus: nobody waits whose pools all have one", [...steps], ([steps]) => {
    for (const { state } of play(steps)) {
      if (state.paused) continue
      for (const { id, pools } of waitingOf(state)) {
        assert.isFalse(pools.every((name) => isFree(state, name)), `${id} could enter ${pools.join(", ")}`)
      }
    }
  }, thorough(200, 120))

  it.prop("A4 A13 lets in whom a plain list would: again and again the first who finds all pools free", [...steps], ([
    steps
  ]) => {
    for (const { admitted, changed } of play(steps)) {
      if (changed.paused) continue
      const used = new Map(names.map((name) => [name, Admission.usage(changed, name).used]))
      const list = [...waitingOf(changed)]
      const expected: Array<string> = []
      for (;;) {
        const next = list.findIndex(({ pools }) =>
          pools.every((name) => (used.get(name) ?? 0) < Admission.usage(changed, name).size)
        )
        const entrant = list[next]
        if (entrant === undefined) break
        list.splice(next, 1)
        expected.push(entrant.id)
        for (const name of entrant.pools) used.set(name, (used.get(name) ?? 0) + 1)
      }
      assert.deepStrictEqual(idsOf(admitted), expected)
    }
  }, thorough(200, 120))

  it.prop("A13 one parent's tasks of the same pools enter first come, first served", [...steps], ([steps]) => {
    const last = new Map<string, number>()
    for (const { admitted } of play(steps.filter((step) => step._tag !== "Join" || !step.returns))) {
      for (const { arrival, parent, pools } of admitted) {
        const line = `${parent}: ${pools.join(", ")}`
        assert.isAbove(arrival, last.get(line) ?? -1, line)
        last.set(line, arrival)
      }
    }
  }, thorough(200, 120))

  it.prop("A13 one parent's tasks enter first come, first served in a pool that they share", [...steps], ([steps]) => {
    // Only `total` is ever full, so nobody is overtaken for want of another slot.
    const moments = play(
      [
        { _tag: "Pause", paused: true },
        ...steps.filter((step) => step._tag !== "Resize" && (step._tag !== "Join" || !step.returns)),
        ...names.filter((name) => name !== "total").map((_, pool): Step => ({ _tag: "Resize", pool, size: 0 }))
      ],
      layered
    )
    const last = moments.at(-1)?.state ?? Books.empty<number>()
    const state = [...names].reduce(
      (state, name) => Books.resize(state, name, name === "total" ? 1 : Number.POSITIVE_INFINITY),
      last
    )
    const seen = new Map<string, number>()
    for (const { arrival, parent } of drain(state)) {
      assert.isAbove(arrival, seen.get(parent) ?? -1, parent)
      seen.set(parent, arrival)
    }
  }, thorough(200, 120))

  it.prop(
    "A13 parents take turns: whoever waits is overtaken at most twice by each other parent",
    [...steps],
    ([steps]) => {
      /** How often the second parent has entered while the first was waiting for its turn, by pool. */
      const overtaken = new Map<string, number>()
      const forget = (state: State, entrant: Entrant) => {
        for (const key of overtaken.keys()) {
          if (key.startsWith(`${entrant.pools.join()} ${entrant.parent}`)) overtaken.delete(key)
        }
        return state
      }
      const story = steps.filter((step) => step._tag !== "Join" || !step.returns)
      for (const { admitted, before, changed, step } of play(story, alone)) {
        if (step._tag === "Leave") {
          const gone = waitingOf(before).find(({ id }) => !changed.waiting.has(id))
          if (gone !== undefined) forget(changed, gone)
        }
        let state = changed
        for (const entrant of admitted) {
          state = Books.leave(state, entrant.id)
          forget(state, entrant)
          const others = new Set(
            waitingOf(state).filter(({ parent, pools }) =>
              parent !== entrant.parent && pools.join() === entrant.pools.join()
            ).map(({ parent }) => parent)
          )
          for (const other of others) {
            const key = `${entrant.pools.join()} ${other} after ${entrant.parent}`
            const times = (overtaken.get(key) ?? 0) + 1
            overtaken.set(key, times)
            assert.isAtMost(times, 2, key)
          }
        }
      }
    },
    thorough(300, 120)
  )

  it("A13 a parent with fifty tasks does not starve one with two", () => {
    const fifty = joined(held(["a"]), "greedy", ["a"], numbered("g", 50))
    const both = joined(fifty, "modest", ["a"], ["m0", "m1"])
    assert.deepStrictEqual(idsOf(drain(both)).slice(0, 6), ["g0", "m0", "g1", "m1", "g2", "g3"])
  })

  it("A13 a parent that always has one in line, and never two, does not starve one with fifty either", () => {
    let state = joined(held(["a"]), "patient", ["a"], numbered("p", 50))
    let inside = "z"
    const order: Array<string> = []
    for (let n = 0; n < 20; n++) {
      const [after, [next]] = Books.admit(Books.leave(joined(state, `eager`, ["a"], [`e${n}`]), inside))
      // Only one waits at a time: the one before is called off if it is not its turn yet.
      inside = next?.id ?? "nobody"
      order.push(inside)
      state = inside === `e${n}` ? after : Books.leave(after, `e${n}`)
    }
    assert.isAtLeast(order.filter((id) => id.startsWith("p")).length, 10)
    state = joined(state, "eager", ["a"], ["e20"])
    const served = idsOf(drain(state)).slice(0, 3)
    assert.include(served, "e20")
  })

  it("A13 pools that have nothing in common do not delay each other", () => {
    // Two pools with fifty of one parent each. The first moves on by forty, the second does not move at all.
    let state = held(["b"])
    state = joined(joined(state, "x", ["a"], numbered("x", 50)), "y", ["b"], numbered("y", 50))
    state = Books.resize(state, "b", 1)
    for (let n = 0; n < 40; n++) state = Books.leave(admitted(state), `x${n}`)
    // A newcomer in the second is next to be served there, whatever happened in the first ...
    const newcomer = joined(state, "w", ["b"], ["w0"])
    assert.deepStrictEqual(
      idsOf(drain(newcomer)).filter((id) => id.startsWith("w") || id.startsWith("y")).slice(0, 2),
      [
        "y0",
        "w0"
      ]
    )
    // ... and so is a parent that has a long line in the first.
    const busyElsewhere = joined(state, "x", ["b"], ["v0"])
    const order = idsOf(drain(busyElsewhere)).filter((id) => id.startsWith("v") || id.startsWith("y"))
    assert.deepStrictEqual(order.slice(0, 2), ["y0", "v0"])
  })

  it("A13 a slow pool's line is not sent to the back by what goes on in a wider pool", () => {
    // Both count against the total, which is wide. The narrow pool m1 stands still while m2 serves forty.
    let state = Books.resize(Books.empty<number>(), "total", 100)
    state = Books.resize(Books.resize(state, "p1", 100), "m2", 1)
    state = admitted(joined(state, "z", ["m1", "p1", "total"], ["z"]))
    state = joined(state, "y", ["m1", "p1", "total"], numbered("y", 50))
    state = joined(state, "x", ["m2", "p1", "total"], numbered("x", 50))
    for (let n = 0; n < 40; n++) state = Books.leave(admitted(state), `x${n}`)
    const newcomer = joined(state, "w", ["m1", "p1", "total"], ["w0"])
    const order = idsOf(drain(newcomer)).filter((id) => id.startsWith("w") || id.startsWith("y"))
    assert.deepStrictEqual(order.slice(0, 2), ["y0", "w0"])
  })

  it("A13 a pool that nobody waited for gives its first no start over those who wait for a wider one", () => {
    let state = Books.resize(held(["m1", "total"]), "total", 1)
    state = Books.resize(state, "m2", 50)
    state = joined(state, "x", ["m1", "total"], numbered("x", 20))
    state = Books.resize(state, "m1", 50)
    for (let n = 0; n < 10; n++) {
      state = Books.leave(state, n === 0 ? "z" : `x${n - 1}`)
      state = admitted(state)
    }
    const newcomer = joined(state, "w", ["m2", "total"], numbered("w", 10))
    assert.deepStrictEqual(idsOf(drain(newcomer)).slice(0, 6), ["x10", "w0", "x11", "w1", "x12", "w2"])
    // Nor its second, of another parent.
    const two = joined(newcomer, "v", ["m2", "total"], numbered("v", 10))
    assert.deepStrictEqual(idsOf(drain(two)).slice(0, 6), ["x10", "w0", "v0", "x11", "w1", "v1"])
  })

  it("A13 nor does a pool that nobody waits for any more, and that has served nobody for a while", () => {
    let state = Books.resize(Books.resize(Books.empty<number>(), "total", 1), "m2", 50)
    state = Books.leave(admitted(joined(state, "w", ["m2", "total"], ["early"])), "early")
    state = joined(Books.resize(state, "m1", 50), "x", ["m1", "total"], numbered("x", 20))
    for (let n = 0; n < 10; n++) state = Books.leave(admitted(state), `x${n}`)
    const newcomer = joined(admitted(state), "w", ["m2", "total"], ["w0", "w1"])
    assert.deepStrictEqual(idsOf(drain(newcomer)).slice(0, 4), ["x11", "w0", "x12", "w1"])
  })

  it("A4 A13 different pools are different lines, also where their names run into the same letters", () => {
    const stuck = joined(held(["ab"]), "x", ["ab"], ["stuck"])
    const later = ["y0", "y1"].reduce(
      (state, id) => Books.leave(admitted(joined(state, "y", ["a", "b"], [id])), id),
      stuck
    )
    const [, free] = Books.admit(joined(later, "y", ["a", "b"], ["free"]))
    assert.deepStrictEqual(idsOf(free), ["free"])
  })

  it.prop("A5 whoever leaves the line changes nobody else's place in it", [...steps, below(50)], ([steps, nth]) => {
    // Everybody waits for the total as well, and it lets in one at a time: the order is the whole truth.
    const last = play(steps, [...layered, ["total"]]).at(-1)?.state ?? Books.empty<number>()
    const state = names.reduce(
      (state, name) => Books.resize(state, name, name === "total" ? 1 : Number.POSITIVE_INFINITY),
      last
    )
    const waiting = waitingOf(state)
    const leaving = waiting[nth % Math.max(1, waiting.length)]?.id ?? "nobody"
    const without = drain(state).filter(({ id }) => id !== leaving)
    assert.deepStrictEqual(idsOf(drain(Books.leave(state, leaving))), idsOf(without))
  }, thorough(200, 120))

  it.prop("A5 whoever joins the line leaves the order of all others as it was", [...steps], ([steps]) => {
    for (const { before, changed, step } of play(steps)) {
      if (step._tag !== "Join") continue
      const places = idsOf(waitingOf(changed)).filter((id) => before.waiting.has(id))
      assert.deepStrictEqual(places, idsOf(waitingOf(before)))
    }
  }, thorough(200, 120))

  it("A5 whoever leaves the line and joins it again stands where they joined last", () => {
    const first = joined(joined(held(["a"]), "x", ["a"], ["x0", "x1"]), "y", ["a"], ["y0", "y1"])
    const again = joined(Books.leave(first, "x1"), "x", ["a"], ["x1"])
    assert.deepStrictEqual(idsOf(drain(again)), ["x0", "y0", "y1", "x1"])
  })

  it("those who return go in front of everybody who waits, first come, first served", () => {
    const waiting = joined(held(["a"]), "x", ["a"], ["x0", "x1"])
    const back = (id: string) => (state: State) =>
      Books.join(state, { id, parent: "x", pools: poolsOf(["a"]), returns: true, payload: 0 })
    assert.deepStrictEqual(idsOf(drain(back("r1")(back("r0")(waiting)))), ["r0", "r1", "x0", "x1"])
  })

  it.prop("A12 a pool without a limit keeps nobody waiting, and corrupts no other", [...steps], ([steps]) => {
    for (const { state } of play(steps.filter((step) => step._tag !== "Resize"))) {
      if (state.paused) continue
      assert.isFalse(waitingOf(state).some(({ pools }) => pools.join() === "c"))
      assert.strictEqual(Admission.usage(state, "c").size, Number.POSITIVE_INFINITY)
    }
  }, thorough(100, 120))

  it.prop(
    "a pause lets nobody in but those who were inside before, and a resume lets in everybody who may",
    [...steps],
    ([
      steps
    ]) => {
      for (const { admitted, state } of play(steps)) {
        if (state.paused) assert.isFalse(admitted.some(({ turn }) => turn >= 0))
      }
    },
    thorough(100, 120)
  )

  it.prop("says which pool is waited for, how full it is, and how many go before", [...steps], ([steps]) => {
    for (const { state } of play(steps)) {
      for (const entrant of waitingOf(state)) {
        const name = entrant.pools.find((name) => !isFree(state, name)) ?? entrant.pools[0] ?? "none"
        const { size, used } = Admission.usage(state, name)
        assert.deepStrictEqual(
          Admission.placeOf(state, entrant.id),
          Option.some({
            pool: name,
            used,
            size,
            ahead: waitingOf(state).filter((other) => other.pools.includes(name) && before(other, entrant)).length,
            paused: state.paused
          })
        )
      }
      for (const { id } of insideOf(state)) assert.isTrue(Option.isNone(Admission.placeOf(state, id)))
    }
  }, thorough(60, 120))

  it.prop("the number ahead is the number that enters before, where all wait for one pool", [...steps], ([steps]) => {
    const last = play(steps, [["a"]]).at(-1)?.state ?? Books.empty<number>()
    const state = Books.resize(last, "a", 1)
    for (const [nth, { id }] of drain(state).entries()) {
      assert.deepStrictEqual(Option.map(Admission.placeOf(state, id), ({ ahead }) => ahead), Option.some(nth))
    }
  }, thorough(100, 120))

  it.prop(
    "D9 a line never holds more than twice those who wait in it, and its head always waits",
    [...steps],
    ([steps]) => {
      for (const { changed, state } of play(steps)) {
        for (const at of [changed, state]) {
          let inLines = 0
          for (const line of at.lines.values()) {
            assert.isAtMost(line.heap.length, 2 * line.waiting)
            assert.isAbove(line.waiting, 0)
            assert.isTrue(at.waiting.has(line.heap[0]?.id ?? "nobody"))
            inLines += line.waiting
          }
          assert.strictEqual(inLines, at.waiting.size)
        }
      }
    },
    thorough(200, 120)
  )

  it("D9 a head that is stuck does not keep those who left behind it", patient, () => {
    let state = joined(held(["a"]), "x", ["a"], ["stuck"])
    for (let n = 0; n < 5_000; n++) {
      state = Books.leave(joined(state, `parent ${n}`, ["a"], [`x${n}`]), `x${n}`)
    }
    const sizes = Array.from(state.lines.values(), ({ heap }) => heap.length)
    assert.isAtMost(Math.max(...sizes), 2)
    assert.strictEqual(state.waiting.size, 1)
  })
})

/** Counts how often somebody's pools are looked at. What is made from it by `map` counts as well. */
class Watched<T> extends Array<T> {
  static looks = 0
  override some(test: (value: T, index: number, array: Array<T>) => unknown): boolean {
    Watched.looks++
    return super.some(test)
  }
}

/** Counts how often it is looked up whether somebody waits. */
class Counted<K, V> extends Map<K, V> {
  gets = 0
  override get(key: K): V | undefined {
    this.gets++
    return super.get(key)
  }
}

/** What it takes to let `n` who wait for `models` pools of one slot each in and out again, one after the other. */
const work = (n: number, models: number) => {
  const waiting = new Counted<string, Entrant>()
  const state: State = { ...Admission.make(), waiting }
  for (let i = 0; i < n; i++) {
    const pools = new Watched<Pool>()
    pools.push({ name: `model ${i % models}`, size: 1 }, { name: "total", size: models })
    Admission.join(state, { id: `${i}`, parent: `parent ${i % 7}`, pools, returns: false, payload: i })
  }
  Watched.looks = 0
  waiting.gets = 0
  let admissions = 0
  for (;;) {
    const admitted = Admission.admit(state)
    if (admitted.length === 0) break
    admissions += admitted.length
    for (const { id } of admitted) Admission.leave(state, id)
  }
  assert.strictEqual(admissions, n)
  return { looks: Watched.looks, lookups: waiting.gets }
}

describe("10,000 who wait", () => {
  it("are let in by looking at the heads of the lines only, however long the lines are", patient, () => {
    const models = 5
    const n = 10_000
    const { looks } = work(n, models)
    // One look at each line for each admission, and one more round to find that nobody else may enter.
    assert.isAtMost(looks, n * 2 * models)
    assert.isAtLeast(looks, n)
  })

  it("cost in proportion to their number: twice as many take at most two and a half times the work", patient, () => {
    const small = work(5_000, 5)
    const large = work(10_000, 5)
    assert.isAtMost(large.looks, 2.5 * small.looks)
    // Each admission takes out one head, and looks whether the next one waits: no line is gone through.
    assert.isAtMost(large.lookups, 2 * 10_000)
    assert.isAtLeast(large.lookups, 10_000)
  })
})
