/**
 * The outbox: tells every parent what it is owed, in order, until the host has taken it.
 *
 * What is owed follows from the journal (`Outbox`). Here it is delivered: one fiber per parent that is owed something, one
 * notice at a time. That a notice is about to go out is kept before it goes, and that it was taken after; so whoever goes
 * on after a crash knows which one may have arrived. How it gets there is `Delivery`'s business.
 */
import {
  Clock,
  Context,
  Deferred,
  Effect,
  FiberMap,
  HashMap,
  Latch,
  Layer,
  Option,
  PubSub,
  Random,
  Ref,
  Stream
} from "effect"
import type { AgentHost } from "./AgentHost.ts"
import type * as Batch from "./Batch.ts"
import * as Delivery from "./Delivery.ts"
import { HostCalls } from "./HostCalls.ts"
import { Journal } from "./Journal.ts"
import type { Limits } from "./Limits.ts"
import type { Notice } from "./Notice.ts"
import * as Outbox from "./Outbox.ts"
import * as Post from "./Post.ts"
import * as Recent from "./Recent.ts"
import { isShutdown, type SessionId, type Task } from "./Task.ts"

export interface Delivered {
  readonly parent: SessionId
  readonly notice: Notice
  /** Epoch ms. */
  readonly at: number
}

export class Notices extends Context.Service<Notices, {
  /** A background task of this parent is out. */
  readonly launched: (parent: SessionId) => Effect.Effect<void>
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
  /** The same in this moment. */
  readonly expectingUnsafe: (session: SessionId) => boolean
  /** The notices that a session was told since it was woken last, as far as it is expecting more: they woke nobody. By id. */
  readonly quietUnsafe: (session: SessionId) => ReadonlySet<string>
  /** Waits until a session has no background tasks out and is owed nothing. */
  readonly settled: (session: SessionId) => Effect.Effect<void>
  /**
   * Waits until the tasks of a session have returned and it was told, or until it has tasks out again; gives the last
   * notice that woke it meanwhile, if one did. `whileOut` is around the time in which its tasks are out.
   */
  readonly told: (
    session: SessionId,
    whileOut: (returned: Effect.Effect<void>) => Effect.Effect<void>
  ) => Effect.Effect<Option.Option<Post.Woke>>
  /** The session is gone: nothing is owed to it any more. */
  readonly forget: (session: SessionId) => Effect.Effect<void>
  /** What this session is owed was left behind by somebody who is gone. `held`: it is told when it is used, if it is not open. */
  readonly inherited: (session: SessionId, held: boolean) => Effect.Effect<void>
  /** Tells a session nothing until it is used. */
  readonly hold: (session: SessionId) => Effect.Effect<void>
  /** The session is used: what was held back for it is told. */
  readonly used: (session: SessionId) => Effect.Effect<void>
  /** The task of this session has its slots, or is over: what was not to wake it before that is told. */
  readonly outOfLine: (session: SessionId) => Effect.Effect<void>
  /** When a session was last asked to take a notice that wakes it (epoch ms), if that was lately. */
  readonly wakingUnsafe: (session: SessionId) => Option.Option<number>
  /** A notice stands in its parent's session. */
  readonly received: (notice: string) => Effect.Effect<void>
  /** The service has ended: nobody need wait for what this session is owed. */
  readonly leave: (session: SessionId) => Effect.Effect<void>
  /** Whether a task is still, in this moment, part of what its parent is owed. */
  readonly owesUnsafe: (task: Task) => boolean
  /** Whether somebody is owed a notice who is told nothing until they are used. */
  readonly holdsUnsafe: () => boolean
  /** How many notices all parents together are owed in this moment. */
  readonly owedUnsafe: () => number
  /** The notices that were taken, and by whom, from now on. */
  readonly deliveries: Stream.Stream<Delivered>
  /** Opened whenever somebody may be owed less than before. Whoever waits for that closes it. */
  readonly lessOwed: Latch.Latch
}>()("@errand/core/Notices") {
  static readonly layer: Layer.Layer<Notices, never, AgentHost | Journal | Limits> = Layer.effect(
    Notices,
    Effect.suspend(() => make)
  ).pipe(Layer.provide(HostCalls.layer))
}

/** How many sessions are remembered as open: more than anybody goes back and forth between. */
const most = 64

/** What a courier finds. */
type Found =
  /** Nothing to say now: it is off duty. Where nothing is out or owed the post is gone. */
  | { readonly _tag: "Nothing" }
  /** A notice that went out before, and nobody knows whether it was taken. */
  | { readonly _tag: "Again"; readonly notice: Notice }
  | { readonly _tag: "Next" }

const nothing: Found = { _tag: "Nothing" }

