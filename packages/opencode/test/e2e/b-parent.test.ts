/**
 * The parent: told in the middle of its work without being disturbed, together with a person, or not at all where it is
 * gone; and what the word `ulw` adds to a message.
 */
import { assert, layer } from "@effect/vitest"
import { OpenCode, Script, ScriptedModel } from "@errand/lab"
import { Effect } from "effect"
import { lastUser, live, shown, times, World, world } from "./support/b.ts"

const { script } = Script
const { textOf } = ScriptedModel

/** A command that runs until there is a file of this name in the project. */
const until = (file: string) => ({
  name: "bash",
  args: { command: `until [ -e ${file} ]; do sleep 0.1; done; echo waited`, description: "-" }
})
const delegate = (prompt: string) => ({
  name: "delegate_task",
  args: { description: "An errand", prompt, agent: "general" }
})

/** Whether a request of the model is one in which a message with this text is not answered yet. */
const unanswered = (text: string) => ({ messages }: ScriptedModel.ModelRequest): boolean => {
  const at = messages.findLastIndex((message) => message.role === "user" && textOf(message).includes(text))
  return at >= 0 && messages.slice(at).every(({ role }) => role !== "assistant")
}

layer(world(), live)("a parent", (it) => {
  it.effect("that is busy hears of a result at its next step, in the same turn (C6, C7)", () =>
    Effect.gen(function*() {
      const { model, noticed, notices, parent, requestsOf, sandbox, server } = yield* World
      const session = yield* parent
      yield* server.promptAsync(
        session,
        script([
          { toolCalls: [delegate(script([{ say: "IN BETWEEN" }])), until("busy-1")] },
          { say: "one turn: {{match:IN BETWEEN}}" }
        ])
      )
      yield* noticed(session)
      yield* sandbox.write("busy-1", "")
      yield* server.idle(session)
      const turns = yield* requestsOf(session)
      assert.lengthOf(turns, 2)
      assert.lengthOf(turns.filter(unanswered("IN BETWEEN")), 1)
      assert.lengthOf(yield* notices(session), 1)
      assert.strictEqual(yield* model.maxInFlight(({ sessionID }) => sessionID === session), 1)
      const answers = (yield* server.messages(session)).filter(({ info }) => info.role === "assistant")
      assert.include(JSON.stringify(answers.at(-1)), "one turn: IN BETWEEN")
    }))

  it.effect("that writes its last words hears of it right after, and is asked one thing at a time (C6, C7)", () =>
    Effect.gen(function*() {
      const { model, noticed, notices, parent, requestsOf, server, told } = yield* World
      const session = yield* parent
      const child = delegate(script([{ say: "TOO LATE FOR THIS TURN" }]))
      yield* server.promptAsync(
        session,
        script([{ toolCalls: [child] }, { gate: "last words", say: "last words" }], {
          later: [{ say: "and now this" }]
        })
      )
      yield* noticed(session)
      yield* model.openGate("last words")
      yield* told(session, /TOO LATE FOR THIS TURN/)
      const turns = yield* requestsOf(session)
      assert.lengthOf(turns, 3)
      assert.lengthOf(turns.filter(unanswered("TOO LATE")), 1)
      assert.lengthOf(yield* notices(session), 1)
      assert.strictEqual(yield* model.maxInFlight(({ sessionID }) => sessionID === session), 1)
    }))

  for (const busy of [true, false]) {
    it.effect(`that is ${busy ? "busy" : "idle"} hears a person at the same moment, once each (C2, C8)`, () =>
      Effect.gen(function*() {
        const { asked, launch, model, noticed, notices, parent, requestsOf, sandbox, server } = yield* World
        const session = yield* parent
        const [gate, file, word] = [`both ${busy}`, `both-${busy}`, `PERSON-${busy}`]
        yield* launch(session, script([{ gate, say: "FROM THE TASK" }]))
        if (busy) {
          yield* server.promptAsync(session, script([{ toolCalls: [until(file)] }, { say: "worked" }]))
          yield* asked(session, (request) => request.key !== "" && shown(request).includes("called delegate_task"))
        }
        yield* Effect.all([model.openGate(gate), server.promptAsync(session, word)], { concurrency: "unbounded" })
        yield* noticed(session)
        yield* sandbox.write(file, "")
        const heard = (text: string) =>
          asked(session, (request) => request.endedAt !== undefined && unanswered(text)(request))
        yield* heard(word)
        yield* heard("FROM THE TASK")
        yield* server.idle(session)

        const turns = yield* requestsOf(session)
        assert.lengthOf(turns.filter(unanswered(word)), 1)
        assert.lengthOf(turns.filter(unanswered("FROM THE TASK")), 1)
        assert.lengthOf(yield* notices(session), 1)
        assert.strictEqual(yield* model.maxInFlight(({ sessionID }) => sessionID === session), 1)
        const messages = yield* server.messages(session)
        assert.lengthOf(
          messages.filter((message) => message.info.role === "user" && OpenCode.textOf(message) === word),
          1
        )
        assert.strictEqual(messages.at(-1)?.info.role, "assistant")
      }))
  }

  it.effect("in which a person has undone something hears of it once that is redone: what was undone is still there (C1)", () =>
    Effect.gen(function*() {
      const { event, launch, model, notices, parent, server, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([{ gate: "undone", say: "AFTER THE REDO" }]))
      const before = (yield* server.messages(session)).map(({ info }) => info.id)
      yield* server.request("POST", `/session/${session}/revert`, { messageID: before[0] ?? "" })
      yield* model.openGate("undone")
      yield* event("session.idle", child.session)
      // It is tried again after half a second, and then less and less often.
      yield* Effect.sleep("2 seconds")
      assert.deepStrictEqual((yield* server.messages(session)).map(({ info }) => info.id), before)
      yield* server.request("POST", `/session/${session}/unrevert`, {})
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "AFTER THE REDO")
      const after = (yield* server.messages(session)).map(({ info }) => info.id)
      assert.deepStrictEqual(after.slice(0, before.length), before)
      assert.lengthOf(yield* notices(session), 1)
    }))

  it.effect("that is deleted is owed nothing: no errors, and others go on (C16, E4)", () =>
    Effect.gen(function*() {
      const { asked, launch, model, parent, server, told } = yield* World
      const [gone, other] = [yield* parent, yield* parent]
      const children = [
        yield* launch(gone, script([{ hang: true }])),
        yield* launch(gone, script([{ gate: "gone", say: "NOBODY HEARS" }]))
      ]
      for (const child of children) yield* asked(child.session)
      yield* server.request("DELETE", `/session/${gone}`)
      for (const child of children) yield* asked(child.session, ({ aborted }) => aborted)
      yield* launch(other, script([{ say: "STILL HERE" }]))
      yield* told(other, /STILL HERE/)
      // OpenCode itself complains once for each child: it writes into the session that it has deleted.
      const complaints = (yield* server.logs).split("\n").filter((line) => /level=(ERROR|WARN)/.test(line))
      assert.isAtMost(complaints.length, 2 * children.length)
      assert.notInclude(complaints.join("\n"), gone)
      assert.notMatch(complaints.join("\n"), /opencode-errand|event listener|unhandled/i)
      assert.strictEqual(yield* model.inFlight(), 0)
    }))
})

