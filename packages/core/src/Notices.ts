/**
 * The outbox: tells every parent what it is owed, in order, until the host has taken it.
 *
 * What is owed is decided by `Batch`. Here it is delivered: one fiber per parent that is owed something, one notice at a
 * time. A delivery that fails is tried again, for as long as the parent exists; one whose end is unclear is looked up in
 * the parent's transcript first, so that nothing is told twice. A notice that would wake a task's session waits until
 * that task has its slots again.
 */
import {
  Context,
  Deferred,
  Effect,
  FiberMap,
  HashMap,
  Layer,
  Option,
  PubSub,
  Random,
  Ref,
  Schedule,
  Stream
} from "effect"
import { AgentHost, type HostError, type SessionGone } from "./AgentHost.ts"
import * as Batch from "./Batch.ts"
import { within } from "./HostCall.ts"
import { Journal } from "./Journal.ts"
import { Limits } from "./Limits.ts"
import type { Notice } from "./Notice.ts"
import * as Settings from "./Settings.ts"
import type { SessionId, Task, TaskId } from "./Task.ts"

export interface Delivery {
  readonly parent: SessionId
  readonly notice: Notice
}

export class Notices extends Context.Service<Notices, {
  /** A background task of this parent is out. */
  readonly launched: (parent: SessionId, id: TaskId, run: number) => Effect.Effect<void>
  /** A background task is over: its parent is owed the news. Returns at once. */
  readonly ended: (task: Task) => Effect.Effect<void>
  /** The parent has read the end of a task by itself: it need not be told. */
  readonly read: (task: Task) => Effect.Effect<void>
  /**
   * Around a call in which this session reads how its tasks stand, or waits for that. Meanwhile it is told nothing: it
   * cannot hear before the call is over, and what it has read by then it need not be told.
   */
  readonly reading: (session: SessionId) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether a session has background tasks out, or is owed a notice. */
  readonly expecting: (session: SessionId) => Effect.Effect<boolean>
  /** Waits until a session has no background tasks out and is owed nothing. */
  readonly settled: (session: SessionId) => Effect.Effect<void>
  /**
   * Waits until the tasks of a session have returned and it was told, or until it has tasks out again; gives the last
   * notice that woke it meanwhile, if one did. `whileOut` is around the time in which its tasks are out.
   */
  readonly told: (
    session: SessionId,
    whileOut: (returned: Effect.Effect<void>) => Effect.Effect<void>
  ) => Effect.Effect<Option.Option<string>>
  /** The session is gone: nothing is owed to it any more. */
  readonly forget: (session: SessionId) => Effect.Effect<void>
  /** Whether a task is still part of what its parent is owed. */
  readonly owes: (task: Task) => Effect.Effect<boolean>
  /** The notices that were taken, and by whom, from now on. */
  readonly deliveries: Stream.Stream<Delivery>
}>()("@errand/core/Notices") {
  static readonly layer: Layer.Layer<Notices, never, AgentHost | Journal | Limits> = Layer.effect(
    Notices,
    Effect.suspend(() => make)
  )
}

/** What a parent is owed. */
interface Box {
  /** Batches that are over and wait for their last word, oldest first. */
  readonly sealed: ReadonlyArray<Batch.Batch>
  /** The batch that is out. */
  readonly open: Batch.Batch
  /** Whether a courier is on its way. */
  readonly courier: boolean
  /** The last notice that woke the parent. */
  readonly woke: Option.Option<string>
  /** Done with `woke` when nothing is out and nothing is owed. */
  readonly settled: Deferred.Deferred<Option.Option<string>>
  /** Done when nothing is out any more, or something is again. */
  readonly turn: Deferred.Deferred<void>
}

type Boxes = HashMap.HashMap<SessionId, Box>

/** Half a second, doubling, at most half a minute: a host that restarts is back within a few tries. */
const firstDelay = "500 millis"
const backoff = Schedule.min([Schedule.exponential(firstDelay), Schedule.spaced("30 seconds")])

const emptyBox = (): Box => ({
  sealed: [],
  open: Batch.empty,
  courier: false,
  woke: Option.none(),
  settled: Deferred.makeUnsafe(),
  turn: Deferred.makeUnsafe()
})

/** Everything that has to be said, and nothing else: batches that need no last word are dropped. */
const tidy = (box: Box): Box => {
  const over = isOut(box) && Batch.isOver(box.open)
  const sealed = over ? [...box.sealed, box.open] : box.sealed
  return {
    ...box,
    sealed: sealed.filter((batch) => !Batch.isClosed(batch)),
    open: over ? Batch.empty : box.open
  }
}

/** A changed box, and what is to be done with those who waited for the change. */
interface Turn {
  readonly box: Box
  readonly done: Effect.Effect<unknown>
}

const turned = (before: Box, after: Box): Turn =>
  isOut(before) === isOut(after)
    ? { box: after, done: Effect.void }
    : { box: { ...after, turn: Deferred.makeUnsafe() }, done: Deferred.succeed(before.turn, undefined) }