const make = Effect.gen(function*() {
  const journal = yield* Journal
  const { deliver, received, wakingUnsafe } = yield* Delivery.make
  const posts = new Map<SessionId, Post.Post>()
  /** The sessions that were used last, the latest last: somebody is there. Changed only by `used`. */
  const open = new Set<SessionId>()
  /** How many calls each session reads in. */
  const readers = yield* Ref.make(HashMap.empty<SessionId, number>())
  // Nobody waits for a service that has ended. What is owed stays in the journal.
  yield* Effect.addFinalizer(() => Effect.suspend(() => Effect.forEach([...posts.keys()], leave, { discard: true })))
  const couriers = yield* FiberMap.make<SessionId>()
  const deliveries = yield* Effect.acquireRelease(PubSub.sliding<Delivered>({ capacity: 1024 }), PubSub.shutdown)

  const lessOwed = yield* Latch.make(false)

  /** Something about a parent's box may have changed: those who wait look again, and a courier is on duty. */
  const attend = (parent: SessionId) =>
    Effect.uninterruptible(Effect.suspend(() => {
      Latch.openUnsafe(lessOwed)
      const post = posts.get(parent)
      if (post === undefined) return Effect.void
      const isOnDuty = post.courier
      post.courier = true
      Post.wake(post)
      return isOnDuty ? Effect.void : Effect.asVoid(FiberMap.run(couriers, parent, courier(parent)))
    }))

  /**
   * Whether a parent is a task in line, or was when everything ended: it is told nothing that would wake its session, which
   * would work without slots.
   */
  const isInLine = (parent: SessionId): boolean =>
    Option.exists(journal.atHandUnsafe(parent), (task) => task.status === "pending" || isShutdown(task))

  const wordOf = (parent: SessionId, box: Readonly<Outbox.Box>): Found => {
    const [notice] = box.sending
    if (notice !== undefined) return notice.wakes && isInLine(parent) ? nothing : { _tag: "Again", notice }
    const next = Outbox.next(box)
    return isWord(next) && !(next._tag === "Final" && isInLine(parent)) ? { _tag: "Next" } : nothing
  }

  /** A courier that finds nothing is off duty from that same moment on, so nobody relies on one that is about to leave. */
  const find = (parent: SessionId) =>
    Effect.sync((): Found => {
      const post = posts.get(parent)
      if (post === undefined) return nothing
      const box = journal.boxUnsafe(parent)
      if (Outbox.isSettled(box)) {
        remove(parent, post)
        return nothing
      }
      const found = post.held || HashMap.has(Ref.getUnsafe(readers), parent) ? nothing : wordOf(parent, box)
      post.courier = found._tag !== "Nothing"
      return found
    })

  /** The same, once all has ended that ends in this moment: that is one notice. A journal that gathers sees to it. */
  const gather = journal.gathers
    ? find
    : (parent: SessionId) =>
      Effect.flatMap(
        find(parent),
        (found) => found._tag === "Next" ? Effect.andThen(Effect.yieldNow, find(parent)) : Effect.succeed(found)
      )

  /** Decides what is said next, and keeps that it is about to be said. */
  const compose = Effect.fnUntraced(function*(parent: SessionId) {
    const notice = yield* freshId
    const at = yield* Clock.currentTimeMillis
    const box = yield* journal.note(parent, (box) => {
      const next = Outbox.next(box)
      if (!isWord(next) || box.sending.length > 0) return Option.none()
      // Its last task may have ended since it was looked at.
      if (next._tag === "Final" && isInLine(parent)) return Option.none()
      return Option.some({
        _tag: "Sending",
        parent,
        at,
        notice,
        kind: next._tag === "Final" ? "final" : "progress",
        tasks: next.tasks.map(({ id, run }) => ({ id, run })),
        remaining: next._tag === "Final" ? 0 : next.remaining
      })
    })
    return Option.fromUndefinedOr(box.sending.find(({ id }) => id === notice))
  })

  const courier = (parent: SessionId): Effect.Effect<void> =>
    Effect.gen(function*() {
      for (;;) {
        const found = yield* gather(parent)
        if (found._tag === "Nothing") return
        const notice = found._tag === "Again" ? Option.some(found.notice) : yield* compose(parent)
        if (Option.isNone(notice)) continue
        const askedAt = yield* deliver(parent, notice.value, found._tag === "Again")
        yield* taken(parent, notice.value, askedAt)
      }
    }).pipe(Effect.catchTag("SessionGone", () => forget(parent)))

  const taken = Effect.fnUntraced(function*(parent: SessionId, notice: Notice, askedAt: number) {
    const at = yield* Clock.currentTimeMillis
    yield* journal.note(parent, () => Option.some({ _tag: "Taken", parent, at, notice: notice.id }))
    const post = posts.get(parent)
    if (post !== undefined && notice.wakes) post.woke = Option.some({ notice: notice.id, at: askedAt })
    yield* PubSub.publish(deliveries, { parent, notice, at })
    yield* Latch.open(lessOwed)
  }, Effect.uninterruptible)

  /** Nobody need wait for this parent any more. */
  const remove = (parent: SessionId, post: Post.Post): void => {
    posts.delete(parent)
    Deferred.doneUnsafe(post.settled, Effect.succeed(post.woke))
    Post.wake(post)
  }

  const leave = (parent: SessionId) =>
    Effect.sync(() => {
      const post = posts.get(parent)
      if (post !== undefined) remove(parent, post)
    })

  const forget = (parent: SessionId) =>
    Effect.uninterruptible(Effect.gen(function*() {
      const at = yield* Clock.currentTimeMillis
      yield* journal.note(parent, (box) =>
        Outbox.isSettled(box) ? Option.none() : Option.some({ _tag: "Dropped", parent, at }))
      // It may have tasks out again by now: a new courier sees to that.
      const post = posts.get(parent)
      if (post !== undefined) {
        post.courier = false
      }
      yield* attend(parent)
    }))

  const postOf = (session: SessionId) => Effect.sync(() => posts.get(session))

  /** Waits until a session has tasks out, or has none. Nobody hears of tasks that are out of a post that is gone. */
  const untilOut = (session: SessionId, out: boolean): Effect.Effect<void> =>
    Effect.flatMap(postOf(session), (post) => {
      if (post === undefined) return out ? Effect.never : Effect.void
      if (Outbox.isOut(journal.boxUnsafe(session)) === out) return Effect.void
      return Effect.andThen(Deferred.await(post.changed), untilOut(session, out))
    })

  const told = Effect.fnUntraced(function*(
    session: SessionId,
    whileOut: (returned: Effect.Effect<void>) => Effect.Effect<void>
  ) {
    const post = yield* postOf(session)
    if (post === undefined) return Option.none<Post.Woke>()
    yield* whileOut(untilOut(session, false))
    return yield* Effect.raceFirst(
      Deferred.await(post.settled),
      Effect.as(untilOut(session, true), Option.none<Post.Woke>())
    )
  })

  /** Something of this session's is out, or it is owed a word: it has a post from then on. */
  const begin = (session: SessionId) =>
    Effect.sync(() => {
      const known = posts.get(session)
      const post = known ?? Post.make()
      if (known === undefined) posts.set(session, post)
      else Post.wake(post)
      return post
    })

  const used = (session: SessionId) =>
    Effect.suspend(() => {
      Recent.note(open, session, most)
      const post = posts.get(session)
      if (post === undefined || !post.held) return Effect.void
      post.held = false
      return attend(session)
    })

  return Notices.of({
    launched: (parent) => Effect.asVoid(begin(parent)),
    ended: ({ request }) => attend(request.parent),
    read: Effect.fnUntraced(function*(task) {
      const { id, request: { parent }, run } = task
      const at = yield* Clock.currentTimeMillis
      yield* journal.note(
        parent,
        (box) => Outbox.has(box, task) ? Option.some({ _tag: "Read", parent, at, id, run }) : Option.none()
      )
      yield* attend(parent)
    }),
    reading: (session) => (call) =>
      Effect.acquireUseRelease(
        Effect.andThen(
          used(session),
          Ref.update(readers, HashMap.modifyAt(session, (count) => Option.some(Option.getOrElse(count, () => 0) + 1)))
        ),
        () => call,
        () =>
          Effect.andThen(
            Ref.update(
              readers,
              HashMap.modifyAt(session, Option.flatMap((count) => count > 1 ? Option.some(count - 1) : Option.none()))
            ),
            attend(session)
          )
      ),
    expecting: (session) => Effect.sync(() => posts.has(session)),
    expectingUnsafe: (session) => posts.has(session),
    quietUnsafe: (session) => journal.boxUnsafe(session).quiet,
    settled: (session) =>
      Effect.flatMap(
        postOf(session),
        (post) => post === undefined ? Effect.void : Effect.asVoid(Deferred.await(post.settled))
      ),
    told,
    // In this order: what the session is owed from then on has a courier of its own.
    forget: (session) => Effect.andThen(FiberMap.remove(couriers, session), forget(session)),
    inherited: (session, held) =>
      Effect.flatMap(begin(session), (post) => {
        post.held = held && !open.has(session)
        return attend(session)
      }),
    hold: (session) =>
      Effect.sync(() => {
        const post = posts.get(session)
        if (post !== undefined) post.held = true
      }),
    used,
    outOfLine: attend,
    wakingUnsafe,
    received,
    leave,
    owesUnsafe: (task) => Outbox.has(journal.boxUnsafe(task.request.parent), task),
    holdsUnsafe: () => Array.from(posts).some(([parent, { held }]) => held && Outbox.isOwed(journal.boxUnsafe(parent))),
    owedUnsafe: () =>
      Array.from(posts.keys(), (parent) => Outbox.owed(journal.boxUnsafe(parent)))
        .reduce((sum, owed) => sum + owed, 0),
    deliveries: Stream.fromPubSub(deliveries),
    lessOwed
  })
})

/** Whether there is something to say now. */
const isWord = (next: Batch.Next): next is Extract<Batch.Next, { readonly _tag: "Progress" | "Final" }> =>
  next._tag === "Progress" || next._tag === "Final"

const freshId = Effect.map(
  Random.nextIntBetween(0, 0x7fffffff),
  (n) => `nt_${n.toString(16).padStart(8, "0")}`
)