layer(
  world({
    settings: { providerConcurrency: { fake: 2 } },
    rules: [{ when: /ulw|ultrawork/i, steps: [{ say: "ok" }] }]
  }),
  live
)("ultrawork", (it) => {
  /** What the model was shown of a message, and what is stored of it. */
  const send = Effect.fnUntraced(function*(session: string, text: string) {
    const { requestsOf, server } = yield* World
    yield* server.prompt(session, text)
    const messages = yield* server.messages(session)
    const [request] = (yield* requestsOf(session)).toReversed()
    const parts = messages.findLast(({ info }) => info.role === "user")?.parts ?? []
    return { parts, read: request === undefined ? "" : lastUser(request) }
  })

  it.effect("adds one part for the model that names the agents and the limits", () =>
    Effect.gen(function*() {
      const { parent, server } = yield* World
      const session = yield* parent
      const { parts, read } = yield* send(session, "ulw: find out why the tests are slow, ULTRAWORK please")
      assert.strictEqual(times(read, "[ULTRAWORK]"), 1)
      for (const agent of ["explore", "general", "librarian", "momus", "oracle"]) assert.include(read, `\n- ${agent}: `)
      assert.notInclude(read, "- build")
      assert.include(read, "At the same time run at most: 2 of provider fake, 5 of any other model.")
      const [said, added, ...rest] = parts.map((part) => part.type === "text" ? part : undefined)
      assert.deepStrictEqual(rest, [])
      assert.strictEqual(said?.synthetic, undefined)
      assert.strictEqual(said?.text, "ulw: find out why the tests are slow, ULTRAWORK please")
      assert.isTrue(added?.synthetic)

      // Each message on its own: the next one without the word gets nothing.
      assert.lengthOf((yield* send(session, "and now something else")).parts, 1)
      assert.lengthOf(yield* server.messages(session), 4)
    }))

  it.effect("not where the word is code, or part of another", () =>
    Effect.gen(function*() {
      const { parent } = yield* World
      const session = yield* parent
      for (const text of ["what does `ulw` mean?", "```\nulw\n```", "see src/ulw.ts", "ulwimo"]) {
        assert.lengthOf((yield* send(session, text)).parts, 1)
      }
    }))

  it.effect("not in what one agent writes to another, nor in the notice of it (F6)", () =>
    Effect.gen(function*() {
      const { asked, launch, parent, requestsOf, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, `ulw: ${script([{ say: "done, ulw" }])}`, { description: "The ulw errand" })
      assert.include(yield* told(session, /done, ulw/), child.task)
      assert.notInclude(shown(yield* asked(child.session)), "[ULTRAWORK]")
      assert.notInclude((yield* requestsOf(session)).map(shown).join("\n"), "[ULTRAWORK]")
    }))
})
