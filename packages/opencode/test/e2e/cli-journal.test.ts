/**
 * `opencode-errand tasks` and `timeline` beside a real OpenCode whose tasks they show: while they are out, when they are
 * over, and when OpenCode was killed.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Timeline } from "@errand/view"
import { Effect, Schedule, Schema } from "effect"
import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { List } from "../../src/cli/tasks/list.ts"
import { place, words } from "./support/b.ts"
import { bun, call, patient, type Ran } from "./support/cli.ts"

const { script } = Script

const decodeList = Schema.decodeEffect(Schema.fromJsonString(List))
const decodeTimeline = Schema.decodeEffect(Schema.fromJsonString(Timeline.Timeline))

const good = ({ code, stderr, stdout }: Ran): string => {
  assert.deepStrictEqual([code, stderr], [0, ""])
  assert.notInclude(stdout, "undefined")
  assert.notInclude(stdout, "\u001b")
  return stdout
}

describe("tasks and timeline", () => {
  it.live(
    "show what is out, what is in line and why, what is finished, and what a killed OpenCode has left",
    () =>
      Effect.gen(function*() {
        const { model, sandbox } = yield* place({ settings: { providerConcurrency: { fake: 1 } } })
        const run = (...args: ReadonlyArray<string>) => call(sandbox, args, sandbox.env)

        const none = yield* run("tasks")
        assert.deepStrictEqual([none.code, none.stdout], [1, ""])
        assert.match(
          none.stderr,
          /^✗ There is no journal at .*\. It is made when the first task is launched; see that you are/
        )

        const server = yield* OpenCode.serve(sandbox)
        const { asked, launch, parent } = words({ model, server })
        const session = yield* parent
        const first = yield* launch(session, script([{ hang: true }]), { description: "Find the auth code" })
        yield* asked(first.session)
        const second = yield* launch(session, script([{ say: "read" }]), { description: "Read the docs" })

        const listed = yield* Effect.flatMap(Effect.map(run("tasks", "--json"), good), decodeList)
        assert.deepStrictEqual(listed.tasks.map(({ group, id, pool }) => [group, id, pool]), [
          ["out", first.task, "provider:fake"],
          ["in line", second.task, "provider:fake"]
        ])
        const text = good(yield* run("tasks"))
        assert.match(text, /^Out\n {2}\S bg_\w{8} {2}Find the auth code {2,3}\d+s {2}general · .*fake\/m1\n\nIn line\n/)
        assert.match(text, /\n {2}◌ bg_\w{8} {2}Read the docs {7,8}\d+s {2}waits for a slot · fake 1\/1\n$/)

        const drawn = good(yield* run("timeline"))
        assert.match(drawn, /provider fake/)
        assert.match(drawn, /general\W+Find the auth .*█/)
        assert.match(drawn, /general\W+Read the docs .*░/)

        yield* server.kill("SIGKILL")
        yield* server.exited
        const left = yield* Effect.flatMap(Effect.map(run("tasks", "--json"), good), decodeList)
        assert.deepStrictEqual(left.tasks.map(({ group }) => group), ["lost", "lost"])
        assert.match(
          good(yield* run("tasks")),
          /^Left behind\n {2}\? bg_\w{8} {2}Find the auth code .*left when OpenCode stopped/
        )

        // The next OpenCode goes on with both: the agent that was cut off is told to, and this time it answers.
        yield* OpenCode.serve(sandbox)
        const over = yield* Effect.timeout(
          Effect.repeat(Effect.flatMap(Effect.map(run("tasks", "--json"), good), decodeList), {
            schedule: Schedule.spaced("500 millis"),
            until: ({ tasks }) => tasks.every(({ group }) => group === "finished")
          }),
          "60 seconds"
        )
        assert.deepStrictEqual(
          Object.fromEntries(over.tasks.map(({ id, status }) => [id, status])),
          { [first.task]: "completed", [second.task]: "completed" }
        )

        const data = yield* Effect.flatMap(Effect.map(run("timeline", "--last", "--json"), good), decodeTimeline)
        const pool = data.pools.find(({ name }) => name === "provider:fake")
        assert.deepStrictEqual([pool?.size, pool?.lanes.length], [1, 2])
        for (const { used } of pool?.used ?? []) assert.isAtMost(used, 1)

        assert.match(
          good(yield* run("timeline", "--svg", "--session", session)),
          /^<svg[^]*Find the auth code[^]*<\/svg>\n$/
        )
        assert.match(good(yield* run("timeline", "--trace")), /"ph":"X"/)
        const written = yield* run("timeline", "--out", "out/timeline.html")
        assert.deepStrictEqual(written, { code: 0, stdout: "", stderr: "" })
        const page = yield* Effect.promise(() => readFile(join(sandbox.project, "out/timeline.html"), "utf8"))
        assert.match(page, /^<!doctype html>[^]*Find the auth code/i)

        const png = yield* run("timeline", "--out", "out/timeline.png")
        assert.deepStrictEqual([png.code, png.stdout], [1, ""])
        assert.match(png.stderr, /ends in \.png\. End it in \.html, \.svg, \.json or \.txt/)
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(sandbox.project, "out"))), ["timeline.html"])
        const stranger = yield* run("timeline", "--session", "ses_nobody")
        assert.deepStrictEqual([stranger.code, stranger.stdout], [1, ""])
        assert.match(stranger.stderr, /^✗ No task was sent out by session ses_nobody\. Without --session all are drawn/)

        // Elsewhere it says where there is one; and Bun does as well as Node.
        const elsewhere = yield* call({ ...sandbox, project: sandbox.home }, ["tasks"], sandbox.env)
        assert.match(elsewhere.stderr, /There is no journal at [^]*--journal reads one:\n {2}\S+project-\w+\.sqlite\n$/)
        const journal = left.journal
        const before = yield* Effect.promise(() => stat(journal))
        const there = yield* call(sandbox, ["tasks", "--journal", journal], sandbox.env, { runtime: bun })
        assert.match(good(there), /^Finished\n/)
        assert.strictEqual((yield* Effect.promise(() => stat(journal))).mtimeMs, before.mtimeMs)
      }),
    patient
  )
})
