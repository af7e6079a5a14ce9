/**
 * Limits of several processes on one file: each `Machine` here is a process with limits of its own.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Option, Ref, Schema, Scope, Stream } from "effect"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { type Claim, Limits, type Place } from "../src/Limits.ts"
import * as Models from "../src/Model.ts"
import * as Settings from "../src/Settings.ts"
import { type FileProblem, Library, Owner, SqliteSlots } from "../src/sqlite/index.ts"
import { below, patient, sequence, thorough } from "./support/arbitraries.ts"
import { folder } from "./support/files.ts"
import { pass, soon } from "./support/time.ts"

const opus = "anthropic/opus"

const claim = (id: string, model = opus): Claim => ({
  id,
  parent: "root",
  model: Option.getOrThrow(Models.parse(model)),
  agent: "explore"
})

interface Machine {
  readonly limits: Limits["Service"]
  /** Ends it as a process ends that has time to say good-bye. */
  readonly stop: Effect.Effect<void>
}

const one: Partial<Settings.Settings> = { modelConcurrency: { opus: 1 } }

const machine = Effect.fnUntraced(function*(
  options: Partial<SqliteSlots.Options> & { readonly file: string },
  settings: Partial<Settings.Settings> = one
): Effect.fn.Return<Machine, never, Scope.Scope> {
  const problems: Array<FileProblem.FileProblem> = []
  yield* Effect.addFinalizer(() => Effect.sync(() => assert.deepStrictEqual(problems, [])))
  const onProblem = (problem: FileProblem.FileProblem) => Effect.sync(() => void problems.push(problem))
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const built = yield* Layer.buildWithScope(
    Layer.fresh(Limits.layer).pipe(
      Layer.provide(SqliteSlots.layer({ onProblem, ...options })),
      Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, ...settings }))
    ),
    scope
  )
  return { limits: Context.get(built, Limits), stop: Scope.close(scope, Exit.void) }
})

/** Two processes that are there. */
const here = { pid: process.pid, host: hostname() }
const there = { pid: process.ppid, host: hostname() }

const newFile = Effect.map(folder, (path) => join(path, "slots.sqlite"))

/** Two processes on a new file. */
const two = Effect.fnUntraced(function*(settings: Partial<Settings.Settings> = one) {
  const file = yield* newFile
  return {
    file,
    first: yield* machine({ file, process: here }, settings),
    second: yield* machine({ file, process: there }, settings)
  }
})

/** Somebody who wants slots, and holds them until told to let go. */
const somebody = Effect.fnUntraced(function*({ limits }: Machine, claim: Claim) {
  const entered = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void>()
  const fiber = yield* Effect.forkScoped(
    Effect.andThen(Deferred.succeed(entered, undefined), Deferred.await(end)).pipe(limits.withSlots(claim))
  )
  yield* soon
  return {
    fiber,
    isIn: Deferred.isDone(entered),
    finish: Effect.andThen(Deferred.succeed(end, undefined), soon)
  }
})

const used = ({ limits }: Machine) =>
  Effect.map(limits.pools, (pools) => Object.fromEntries(pools.map(({ name, used }) => [name, used])))

/** Somebody waits for shared slots for at most so long until they ask again (ms). */
const again = 600

const place = (rest: Partial<Place> = {}): Option.Option<Place> =>
  Option.some({ pool: "model:opus", used: 1, size: 1, ahead: 0, elsewhere: 1, paused: false, ...rest })

