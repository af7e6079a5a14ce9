/**
 * What plugins see that our own adapter does not look at: the fake OpenCode tells the same events, in the same order and
 * with the same fields, as OpenCode 1.18.33 did when it was recorded (`recorded.json`).
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Handle, Script } from "../src/server/index.ts"
import recording from "./recorded.json" with { type: "json" }
import { child, directory, eventually, Fake, prompt, real, type Saying } from "./support/fake.ts"
import { shapes } from "./support/shapes.ts"

interface Case {
  readonly steps: ReadonlyArray<Script.Step>
  readonly saying?: Saying
  /** What happens to the session, once it has told this. */
  readonly next?: {
    readonly when: string
    readonly does: (session: string) => Effect.Effect<unknown, unknown, Fake>
  }
}

/** Everything that is told of a session, in short. */
const told = (session: string) => Effect.map(Fake, ({ heard }) => shapes(heard(session)).map(({ says }) => says))

const abort = (session: string) => Effect.flatMap(Fake, ({ control }) => control.abort(session))

/** What a person answers to the question of a session. */
const reply = (word: Handle.Reply) => (session: string) =>
  Effect.flatMap(Fake, ({ control, heard }) => {
    const asked = heard(session).find(({ type }) => type.endsWith(".asked"))
    return control.reply(String(asked?.properties["id"]), word)
  })

const answer: Script.Step = { do: "say", text: "the answer" }
const permission: Script.Step = { do: "permission", name: "bash", what: "echo ask", ms: 10 }

const cases: Readonly<Record<keyof typeof recording.cases, Case>> = {
  tool: { steps: [{ do: "tool", name: "read", ms: 10 }, answer] },
  fail: { steps: [{ do: "fail", message: "scripted error 401" }] },
  "abort-writing": {
    steps: [{ do: "stream", ms: 60_000, every: 50 }],
    next: { when: "message.part.delta", does: abort }
  },
  corrected: { steps: [permission, answer], next: { when: "permission.asked", does: reply({ word: "not now" }) } },
  refused: { steps: [permission, answer], next: { when: "permission.asked", does: reply("refuse") } },
  retry: { steps: [{ do: "retry", ms: 20, message: "scripted error 429" }, answer] },
  "bad-agent": { steps: [], saying: { agent: "nobody" } },
  "bad-model": { steps: [], saying: { model: "fake/nothing" } },
  todos: { steps: [{ do: "todos", open: 1 }, answer], saying: { agent: "build" } },
  overflow: { steps: [{ do: "overflow" }, answer] },
  fill: { steps: [{ do: "fill", text: "the answer" }, answer] },
  filter: { steps: [{ do: "filter", text: "the answer", message: "blocked" }] },
  "abort-retry": {
    steps: [{ do: "retry", ms: 3_600_000, message: "scripted error 429" }],
    next: { when: "session.status retry", does: abort }
  },
  dismissed: {
    steps: [{ do: "ask", what: "Which?" }, answer],
    saying: { agent: "build" },
    next: { when: "question.asked", does: reply("refuse") }
  },
  empty: { steps: [{ do: "say", text: "" }] },
  // A note that is only to be kept, to a session at work; in the end an abort of what rests.
  "note-at-work": {
    steps: [{ do: "wait", ms: 200 }, answer],
    next: {
      when: "message.updated assistant general",
      does: (session) =>
        Effect.gen(function*() {
          yield* prompt(session, "note", { noReply: true, synthetic: true })
          yield* eventually(told(session), (all) => all.includes("session.idle"))
          yield* abort(session)
        })
    }
  }
}

const play = Effect.fnUntraced(function*({ next, saying, steps }: Case, expected: number) {
  const { control, heard } = yield* Fake
  const id = yield* child(yield* control.root({ directory }))
  yield* prompt(id, steps, saying)
  if (next !== undefined) {
    yield* eventually(told(id), (all) => all.includes(next.when))
    yield* next.does(id)
  }
  yield* Effect.ignore(eventually(told(id), (all) => all.length >= expected))
  // A little longer, for what ought not to come.
  yield* Effect.sleep("100 millis")
  return shapes(heard(id))
})

const recorded: Readonly<Record<string, ReadonlyArray<string>>> = recording.cases
const forms: Readonly<Record<string, ReadonlyArray<string>>> = recording.forms

describe("The fake OpenCode beside a recording of the real one", () => {
  layer(Fake.layer, real)((it) => {
    for (const [name, one] of Object.entries(cases)) {
      const expected = recorded[name] ?? []
      it.effect(`${name}: tells the same, in the same order, with the same fields`, () =>
        Effect.gen(function*() {
          const found = yield* play(one, expected.length)
          assert.deepStrictEqual(found.map(({ says }) => says), expected)
          for (const { fields, says } of found) assert.include(forms[says] ?? [], fields, says)
        }), { concurrent: true })
    }
  })
})
