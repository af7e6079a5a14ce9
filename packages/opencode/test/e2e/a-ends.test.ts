/**
 * How tasks end, on the real OpenCode: fast and slow answers, every way in which a provider fails, and the limits that
 * end what would never end. The cases of a suite run at the same time, each with a parent of its own.
 */
import { assert, layer } from "@effect/vitest"
import type { Script } from "@errand/lab"
import { Effect } from "effect"
import { delegateOne, newParent, page, patience, real, toldOnce, useOne, working, World } from "./support/world.ts"

const shared = { ...real, concurrent: true }

/** Sends one task to its end; gives what its parent was told, and what it reads then. */
const errand = Effect.fnUntraced(function*(steps: ReadonlyArray<Script.Step>) {
  const parent = yield* newParent
  const launched = yield* delegateOne(parent, { steps })
  return yield* ended(parent, launched)
})

const ended = Effect.fnUntraced(function*(
  parent: string,
  { session, task }: { readonly session: string; readonly task: string }
) {
  const notice = yield* toldOnce(parent)
  const shown = yield* page(parent, task)
  assert.strictEqual(yield* page(parent, task), shown)
  for (const text of [notice.text, notice.person, shown]) assert.notInclude(text, "undefined")
  return { parent, session, task, notice, page: shown }
})

const answerOf = (result: string): string | undefined => /^Task Result\n[\s\S]*?\n---\n\n([\s\S]*)$/.exec(result)?.[1]

/** The requests that the agent of a session made. */
const requestsOf = (session: string) =>
  Effect.flatMap(
    World,
    ({ model }) => Effect.map(model.requests, (all) => all.filter((request) => request.sessionID === session))
  )

const tooLong = {
  status: 400,
  times: 1,
  body: {
    error: {
      message:
        "This model's maximum context length is 200000 tokens. However, your messages resulted in 300000 tokens.",
      type: "invalid_request_error",
      code: "context_length_exceeded"
    }
  }
}

/** As many tokens as make OpenCode summarize: the model's limit is 200,000. */
const full = { prompt_tokens: 199_000, completion_tokens: 900 }

/** What OpenCode tells an agent after it has made room by a summary. */
const goOn = /Continue if you have next steps/

