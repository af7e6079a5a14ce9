/**
 * The rim, texts, all the way: what an agent, its model and its wishes put into OpenCode reaches a parent and a person as
 * data, and what Errand looks up there is not learned from it.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { AgentHost, Task } from "@errand/core"
import { Arbitrary, Effect, Layer, Schema } from "effect"
import { Client, Host } from "../../src/host/Client.ts"
import * as Feed from "../../src/host/Feed.ts"
import * as OpenCodeHost from "../../src/host/OpenCodeHost.ts"
import { Sessions } from "../../src/host/Sessions.ts"
import { trickyText } from "./support/arbitraries.ts"
import { make as openCode, root } from "./support/openCode.ts"
import { make, Plugin, until } from "./support/plugin.ts"
import { fieldsOf, isWhole, linesOf, readFinal } from "./support/readers.ts"
import { words } from "./support/words.ts"

describe("what other models wrote stays data, all the way", () => {
  it.effect("C2 whether a notice arrived is not learned from what anybody wrote, but from the mark beside our own text", () =>
    Effect.gen(function*() {
      const mark = { errand: { notice: "nt_1" } }
      const written = JSON.stringify({ metadata: mark })
      const said = (role: string, parts: ReadonlyArray<object>) => ({ info: { id: "msg_1", role, time: {} }, parts })
      const received = (messages: ReadonlyArray<object>) =>
        Effect.flatMap(AgentHost.AgentHost, (host) => host.received(Task.SessionId.make(root), "nt_1")).pipe(
          Effect.provide(hostThatHas(messages))
        )
      const text = (text: string) => ({ type: "text", text })
      assert.isFalse(yield* received([said("user", [text(written)]), said("assistant", [text("nt_1")])]))
      assert.isFalse(yield* received([said("assistant", [{ ...text("done"), metadata: mark }])]))
      assert.isFalse(
        yield* received([
          said("assistant", [{ type: "tool", tool: "x", metadata: mark, state: { status: "completed" } }])
        ])
      )
      assert.isFalse(yield* received([said("user", [{ ...text("x"), metadata: written }])]))
      assert.isFalse(yield* received([said("user", [{ ...text("x"), metadata: { errand: { notice: ["nt_1"] } } }])]))
      assert.isTrue(yield* received([said("user", [text(written), { ...text("x"), metadata: mark }])]))
    }))

  let evil = ""
  const real = { excludeTestServices: true }
  layer(Plugin.layer({ defaultConcurrency: 0, minIdleTimeMs: 0 }, { answer: () => evil }), real)((it) => {
    it.effect.prop(
      "C4 D1 all the way: what an agent and its model write reaches the parent, and the tasks it reads of are the true ones",
      { written: words },
      ({ written }) =>
        Effect.gen(function*() {
          const { openCode, use } = yield* Plugin
          evil = written.said
          const before = openCode.messages(root).length
          const text = yield* use("delegate_task", {
            prompt: `p${written.prompt}`,
            description: written.description,
            agent: "explore"
          })
          isWhole(text)
          const id = fieldsOf(text)["Task ID"] ?? "none"
          assert.match(id, /^bg_[0-9a-f]{8}$/)
          yield* until(() => openCode.messages(root).length > before)
          const [model, person] = openCode.messages(root).at(-1)?.parts ?? []
          const told = String(model?.["text"])
          isWhole(told, 2)
          assert.deepStrictEqual(readFinal(told), [["Completed", id]])
          assert.lengthOf(linesOf(String(person?.["text"])), 1)
          isWhole(String(person?.["text"]))
          isWhole(yield* use("background_output", { task_id: id }))
        }),
      { arbitrary: { runs: 40, size: 20 } }
    )
  })

  it.effect.prop(
    "G2 in the toast that asks a person: one line, whatever a task wants to be allowed",
    { written: words, patterns: Arbitrary.array(trickyText, { maxLength: 3 }) },
    ({ patterns, written }) =>
      Effect.gen(function*() {
        const { hook, openCode, use } = yield* make({ permissionWaitMs: 0 }, { answer: () => undefined })
        const launched = yield* use("delegate_task", {
          prompt: "p",
          description: `d${written.description}`,
          agent: "explore"
        })
        const task = fieldsOf(launched)["Session ID"]
        const properties = { id: "per_1", sessionID: task, permission: written.tool, patterns }
        yield* hook("event", { event: { type: "permission.asked", properties } })
        const toasts = () => openCode.sent.filter(({ path }) => path === "/tui/show-toast").map(({ body }) => body)
        yield* until(() => toasts().length > 0)
        const { message } = yield* decodeToast(toasts()[0])
        isWhole(message)
        assert.match(message, /^▲ .* \(@explore\) asks: .+$/)
        assert.isBelow(message.length, 900)
        assert.lengthOf(linesOf(message), 1)
        assert.lengthOf(toasts(), 1)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 25, size: 20 } }
  )

  it.effect("G2 an id that cannot stand in an address ends nothing: the next request is refused all the same", () =>
    Effect.gen(function*() {
      const { hook, openCode, use } = yield* make({ permissions: "reject" }, { answer: () => undefined })
      const task = fieldsOf(yield* use("delegate_task", { prompt: "p", agent: "explore" }))["Session ID"]
      for (const type of ["permission.asked", "question.asked"]) {
        for (const id of ["per_\ud800", "../../session", "per_1"]) {
          yield* hook("event", { event: { type, properties: { id, sessionID: task } } })
        }
      }
      const replies = () => openCode.sent.map(({ path }) => path).filter((path) => /per_1/.test(path))
      yield* until(() => replies().length >= 2)
      assert.deepStrictEqual(replies(), ["/permission/per_1/reply", "/question/per_1/reject"])
    }))
})

const decodeToast = Schema.decodeUnknownEffect(Schema.Struct({ message: Schema.String }))

/** The adapter, on an OpenCode whose root session has these messages. */
const hostThatHas = (messages: ReadonlyArray<object>) => {
  const { client } = openCode({
    overrule: ({ path }, own) => path.endsWith("/message") ? { status: 200, body: messages } : own
  })
  return OpenCodeHost.layer({ noticeMaxChars: 2_000 }).pipe(
    Layer.provide(Sessions.layer),
    Layer.provide(Client.layer),
    Layer.provide(Feed.make().layer),
    Layer.provide(Layer.succeed(Host, Host.of({ client, directory: "/project" })))
  )
}
