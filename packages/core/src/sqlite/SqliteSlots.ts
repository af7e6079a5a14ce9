/**
 * Slots that all processes on this machine share, in a file: the limits hold over all of them.
 *
 * What a process has is a lease: it is taken back when the process is not there any more, or does not renew it. A file that
 * cannot be used, or not any more, is told of once, and then limits hold in this process only.
 */
import { Clock, Effect, Layer, Option, Ref, Schedule, type Scope, Semaphore } from "effect"
import * as SharedSlots from "../SharedSlots.ts"
import * as FileProblem from "./FileProblem.ts"
import type { Library } from "./Library.ts"
import * as Line from "./Line.ts"
import { open } from "./opening.ts"
import * as Owner from "./Owner.ts"
import * as Processes from "./Processes.ts"
import * as SlotTables from "./SlotTables.ts"
import { untilBroken } from "./untilBroken.ts"

export interface Options {
  /** A path; its folder is made. One file for all processes that share their limits. */
  readonly file: string
  /** Told once, when the file cannot be used (any more). */
  readonly onProblem?: ((problem: FileProblem.FileProblem) => Effect.Effect<void>) | undefined
  /** What people can do who want to do without the file, for example "set `x`": the end of what they are told of a problem. */
  readonly without?: string | undefined
  /** Who this is; by default the process that it runs in. */
  readonly process?: Processes.Process | undefined
  readonly library?: Library | undefined
}

const kept: FileProblem.Kept = {
  name: "The file of the shared limits",
  outcome: "Limits hold in this process only"
}

export const layer = (options: Options): Layer.Layer<never> =>
  Layer.effect(
    SharedSlots.Current,
    make(options).pipe(
      Effect.asSome,
      Effect.catchTag("FileProblem", (problem) =>
        Effect.gen(function*() {
          if (problem.reason === "corrupt") yield* FileProblem.setAside(options.file)
          yield* tell(options, problem)
          return Option.none()
        }))
    )
  )

const tell = (
  { onProblem = ({ message }) => Effect.logWarning(message) }: Options,
  problem: FileProblem.FileProblem
) => onProblem(problem)

const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SharedSlots.SharedSlots, FileProblem.FileProblem, Scope.Scope> {
  const { file, library } = options
  const { host, pid } = options.process ?? Processes.current()
  const problems = FileProblem.of({ ...kept, without: options.without }, file)
  // What a power failure takes belongs to nobody afterwards.
  const sql = yield* open({ file, fsync: false, library }, SlotTables.migrations, problems)
  const tables = SlotTables.statements(sql)
  const me = yield* Effect.map(Effect.sync(() => globalThis.crypto.randomUUID()), (uuid) => `${pid}-${uuid}`)
  const looking = yield* Ref.make(Owner.begin(yield* Clock.currentTimeMillis))
  /** What it has, by claim, as it asked for it. */
  const held = new Map<string, ReadonlyArray<Line.Row>>()
  /** One change at a time, of the file and of what follows from it. */
  const lock = yield* Semaphore.make(1)

  const asProblem = (error: SlotTables.TableError): FileProblem.FileProblem =>
    error._tag === "SqlError" ? problems.fromSql(error) : problems.problem("corrupt", "a slot in it cannot be read")

  /** Once a change of the file fails nothing is shared any more. */
  const { attempt: attempted } = yield* untilBroken((error: SlotTables.TableError) => tell(options, asProblem(error)))
  /** Changes the file, in one piece. */
  const attempt = <A>(change: Effect.Effect<A, SlotTables.TableError>) => attempted(tables.transaction(change))

  const changing = <A>(change: Effect.Effect<A>): Effect.Effect<A> => Effect.uninterruptible(lock.withPermit(change))

  /**
   * Takes back what those had who are gone, and renews its own lease. What it has is written down again where others took it
   * for gone: it slept, and goes on all the same.
   */
  const look = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const { since } = yield* Ref.updateAndGet(looking, (before) => Owner.look(before, now))
    const owners = yield* tables.owners
    const gone = owners.filter((owner) =>
      owner.id !== me && Owner.judge(owner, { host, now, since, isAlive: Processes.isAlive }) === "gone"
    )
    yield* Effect.forEach(gone, ({ id }) => tables.forgetOwner(id), { discard: true })
    if (!owners.some(({ id }) => id === me)) {
      yield* Effect.forEach([...held.values()].flat(), (row) => tables.insert({ ...row, held: true }), {
        discard: true
      })
    }
    yield* tables.seen({ id: me, pid, host, seen: now })
    const asking = new Set(owners.filter(({ seen }) => now - seen <= Line.patience).map(({ id }) => id))
    return (owner: string) => asking.has(owner)
  })

  /** The rows of those who ask. Who asked before keeps their turn. */
  const rowsOf = (known: ReadonlyArray<Line.Row>, wants: ReadonlyArray<SharedSlots.Want>): ReadonlyArray<Line.Row> => {
    const turns = new Map(known.filter(({ owner }) => owner === me).map(({ claim, turn }) => [claim, turn]))
    const next = Line.nextTurn(known)
    return wants.flatMap(({ claim, pools, returns }, nth) => {
      const turn = turns.get(claim) ?? next + nth
      return pools.map(({ name, size }) => ({ owner: me, claim, pool: name, size, turn, returns, held: false }))
    })
  }

  const exchange = Effect.fnUntraced(function*(
    over: ReadonlyArray<string>,
    wants: ReadonlyArray<SharedSlots.Want>
  ) {
    const asks = yield* look
    const before = yield* tables.rows
    const waiting = before.filter(({ held, owner }) => owner === me && !held).map(({ claim }) => claim)
    yield* tables.remove(me, [...over, ...waiting])
    const asked = rowsOf(before, wants)
    yield* Effect.forEach(asked, tables.insert, { discard: true })
    const waits = Line.waits(yield* tables.rows, me, asks)
    const entered = asked.filter(({ claim }) => !waits.has(claim))
    yield* tables.enter(me, entered.map(({ claim }) => claim))
    return { waits, entered }
  })

  // Whoever looks next need not find out that this one is gone.
  yield* Effect.addFinalizer(() => changing(attempt(tables.forgetOwner(me))))

  // While it has anything to lose.
  yield* Effect.suspend(() => held.size > 0 ? changing(attempt(look)) : Effect.void).pipe(
    Effect.repeat(Schedule.spaced(Owner.beat)),
    Effect.forkScoped
  )

  return {
    exchange: (over, wants) =>
      changing(Effect.gen(function*() {
        const done = yield* attempt(exchange(over, wants))
        if (Option.isNone(done)) return new Map<string, SharedSlots.Wait>()
        const { entered, waits } = done.value
        for (const claim of over) held.delete(claim)
        for (const [claim, rows] of Map.groupBy(entered, ({ claim }) => claim)) held.set(claim, rows)
        return waits
      }))
  }
})
