/**
 * What the agents of the fake OpenCode do besides the manners: what is there for measuring.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Script } from "../src/server/index.ts"
import { answers, atRest, child, done, eventually, Fake, fresh, logOf, prompt, real } from "./support/fake.ts"

describe("Agents of the fake OpenCode", () => {
  layer(Fake.layer, real)((it) => {
    it.effect("a session follows its later scripts one after the other, then says a word", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const id = yield* child(yield* control.root())
        const say = (text: string): ReadonlyArray<Script.Step> => [{ do: "say", text }]
        yield* prompt(id, say("first"), { script: { later: [say("second")] } })
        for (const turns of [1, 2, 3]) {
          yield* eventually(control.session(id), (found) => found.turns === turns && found.activity === "idle")
          yield* prompt(id, "go on")
        }
        yield* eventually(control.session(id), (found) => found.turns === 4 && found.activity === "idle")
        assert.deepStrictEqual(yield* answers(id), ["first", "second", "Noted.", "Noted."])
      }))

    it.effect("a notice that quotes a script does not bring it to its parent; a person who says one does", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const root = yield* control.root()
        const hang = Script.script([{ do: "hang" }])
        yield* prompt(root, `they said: ${hang}`)
        yield* atRest(root)
        yield* control.say(root, hang)
        yield* eventually(control.session(root), ({ activity }) => activity === "busy")
      }))

    it.effect("a prompt that is waited for is answered when the turn ends, with its answer", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const id = yield* child(yield* control.root())
        const text = Script.script([{ do: "gate", name: "go" }, { do: "say", text: "waited for", bytes: 5_000 }])
        const [{ data }] = yield* Effect.all([
          Effect.tryPromise(() => client.session.prompt({ path: { id }, body: { parts: [{ type: "text", text }] } })),
          Effect.andThen(
            eventually(control.working, (found) => found.length === 1),
            Effect.delay(control.openGate("go"), "50 millis")
          )
        ], { concurrency: "unbounded" })
        const said = (data?.parts ?? []).flatMap((part) => part.type === "text" ? [part.text] : []).join("")
        assert.isTrue(said.startsWith("waited for"))
        assert.strictEqual(said.length, 5_000)
      }))

    it.effect("what failed or was aborted is idle some ms before its message ends", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const root = yield* control.root()
        const failed = yield* child(root)
        const aborted = yield* child(root)
        yield* prompt(failed, [{ do: "fail", message: "scripted error 401" }])
        yield* prompt(aborted, [{ do: "hang" }])
        yield* eventually(control.session(aborted), ({ messages }) => messages === 2)
        yield* control.abort(aborted)
        for (const id of [failed, aborted]) {
          const [first, second] = yield* eventually(logOf(id, "idle"), (all) => all.length === 2)
          assert.isAbove(Number(second?.at) - Number(first?.at), 20)
        }
      }))

    it.effect("a history stands before the prompt, in as many messages of as many bytes", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const id = yield* child(yield* control.root())
        yield* prompt(id, [{ do: "history", messages: 30, bytes: 100 }, done])
        yield* atRest(id)
        const { data = [] } = yield* Effect.tryPromise(() => client.session.messages({ path: { id } }))
        const texts = data.map(({ parts }) => parts.flatMap((part) => part.type === "text" ? [part.text] : []).join(""))
        assert.strictEqual(texts.length, 32)
        assert.isTrue(texts.slice(0, 30).every((text) => text.length === 100))
        assert.strictEqual(texts.at(-1), "done")
      }))
  })
})