describe("limits over several processes", () => {
  it.effect("A1 A4 hold over all of them, and who waits gets in when another process gives", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const a = yield* somebody(first, claim("a"))
      const b = yield* somebody(second, claim("b"))
      assert.deepStrictEqual([yield* a.isIn, yield* b.isIn], [true, false])
      yield* pass("1 minute")
      assert.isFalse(yield* b.isIn, "time alone lets nobody in")
      assert.deepStrictEqual([yield* used(first), yield* used(second)], [{ "model:opus": 1 }, { "model:opus": 0 }])
      yield* a.finish
      yield* pass(again)
      assert.isTrue(yield* b.isIn)
      assert.deepStrictEqual([yield* used(first), yield* used(second)], [{ "model:opus": 0 }, { "model:opus": 1 }])
    }))

  it.effect("G6 whoever shows places is told when another process has changed them, and only then", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const a = yield* somebody(first, claim("a"))
      const b = yield* somebody(first, claim("b"))
      const waiting = yield* somebody(second, claim("c"))
      const moves = yield* Ref.make(0)
      yield* Effect.forkScoped(Stream.runForEach(second.limits.moves, () => Ref.update(moves, (n) => n + 1)), {
        startImmediately: true
      })
      yield* pass("1 minute")
      const before = yield* Ref.get(moves)
      yield* pass("1 minute")
      assert.strictEqual(yield* Ref.get(moves), before)
      yield* a.finish
      yield* b.finish
      yield* pass(2 * again)
      assert.isTrue(yield* waiting.isIn)
      assert.isAbove(yield* Ref.get(moves), before)
    }))

  it.effect("A4 A13 within a process the next one is in at once, unless another process is next", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const [a, b, c] = yield* Effect.all([
        somebody(first, claim("a")),
        somebody(first, claim("b")),
        somebody(first, claim("c"))
      ])
      yield* a.finish
      assert.isTrue(yield* b.isIn)
      const other = yield* somebody(second, claim("other"))
      yield* b.finish
      yield* pass(again)
      assert.deepStrictEqual([yield* other.isIn, yield* c.isIn], [true, false])
      yield* other.finish
      yield* pass(again)
      assert.isTrue(yield* c.isIn)
    }))

  it.effect("A12 what has no limit is not shared", () =>
    Effect.gen(function*() {
      const { file, first, second } = yield* two({ defaultConcurrency: 0 })
      for (const [nth, machine] of [first, second, first].entries()) {
        const some = yield* somebody(machine, claim(`${nth}`))
        assert.isTrue(yield* some.isIn)
      }
      const database = Library.find()?.open(file)
      assert.deepStrictEqual(database?.prepare("SELECT id FROM owner").all([]), [])
      database?.close()
    }))

  it.effect("A1 A5 who is called off while waiting for another process leaves nothing", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const a = yield* somebody(first, claim("a"))
      const b = yield* somebody(second, claim("b"))
      const c = yield* somebody(second, claim("c"))
      yield* Fiber.interrupt(b.fiber)
      yield* soon
      assert.deepStrictEqual(yield* second.limits.place("b"), Option.none())
      assert.deepStrictEqual(yield* used(second), { "model:opus": 0 })
      yield* a.finish
      yield* pass(again)
      assert.isTrue(yield* c.isIn)
      yield* c.finish
      const d = yield* somebody(first, claim("d"))
      yield* pass(again)
      assert.isTrue(yield* d.isIn, "nothing is held, and nobody else is in line")
    }))

  it.effect("G6 G7 who waits is told that others on this machine use the limit, and how many are ahead", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      yield* somebody(first, claim("a"))
      for (const id of ["b", "c", "d"]) yield* somebody(second, claim(id))
      yield* pass(again)
      const { limits } = second
      assert.deepStrictEqual(yield* Effect.forEach(["b", "c", "d"], limits.place), [
        place(),
        place({ ahead: 1 }),
        place({ ahead: 2 })
      ])
      yield* limits.pause
      assert.deepStrictEqual(Option.map(yield* limits.place("b"), ({ paused }) => paused), Option.some(true))
    }))

  it.effect("G6 who is let in at once is not said to wait, however soon one asks", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const enter = (machine: Machine, id: string) =>
        Effect.gen(function*() {
          const { limits } = machine
          yield* Effect.forkScoped(limits.withSlots(claim(id))(Effect.never), { startImmediately: true })
          return yield* limits.place(id)
        })
      assert.deepStrictEqual(yield* enter(first, "a"), Option.none())
      assert.deepStrictEqual(yield* enter(second, "b"), place())
      yield* second.limits.pause
      assert.deepStrictEqual(yield* enter(second, "c"), place({ ahead: 1, paused: true }))
    }))

  it.effect("a pause keeps out who waits for another process, and leaves the slot to others", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const a = yield* somebody(first, claim("a"))
      const b = yield* somebody(second, claim("b"))
      yield* second.limits.pause
      yield* pass(again)
      yield* a.finish
      const c = yield* somebody(first, claim("c"))
      assert.deepStrictEqual([yield* b.isIn, yield* c.isIn], [false, true])
      yield* c.finish
      yield* pass(5_000)
      assert.isFalse(yield* b.isIn)
      yield* second.limits.resume
      yield* pass(again)
      assert.isTrue(yield* b.isIn)
    }))

  it.effect("A15 slots that are lent are lent to other processes too, and come back from there", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const back = yield* Deferred.make<void>()
      const done = yield* Deferred.make<void>()
      const lender = yield* Effect.gen(function*() {
        yield* first.limits.lend("a")(Deferred.await(back))
        yield* Deferred.succeed(done, undefined)
        const [away, inside] = yield* Effect.all([first.limits.away("a"), used(first)])
        yield* Effect.sleep(1_000)
        return { inside, counts: (yield* first.limits.away("a")) - away }
      }).pipe(first.limits.withSlots(claim("a")), Effect.forkScoped)
      const b = yield* somebody(second, claim("b"))
      yield* pass(again)
      const c = yield* somebody(second, claim("c"))
      assert.deepStrictEqual([yield* b.isIn, yield* c.isIn], [true, false])
      yield* Deferred.succeed(back, undefined)
      yield* pass(10_000)
      assert.isFalse(yield* Deferred.isDone(done), "another process has the slot")
      assert.isAbove(yield* first.limits.away("a"), 10_000)
      assert.deepStrictEqual(Option.map(yield* first.limits.place("a"), ({ elsewhere }) => elsewhere), Option.some(1))
      const restored = yield* Effect.forkScoped(first.limits.restored("a"))
      yield* soon
      assert.isUndefined(restored.pollUnsafe())
      yield* b.finish
      yield* pass(again)
      // It is back in front of the one that waited before.
      assert.deepStrictEqual(restored.pollUnsafe(), Exit.succeed(true))
      assert.isFalse(yield* c.isIn)
      yield* pass(1_000 + again)
      assert.deepStrictEqual(lender.pollUnsafe(), Exit.succeed({ inside: { "model:opus": 1 }, counts: 0 }))
      assert.isTrue(yield* c.isIn)
    }))

  it.effect("who waits for its first slots has nothing to lend, and gets them all the same", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const a = yield* somebody(first, claim("a"))
      const b = yield* somebody(second, claim("b"))
      assert.strictEqual(yield* second.limits.lend("b")(Effect.succeed("done")), "done")
      yield* a.finish
      yield* pass(again)
      assert.isTrue(yield* b.isIn)
    }))

  it.effect("A1 A2 slots may be lent again on their way back, and the claim may end there", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      const [back, more] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      const lender = yield* Effect.gen(function*() {
        const one = yield* Effect.forkChild(first.limits.lend("a")(Deferred.await(back)))
        yield* Deferred.await(back)
        yield* Effect.sleep(1_000)
        yield* first.limits.lend("a")(Deferred.await(more))
        yield* Fiber.join(one)
      }).pipe(first.limits.withSlots(claim("a")), Effect.forkScoped)
      yield* soon
      const b = yield* somebody(second, claim("b"))
      assert.isTrue(yield* b.isIn)
      // It asks for its slots, and lends them again before it has them.
      yield* Deferred.succeed(back, undefined)
      yield* pass(2_000)
      yield* b.finish
      const c = yield* somebody(second, claim("c"))
      assert.isTrue(yield* c.isIn, "what is lent is free")
      yield* Deferred.succeed(more, undefined)
      yield* pass(2_000)
      assert.isUndefined(lender.pollUnsafe())
      yield* Fiber.interrupt(lender)
      yield* c.finish
      const d = yield* somebody(second, claim("d"))
      assert.isTrue(yield* d.isIn)
      assert.deepStrictEqual(yield* used(first), { "model:opus": 0 })
    }))
})