layer(
  World.layer({
    settings: { defaultConcurrency: 0, toasts: false },
    onMessage: [{ when: goOn, steps: [{ say: "Said after the summary." }] }]
  }),
  shared
)("ends", (it) => {
  for (const delay of [0, 50, 7_000]) {
    it.effect(`an answer after ${delay} ms completes the task (B2)`, () =>
      Effect.gen(function*() {
        const end = yield* errand([{ delay, say: `after ${delay}` }])
        assert.strictEqual(answerOf(end.page), `after ${delay}`)
        assert.include(end.notice.text, `[ALL BACKGROUND TASKS COMPLETE]\n\n**Completed:**\n- \`${end.task}\``)
        assert.include(end.notice.text, `\n  > after ${delay}\n`)
      }))
  }

  it.effect("an answer after tools, and after a tool that failed, is the answer (D5)", () =>
    Effect.gen(function*() {
      const end = yield* errand([
        { say: "Looking.", toolCalls: [{ name: "read", args: { filePath: "opencode.json" } }] },
        { toolCalls: [{ name: "read", args: { filePath: "not/there.txt" } }] },
        { say: "It is not there." }
      ])
      assert.strictEqual(answerOf(end.page), "It is not there.")
      const { messages } = (yield* World).server
      const tools = (yield* messages(end.session)).flatMap(({ parts }) =>
        parts.flatMap((part) => part.type === "tool" ? [part.state.status] : [])
      )
      assert.deepStrictEqual(tools, ["completed", "error"])
    }))

  it.effect("401 ends it at once as an error, with the provider's words in notice and page, and its parent goes on (B10, C11, D4)", () =>
    Effect.gen(function*() {
      const body = { error: { message: "Incorrect API key provided", type: "auth", code: "invalid_api_key" } }
      const end = yield* errand([{ fail: { status: 401, body } }])
      assert.strictEqual((yield* requestsOf(end.session)).length, 1)
      const words = "Incorrect API key provided (HTTP 401)"
      assert.include(end.notice.text, "[ALL BACKGROUND TASKS FINISHED - 1 FAILED]\n\n**Failed:**\n")
      assert.include(
        end.notice.text,
        `**Error:** Its agent or the model's provider ended in an error: ${words}.`
      )
      assert.match(end.notice.person, /^✗ Errand 1 · @explore · Incorrect API key provided \(HTTP 401\)$/)
      assert.include(end.page, "| Status | **error** |\n| Duration | ")
      assert.include(end.page, "| Reason | its agent or the model's provider ended in an error |")
      assert.include(end.page, `| Error | ${words} |`)
      assert.include(end.page, "> **Failed**: ")
      assert.include(end.page, `delegate_task(session_id="${end.session}", `)
      const answers = (yield* (yield* World).server.messages(end.parent)).flatMap(({ info }) =>
        info.role === "assistant" ? [info] : []
      )
      assert.isAbove(answers.length, 0)
      for (const { error, time } of answers) {
        assert.isUndefined(error)
        assert.isDefined(time.completed)
      }
    }))

  it.effect("429 twice is waited for, shown on the status page, and forgotten when the answer comes (B10, F9)", () =>
    Effect.gen(function*() {
      const { server } = yield* World
      const parent = yield* newParent
      const body = { error: { message: "Rate limit reached", type: "rate_limit", code: "rate_limit_exceeded" } }
      const launched = yield* delegateOne(parent, {
        steps: [{ fail: { status: 429, body, times: 2 }, say: "at last" }]
      })
      yield* server.waitFor(
        ({ properties, type }) =>
          type === "session.status" && properties["sessionID"] === launched.session
          && JSON.stringify(properties["status"]).includes("retry"),
        { timeout: patience }
      )
      const waiting = yield* page(parent, launched.task)
      assert.include(waiting, "| Status | **running** |")
      assert.match(waiting, /\| Retrying \| attempt [12], (now|next in \d+s): .*Rate limit reached/)
      const end = yield* ended(parent, launched)
      assert.strictEqual(answerOf(end.page), "at last")
      assert.include(end.notice.text, "[ALL BACKGROUND TASKS COMPLETE]")
      assert.deepStrictEqual((yield* requestsOf(end.session)).map(({ failed }) => failed), [429, 429, undefined])
    }))

  it.effect("a connection that is cut is tried again, and the answer counts (B10)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ drop: { times: 1 }, say: "after the cut" }])
      assert.strictEqual(answerOf(end.page), "after the cut")
      assert.deepStrictEqual((yield* requestsOf(end.session)).map(({ aborted }) => aborted), [true, false])
    }))

  it.effect("an error that OpenCode gets over by a summary is no end: the answer comes after it (B11, D5)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ fail: tooLong, say: "never said" }])
      assert.strictEqual(answerOf(end.page), "Said after the summary.")
      assert.include(end.notice.text, "[ALL BACKGROUND TASKS COMPLETE]")
      const kinds = (yield* requestsOf(end.session)).map(({ failed, kind }) => failed ?? kind)
      assert.deepStrictEqual(kinds, [400, "summary", "rule"])
    }))

  it.effect("an answer that fills the context is the answer, not what is said after the summary (D5)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ say: "The real answer.", usage: full }])
      assert.deepStrictEqual((yield* requestsOf(end.session)).map(({ kind }) => kind), ["script", "summary", "rule"])
      assert.strictEqual(answerOf(end.page), "The real answer.")
      assert.include(end.notice.text, "> The real answer.")
    }))

  it.effect("an agent that is not done when the context is full goes on, and answers later", () =>
    Effect.gen(function*() {
      const end = yield* errand([
        { say: "Looking.", toolCalls: [{ name: "read", args: { filePath: "opencode.json" } }], usage: full },
        { say: "never said" }
      ])
      assert.deepStrictEqual((yield* requestsOf(end.session)).map(({ kind }) => kind), ["script", "summary", "rule"])
      assert.strictEqual(answerOf(end.page), "Said after the summary.")
    }))

  it.effect("2 MB of answer: told in short, read page by page, none of them cut by OpenCode (D3)", () =>
    Effect.gen(function*() {
      const { notice, page: first, parent, task } = yield* errand([{ big: 2_000_000 }])
      assert.isBelow(notice.text.length, 3_000)
      assert.include(
        notice.text,
        `(1999999 characters in all. Read it whole: \`background_output(task_id="${task}")\`)`
      )
      const read = (offset: number) => useOne(parent, "background_output", { task_id: task, offset })
      const pieces: Array<string> = []
      let shown = first
      let from = 0
      for (;;) {
        assert.isAtMost(Buffer.byteLength(shown), 50_000)
        const [, text, to] = /\n---\n\n([x\n]+)\n\n\(characters \d+-(\d+) of 500000\./.exec(shown) ?? []
        assert.strictEqual(text?.length, Number(to) - from)
        pieces.push(text ?? "")
        from = Number(to)
        if (from === 500_000) break
        assert.include(shown, `To read on: background_output(task_id="${task}", offset=${from}))`)
        shown = yield* read(from)
      }
      assert.strictEqual(pieces.join("").length, 500_000)
      assert.strictEqual(pieces.length, 13)
      assert.include(shown, "This is the end of the answer.)")
      assert.include(shown, "(The answer had 1999999 characters, of which 500000 were kept.")
      assert.include(yield* read(600_000), "offset=600000 is past the end: the answer has 500000 characters.")
    }))

  it.effect("an empty answer is reported as empty (B8)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{}])
      assert.match(
        answerOf(end.page) ?? "",
        /^\(Empty result: the agent ended without a final text\. To ask it for one: /
      )
      assert.include(end.notice.text, "(Empty result: the agent ended without a final text.)")
    }))

  it.effect("an answer that the provider's content filter blocks is an error with that reason (B10)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ say: "half of", finish: "content_filter" }])
      const words = "The response was blocked by the provider's content filter"
      assert.include(end.notice.text, `**Error:** Its agent or the model's provider ended in an error: ${words}.`)
      assert.include(end.page, "| Status | **error** |")
      assert.include(end.page, `| Error | ${words} |`)
      assert.match(end.page, /\n## Last Message\n\nhalf of$/)
    }))

  it.effect("an answer that is cut at the model's output limit says so", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ say: "as far as it w", finish: "length" }])
      assert.strictEqual(answerOf(end.page), "as far as it w")
      assert.include(end.page, "Note: the answer was cut at the model's output limit")
      assert.include(end.notice.text, "**Note:** the answer was cut at the model's output limit")
    }))
})