/** Whether tasks are out: a batch that is over is sealed at once. */
const isOut = (box: Box): boolean => !Batch.isEmpty(box.open)

const isSettled = (box: Box): boolean => box.sealed.length === 0 && !isOut(box)

const make = Effect.gen(function*() {
  const host = yield* AgentHost
  const journal = yield* Journal
  const limits = yield* Limits
  const settings = yield* Settings.Current
  const boxes = yield* Ref.make<Boxes>(HashMap.empty())
  /** How many calls each session reads in. */
  const readers = yield* Ref.make(HashMap.empty<SessionId, number>())
  // Nobody waits for a service that has ended.
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(Ref.get(boxes), (all) => Effect.forEach(HashMap.keys(all), forget, { discard: true }))
  )
  const couriers = yield* FiberMap.make<SessionId>()
  const deliveries = yield* Effect.acquireRelease(PubSub.sliding<Delivery>({ capacity: 1024 }), PubSub.shutdown)

  /** Changes what a parent is owed, and sends a courier unless one is on its way. */
  const owe = (parent: SessionId, change: (box: Box) => Box) =>
    Effect.uninterruptible(Effect.flatMap(
      Ref.modify(boxes, (all): readonly [Option.Option<Turn & { readonly send: boolean }>, Boxes] => {
        const box = HashMap.get(all, parent)
        if (Option.isNone(box)) return [Option.none(), all]
        const turn = turned(box.value, { ...tidy(change(box.value)), courier: true })
        return [Option.some({ ...turn, send: !box.value.courier }), HashMap.set(all, parent, turn.box)]
      }),
      Option.match({
        onNone: () => Effect.void,
        onSome: ({ done, send }) =>
          Effect.andThen(done, send ? Effect.asVoid(FiberMap.run(couriers, parent, courier(parent))) : Effect.void)
      })
    ))

  /**
   * What to say next. A courier that finds nothing is off duty from that same moment on, so nobody relies on one that
   * is about to leave.
   */
  const nextErrand = (parent: SessionId) =>
    Effect.uninterruptible(Effect.flatMap(
      Ref.modify(boxes, (all): readonly [readonly [Batch.Next, Option.Option<Box>], Boxes] => {
        const box = HashMap.get(all, parent)
        if (Option.isNone(box)) return [[{ _tag: "Nothing" }, Option.none()], all]
        if (isSettled(box.value)) return [[{ _tag: "Nothing" }, box], HashMap.remove(all, parent)]
        const next: Batch.Next = HashMap.has(Ref.getUnsafe(readers), parent)
          ? { _tag: "Nothing" }
          : Batch.next(box.value.sealed[0] ?? box.value.open)
        return [[next, Option.none()], HashMap.set(all, parent, underWay(box.value, next))]
      }),
      ([next, done]) =>
        Option.isNone(done)
          ? Effect.succeed(next)
          : Effect.as(Deferred.succeed(done.value.settled, done.value.woke), next)
    ))

  const courier = (parent: SessionId): Effect.Effect<void> =>
    Effect.gen(function*() {
      for (;;) {
        const next = yield* nextErrand(parent)
        if (next._tag !== "Progress" && next._tag !== "Final") return
        const notice: Notice = {
          id: yield* freshId,
          kind: next._tag === "Final" ? "final" : "progress",
          wakes: next._tag === "Final",
          tasks: next.tasks,
          remaining: next._tag === "Final" ? 0 : next.remaining
        }
        yield* deliver(parent, notice)
        yield* Ref.update(boxes, HashMap.modifyAt(parent, Option.map((box) => tidy(taken(box, next, notice)))))
        yield* PubSub.publish(deliveries, { parent, notice })
      }
    }).pipe(Effect.catchTag("SessionGone", () => forget(parent)))

  const deliver = Effect.fnUntraced(function*(parent: SessionId, notice: Notice) {
    if (notice.wakes) yield* restored(parent)
    const attempt = within("notify", settings.callTimeoutMs, host.notify(parent, notice))
    if (!host.capabilities.receipts) {
      return yield* untilTaken(attempt.pipe(
        Effect.catchTag("HostError", (error) => error.kind === "unreachable" ? Effect.void : Effect.fail(error))
      ))
    }
    // The first attempt goes straight; each further one asks first whether the one before arrived after all.
    const further = Effect.flatMap(
      within("received", settings.callTimeoutMs, host.received(parent, notice.id)),
      (received) => received ? Effect.void : attempt
    )
    yield* Effect.catchTag(attempt, "HostError", () => Effect.delay(untilTaken(further), firstDelay))
  })

  const untilTaken = (attempt: Effect.Effect<void, HostError | SessionGone>): Effect.Effect<void, SessionGone> =>
    attempt.pipe(
      Effect.retry({ schedule: backoff, while: (error) => error._tag === "HostError" }),
      // The back-off has no end.
      Effect.catchTag("HostError", Effect.die)
    )

  /** A parent that is a task and lent its slots gets them back before it is woken. */
  const restored = (parent: SessionId) =>
    Effect.flatMap(
      journal.bySession(parent),
      (task) => Option.isNone(task) ? Effect.void : limits.restored(task.value.id)
    )

  const forget = (parent: SessionId) =>
    Effect.uninterruptible(Effect.gen(function*() {
      const box = yield* Ref.modify(boxes, (all) => [HashMap.get(all, parent), HashMap.remove(all, parent)])
      if (Option.isNone(box)) return
      yield* Deferred.succeed(box.value.settled, box.value.woke)
      yield* Deferred.succeed(box.value.turn, undefined)
    }))

  const boxOf = (session: SessionId) => Effect.map(Ref.get(boxes), HashMap.get(session))

  /** Waits until a session has tasks out, or has none. Nobody hears of tasks that are out in a box that is gone. */
  const untilOut = (session: SessionId, out: boolean): Effect.Effect<void> =>
    Effect.flatMap(boxOf(session), (box) => {
      if (Option.isNone(box)) return out ? Effect.never : Effect.void
      return isOut(box.value) === out
        ? Effect.void
        : Effect.andThen(Deferred.await(box.value.turn), untilOut(session, out))
    })

  const told = Effect.fnUntraced(function*(
    session: SessionId,
    whileOut: (returned: Effect.Effect<void>) => Effect.Effect<void>
  ) {
    const box = yield* boxOf(session)
    if (Option.isNone(box)) return Option.none<string>()
    yield* whileOut(untilOut(session, false))
    return yield* Effect.raceFirst(
      Deferred.await(box.value.settled),
      Effect.as(untilOut(session, true), Option.none<string>())
    )
  })

  return Notices.of({
    launched: (parent, id, run) =>
      Effect.flatten(Ref.modify(boxes, (all) => {
        const box = Option.getOrElse(HashMap.get(all, parent), emptyBox)
        const turn = turned(box, { ...box, open: Batch.join(box.open, id, run) })
        return [turn.done, HashMap.set(all, parent, turn.box)]
      })),
    ended: (task) => owe(task.request.parent, (box) => ({ ...box, open: Batch.end(box.open, task) })),
    read: (task) =>
      owe(task.request.parent, (box) => ({
        ...box,
        sealed: box.sealed.map((batch) => Batch.know(batch, task.id, task.run)),
        open: Batch.know(box.open, task.id, task.run)
      })),
    reading: (session) => (call) =>
      Effect.acquireUseRelease(
        Ref.update(readers, HashMap.modifyAt(session, (count) => Option.some(Option.getOrElse(count, () => 0) + 1))),
        () => call,
        () =>
          Effect.andThen(
            Ref.update(
              readers,
              HashMap.modifyAt(session, Option.flatMap((count) => count > 1 ? Option.some(count - 1) : Option.none()))
            ),
            owe(session, (box) => box)
          )
      ),
    expecting: (session) => Effect.map(boxOf(session), Option.isSome),
    settled: (session) =>
      Effect.flatMap(
        boxOf(session),
        (box) => Option.isNone(box) ? Effect.void : Effect.asVoid(Deferred.await(box.value.settled))
      ),
    told,
    // In this order: what the session is owed from then on has a courier of its own.
    forget: (session) => Effect.andThen(FiberMap.remove(couriers, session), forget(session)),
    owes: (task) =>
      Effect.map(
        boxOf(task.request.parent),
        Option.exists((box) => [...box.sealed, box.open].some((batch) => Batch.has(batch, task.id)))
      ),
    deliveries: Stream.fromPubSub(deliveries)
  })
})

/** The courier has been told what is next. */
const underWay = (box: Box, next: Batch.Next): Box => {
  if (next._tag === "Nothing") return { ...box, courier: false }
  return next._tag === "Progress" ? { ...box, open: Batch.promise(box.open) } : box
}

const taken = (box: Box, next: Exclude<Batch.Next, { readonly _tag: "Nothing" | "Closed" }>, notice: Notice): Box => {
  if (next._tag === "Progress") {
    // The batch may have come to its end while the notice was on its way.
    return {
      ...box,
      sealed: box.sealed.map((batch) => Batch.told(batch, next.tasks)),
      open: Batch.told(box.open, next.tasks)
    }
  }
  // Not simply the first: it is gone if the parent has read everything in it meanwhile.
  const isTold = (batch: Batch.Batch) => next.tasks.some((task) => Batch.isMember(batch, task))
  return { ...box, sealed: box.sealed.filter((batch) => !isTold(batch)), woke: Option.some(notice.id) }
}

const freshId = Effect.map(
  Random.nextIntBetween(0, 0x7fffffff),
  (n) => `nt_${n.toString(16).padStart(8, "0")}`
)