describe("leases", () => {
  it.effect("A4 of a process that is not there any more are free at once", () =>
    Effect.gen(function*() {
      const file = yield* newFile
      const { pid } = spawnSync(process.execPath, ["--version"])
      const dead = yield* machine({ file, process: { pid, host: hostname() } })
      const a = yield* somebody(dead, claim("a"))
      assert.isTrue(yield* a.isIn)
      const b = yield* somebody(yield* machine({ file, process: here }), claim("b"))
      assert.isTrue(yield* b.isIn)
    }))

  it.effect("A4 of a process that has stopped are free at once, and those of one at work last", () =>
    Effect.gen(function*() {
      const { first, second } = yield* two()
      yield* somebody(first, claim("a"))
      const b = yield* somebody(second, claim("b"))
      yield* pass(10 * Owner.lease)
      assert.isFalse(yield* b.isIn)
      yield* first.stop
      yield* pass(again)
      assert.isTrue(yield* b.isIn)
    }))

  it.effect("A4 that nobody renews run out, and their process goes on with limits of its own", () =>
    Effect.gen(function*() {
      const file = yield* newFile
      const asleep = yield* Deferred.make<void>()
      const library = Library.find()
      if (library === undefined) return assert.fail("no SQLite")
      // A process that hangs: its file answers that it is busy.
      let hangs = false
      const busy: Library.Library = {
        open: (path) => {
          const database = library.open(path)
          return {
            ...database,
            prepare: (sql) => {
              const statement = database.prepare(sql)
              const check = <A>(run: () => A): A => {
                if (hangs) throw Object.assign(new Error("database is locked"), { errcode: 5 })
                return run()
              }
              return {
                ...statement,
                all: (parameters) => check(() => statement.all(parameters)),
                run: (parameters) => check(() => statement.run(parameters))
              }
            }
          }
        }
      }
      const first = yield* machine({
        file,
        process: there,
        library: busy,
        onProblem: () => Deferred.succeed(asleep, undefined)
      })
      const a = yield* somebody(first, claim("a"))
      const second = yield* machine({ file, process: here })
      const b = yield* somebody(second, claim("b"))
      hangs = true
      yield* pass(Owner.lease - 1_000)
      assert.isFalse(yield* b.isIn)
      yield* pass(Owner.beat + again + 1_000)
      assert.isTrue(yield* b.isIn)
      assert.isTrue(yield* Deferred.isDone(asleep), "it gave up, and was told of it")
      const c = yield* somebody(first, claim("c"))
      assert.isFalse(yield* c.isIn)
      yield* a.finish
      assert.isTrue(yield* c.isIn)
    }))

  it.effect("A1 of a process that was taken for gone, and goes on all the same, are counted again", () =>
    Effect.gen(function*() {
      const { file, first, second } = yield* two()
      const a = yield* somebody(first, claim("a"))
      const database = Library.find()?.open(file)
      database?.exec("DELETE FROM slot; DELETE FROM owner")
      database?.close()
      yield* pass(Owner.beat)
      const b = yield* somebody(second, claim("b"))
      assert.isFalse(yield* b.isIn)
      yield* a.finish
      yield* pass(again)
      assert.isTrue(yield* b.isIn)
    }))
})

