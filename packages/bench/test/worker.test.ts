/**
 * The process that a competitor's plugin runs in: Errand and the floor through a whole task, and what a bad plugin can do.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { fileURLToPath } from "node:url"
import * as Arena from "../src/Arena.ts"
import { errand, floor } from "../src/peers/index.ts"
import { entryOf } from "../src/peers/install.ts"
import type { Peer } from "../src/peers/Peer.ts"
import { ready } from "../src/peers/ready.ts"
import { type Reports, Script } from "../src/server/index.ts"

const ask = (parent: string, steps: ReadonlyArray<Script.Step>) => ({
  parent,
  description: "look around",
  prompt: `do it ${Script.script(steps)}`,
  agent: "general",
  background: true
})

/** What happened on the server, once something of this kind did so many times. */
const until = Effect.fnUntraced(function*({ control }: Arena.Arena, kind: Reports.Entry["kind"], times: number) {
  for (;;) {
    const { entries, next } = yield* control.log()
    if (entries.filter((entry) => entry.kind === kind).length >= times) return entries
    yield* control.log({ since: next, wait: 1_000 })
  }
})

for (const peer of [errand, floor]) {
  describe(`${peer.title} as a plugin in a process of its own`, () => {
    it.live("launches two at once, tells the parent of both, and is asked for an answer", () =>
      Effect.scoped(Effect.gen(function*() {
        const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 5 } })
        const { control, worker } = arena
        assert.isAbove(worker.loaded.importing, 0)
        const root = yield* control.root()
        // What ends in the same moment may be told of together.
        const after = (ms: number) => [{ do: "wait", ms }, { do: "say", text: "the answer" }] as const
        const [one, two] = yield* worker.launch([ask(root, after(50)), ask(root, after(400))])
        if (one?.task === undefined || two?.task === undefined) return assert.fail(`no tasks: ${one?.text}`)
        assert.isFalse(one.threw)
        assert.isBelow(one.from, one.to)
        assert.notStrictEqual(one.task, two.task)
        const entries = yield* until(arena, "told", 4)
        const told = entries.filter(({ kind, session }) => kind === "told" && session === root).map(({ text }) => text)
        assert.match(told.join(), new RegExp(one.task))
        assert.match(told.join(), new RegExp(two.task))
        const read = yield* worker.output(root, { task: one.task, block: true, timeout: 5_000 })
        assert.match(read.text, /the answer/)
        yield* worker.dispose
      })))

    it.live("cancels one, and the server sees the abort", () =>
      Effect.scoped(Effect.gen(function*() {
        const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 5 } })
        const root = yield* arena.control.root()
        const [one] = yield* arena.worker.launch([ask(root, [{ do: "hang" }])])
        yield* until(arena, "busy", 1)
        yield* arena.worker.cancel(root, { task: one?.task ?? "none" })
        const abort = (yield* until(arena, "abort", 1)).find(({ kind }) => kind === "abort")
        assert.strictEqual(abort?.was, "busy")
        assert.deepStrictEqual(yield* arena.control.working, [])
      })))
  })
}

/** A plugin of this test's own; its tools are called by the words of a prompt. */
const noisy: Peer = {
  ...floor,
  id: "noisy",
  title: "Noisy",
  entry: fileURLToPath(new URL("support/noisy.plugin.ts", import.meta.url)),
  launch: ({ prompt: tool }) => ({ tool, args: {} })
}

const calls = (tool: string) =>
  Effect.gen(function*() {
    const { control, worker } = yield* Arena.open(noisy, { limits: {} })
    const call = Effect.map(
      worker.launch([{ parent: "ses_root", description: "", prompt: tool, agent: "general", background: true }]),
      ([called]) => called
    )
    return { control, worker, call }
  })

describe("a plugin that does what a good one does not", () => {
  it.live("may print, throw at events and leave promises: it harms nobody, and its arguments come as they were given", () =>
    Effect.scoped(Effect.gen(function*() {
      const { call, control } = yield* calls("print")
      yield* control.root()
      const called = yield* call
      assert.deepStrictEqual([called?.text, called?.threw], ["printed {}", false])
      assert.strictEqual((yield* call)?.text, "printed {}")
    })))

  it.live("throws in a tool, or has no such tool: that is what the agent reads", () =>
    Effect.scoped(Effect.gen(function*() {
      const refused = yield* (yield* calls("refuse")).call
      assert.deepStrictEqual([refused?.text, refused?.threw], ["no", true])
      const missing = yield* (yield* calls("fly")).call
      assert.deepStrictEqual([missing?.text, missing?.threw], ["the plugin has no tool fly", true])
    })))

  it.live("keeps the event loop for itself: it is seen", () =>
    Effect.scoped(Effect.gen(function*() {
      const { call, worker } = yield* calls("block")
      const [longest] = yield* Effect.all([worker.block(500), Effect.delay(call, 100)], { concurrency: 2 })
      assert.isAbove(longest, 60)
    })))

  it.live("ends the process: whoever waits is told", () =>
    Effect.scoped(Effect.gen(function*() {
      const exit = yield* Effect.exit((yield* calls("exit")).call)
      assert.isTrue(Exit.isFailure(exit))
      assert.match(JSON.stringify(exit), /its process ended: 3/)
    })))

  it.live("cannot be loaded: the bench says why", () =>
    Effect.scoped(Effect.gen(function*() {
      const exit = yield* Effect.exit(Arena.open({ ...noisy, entry: "/no/such/plugin.js" }, { limits: {} }))
      assert.match(JSON.stringify(exit), /Noisy: its process ended.*no\/such\/plugin/)
    })))
})

describe("who takes part", () => {
  it.effect("everybody who is asked for, Errand first; a name that nobody has is refused", () =>
    Effect.gen(function*() {
      const says = () => Effect.void
      assert.deepStrictEqual((yield* ready("none", says)).peers.map(({ id }) => id), ["errand"])
      assert.deepStrictEqual((yield* ready("null", says)).peers.map(({ id }) => id), ["errand", "null"])
      const refused = yield* Effect.flip(ready("nobody", says))
      assert.strictEqual(refused.message, "There is nobody called nobody. There are omo-3, omo-4, null")
      assert.match(entryOf(errand), /dist\/index\.js$/)
    }))
})