/** The task was cancelled by a setting; its session was stopped, and the model's server saw the connection close. */
const stoppedBy = Effect.fnUntraced(function*(
  { notice, page, session, task }: Effect.Success<ReturnType<typeof ended>>,
  setting: "taskTtlMs" | "staleTimeoutMs",
  limit: number
) {
  const { server } = yield* World
  assert.include(notice.text, "[ALL BACKGROUND TASKS FINISHED - 1 CANCELLED]\n\n**Cancelled:**\n")
  assert.match(notice.text, new RegExp(`\`${task}\`[^]*\\*\\*Reason:\\*\\* .*the limit is ${setting} = ${limit}\\.`))
  assert.include(notice.person, `(setting ${setting})`)
  assert.include(page, "| Status | **cancelled** |")
  assert.include(page, `| Setting | ${setting} |`)
  assert.include(page, `the limit is ${setting} = ${limit}`)
  yield* server.idle(session, patience)
})

layer(World.layer({ settings: { taskTtlMs: 10_000, staleTimeoutMs: 0, toasts: false } }), shared)(
  "time limit",
  (it) => {
    it.effect("a provider that always fails with 500 is given up after taskTtlMs (B18, E5, F9)", () =>
      Effect.gen(function*() {
        const end = yield* errand([{ fail: { status: 500 } }])
        yield* stoppedBy(end, "taskTtlMs", 10_000)
        const tries = (yield* requestsOf(end.session)).length
        // It was stopped in the wait between two tries, and the next one never comes.
        yield* Effect.sleep("5 seconds")
        assert.strictEqual((yield* requestsOf(end.session)).length, tries)
      }))

    it.effect("a provider that never answers is given up after taskTtlMs, and its connection closed (B16, E5)", () =>
      Effect.gen(function*() {
        const end = yield* errand([{ hang: true }])
        yield* stoppedBy(end, "taskTtlMs", 10_000)
        yield* working(end.session, ({ aborted }) => aborted)
      }))

    it.effect("so is one that does not come to an end, and what it said can be read (B9, E5)", () =>
      Effect.gen(function*() {
        const end = yield* errand([{ say: "and so on ".repeat(400), chunks: 400, chunkDelay: 100 }])
        yield* stoppedBy(end, "taskTtlMs", 10_000)
        yield* working(end.session, ({ aborted }) => aborted)
        assert.match(end.page, /\n## Last Message\n\nand so on /)
      }))
  }
)

const staleWorld = World.layer({ settings: { staleTimeoutMs: 10_000, pollIntervalMs: 250, toasts: false } })

layer(staleWorld, shared)("quiet limit", (it) => {
  it.effect("a provider that never answers is given up after staleTimeoutMs, and its connection closed (B16)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ hang: true }])
      yield* stoppedBy(end, "staleTimeoutMs", 10_000)
      yield* working(end.session, ({ aborted }) => aborted)
    }))

  it.effect("so is one that stops in the middle of its answer (B15)", () =>
    Effect.gen(function*() {
      const end = yield* errand([{ stall: true }])
      yield* stoppedBy(end, "staleTimeoutMs", 10_000)
      yield* working(end.session, ({ aborted }) => aborted)
    }))

  it.effect("a tool that runs for longer is not quiet, nor is an answer that comes in pieces (B17)", () =>
    Effect.gen(function*() {
      const end = yield* errand([
        { toolCalls: [{ name: "bash", args: { command: "sleep 13 && echo slept", description: "Sleeps" } }] },
        { say: "It said slept. ".repeat(10), chunks: 10, chunkDelay: 600 }
      ])
      assert.include(answerOf(end.page), "It said slept.")
    }))
})