describe("a file that cannot be used", () => {
  it.effect("is told of once, in words, and limits hold in this process", () =>
    Effect.gen(function*() {
      const file = yield* newFile
      writeFileSync(file, "no database at all, only words that are long enough to be looked at as one")
      const told: Array<FileProblem.FileProblem> = []
      const alone = yield* machine({ file, onProblem: (problem) => Effect.sync(() => void told.push(problem)) })
      const a = yield* somebody(alone, claim("a"))
      const b = yield* somebody(alone, claim("b"))
      assert.deepStrictEqual([yield* a.isIn, yield* b.isIn], [true, false])
      assert.deepStrictEqual(told.map(({ reason }) => reason), ["corrupt"])
      assert.include(told[0]?.message ?? "", "Limits hold in this process only")
      yield* a.finish
      assert.isTrue(yield* b.isIn)
    }))
})

describe("whatever happens in several processes", () => {
  const Life = Schema.Struct({
    process: below(2),
    model: below(3),
    after: below(900),
    runs: below(1_500),
    lends: Schema.Literals([0, 0, 0, 400, 1_200]),
    cancel: Schema.Literals([-1, -1, -1, 50, 700])
  })
  const models = [opus, "anthropic/haiku", "openai/gpt"]
  const settings: Partial<Settings.Settings> = {
    concurrencyPolicy: "layered",
    modelConcurrency: { opus: 1 },
    providerConcurrency: { anthropic: 2 },
    defaultConcurrency: 2,
    maxConcurrency: 3
  }
  const sizes: Readonly<Record<string, number>> = { opus: 1, anthropic: 2, total: 3 }

  it.effect.prop(
    "A1 A2 A4 A15 never more than the limit over all, everybody ends, and nothing is left",
    [sequence(Life, 14)],
    ([lives]) =>
      Effect.gen(function*() {
        const { first, second } = yield* two(settings)
        const inside = new Map<number, string>()
        const check = () => {
          const all = [...inside.values()]
          assert.isAtMost(all.length, sizes["total"] ?? 0)
          assert.isAtMost(all.filter((model) => model === opus).length, sizes["opus"] ?? 0)
          assert.isAtMost(all.filter((model) => model.startsWith("anthropic")).length, sizes["anthropic"] ?? 0)
        }
        const live = (life: typeof Life.Type, nth: number) => {
          const { limits } = life.process === 0 ? first : second
          const model = models[life.model] ?? opus
          const enter = Effect.sync(() => {
            inside.set(nth, model)
            check()
          })
          const leave = Effect.sync(() => inside.delete(nth))
          return Effect.gen(function*() {
            yield* enter
            yield* Effect.sleep(life.runs)
            if (life.lends > 0) {
              yield* leave
              yield* limits.lend(`${nth}`)(Effect.sleep(life.lends))
              yield* enter
              yield* Effect.sleep(life.runs)
            }
          }).pipe(Effect.ensuring(leave), limits.withSlots(claim(`${nth}`, model)))
        }
        let at = 0
        const fibers: Array<Fiber.Fiber<void>> = []
        for (const [nth, life] of lives.entries()) {
          at += life.after
          const fiber = yield* Effect.forkScoped(Effect.delay(live(life, nth), at))
          fibers.push(fiber)
          if (life.cancel >= 0) yield* Effect.forkScoped(Effect.delay(Fiber.interrupt(fiber), at + life.cancel))
        }
        for (let n = 0; n < 800 && fibers.some((fiber) => fiber.pollUnsafe() === undefined); n++) yield* pass(100)
        for (const [nth, fiber] of fibers.entries()) {
          const exit = fiber.pollUnsafe()
          assert.isTrue(
            exit !== undefined &&
              (Exit.isSuccess(exit) || ((lives[nth]?.cancel ?? -1) >= 0 && Exit.hasInterrupts(exit))),
            `${nth}: ${JSON.stringify(exit)}`
          )
        }
        yield* soon
        for (const machine of [first, second]) {
          for (const left of Object.values(yield* used(machine))) assert.strictEqual(left, 0)
        }
        // As many as the limit says run at once again.
        const probes = yield* Effect.forEach(
          [first, second],
          (machine, nth) => somebody(machine, claim(`probe ${nth}`, models[nth]))
        )
        yield* pass(again)
        assert.deepStrictEqual(yield* Effect.forEach(probes, ({ isIn }) => isIn), [true, true])
      }).pipe(Effect.scoped),
    { ...thorough(60, 14), ...patient }
  )
})
