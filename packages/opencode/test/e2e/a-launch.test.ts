/**
 * Launching, on the real OpenCode: what the agent reads, what session comes of it, what is refused, and how the parent
 * hears of the end.
 */
import { assert, layer } from "@effect/vitest"
import { OpenCode, Script, ScriptedModel } from "@errand/lab"
import { Effect, Schema } from "effect"
import {
  delegate,
  delegateOne,
  launchedOf,
  newParent,
  page,
  real,
  told,
  toldOnce,
  use,
  useOne,
  working,
  World
} from "./support/world.ts"

const Session = Schema.Struct({
  parentID: Schema.String,
  directory: Schema.String,
  title: Schema.String,
  model: Schema.Struct({ id: Schema.String, providerID: Schema.String }),
  permission: Schema.Array(Schema.Struct({ permission: Schema.String, pattern: Schema.String, action: Schema.String }))
})

const Parameters = Schema.Struct({
  type: Schema.Literal("object"),
  properties: Schema.Record(Schema.String, Schema.Struct({ type: Schema.String, description: Schema.String })),
  required: Schema.optionalKey(Schema.Array(Schema.String))
})

const decodeSession = Schema.decodeUnknownEffect(Session)
const decodeParameters = Schema.decodeUnknownSync(Parameters)

const answer = (say: string): ReadonlyArray<Script.Step> => [{ say }]

layer(
  World.layer({
    settings: { defaultConcurrency: 0, modelConcurrency: { "fake/m4": 1 } },
    config: { agent: { planner: { mode: "primary", model: "fake/m2", description: "Plans" } } }
  }),
  real
)(
  "launch",
  (it) => {
    it.effect("says what was launched, with the session that there is, and reads as the tutorial says", () =>
      Effect.gen(function*() {
        const { model, server } = yield* World
        const parent = yield* newParent
        const { session, task, text } = yield* delegateOne(parent, {
          description: "Explore: find the auth code",
          steps: [{ gate: "literal", say: "It is in src/auth." }]
        })
        assert.match(task, /^bg_[0-9a-f]{8}$/)
        assert.deepStrictEqual((yield* server.children(parent)).map(({ id }) => id), [session])
        assert.strictEqual(
          text,
          [
            "Background task launched successfully.",
            "",
            `Task ID: ${task}`,
            `Session ID: ${session}`,
            "Description: Explore: find the auth code",
            "Agent: explore",
            "Status: running",
            "",
            "The system will notify you when it ends: go on with other work and do not poll; "
            + `use background_output(task_id="${task}") only if you need to look at it before.`
          ].join("\n")
        )

        yield* working(session)
        assert.match(
          yield* page(parent, task),
          new RegExp([
            "^## Task Status",
            "",
            "\\| Field \\| Value \\|",
            "\\|--- \\| ---\\|",
            `\\| Task ID \\| \`${task}\` \\|`,
            "\\| Description \\| Explore: find the auth code \\|",
            "\\| Agent \\| explore \\|",
            "\\| Status \\| \\*\\*running\\*\\* \\|",
            "\\| Duration \\| \\d+s \\|",
            `\\| Session ID \\| \`${session}\` \\|`,
            "\\| Model \\| fake/m1 \\|",
            "\\| Last activity \\| \\d+s ago \\|",
            "",
            "> \\*\\*Note\\*\\*: No need to wait explicitly - system will notify you when this task completes\\.",
            "",
            "## Original Prompt",
            "",
            "SCRIPT64:\\S+$"
          ].join("\n"))
        )

        yield* model.openGate("literal")
        yield* told(parent)
        const result = yield* page(parent, task)
        assert.match(
          result,
          new RegExp(
            `^Task Result\n\nTask ID: ${task}\nDescription: Explore: find the auth code\nDuration: \\d+s\n`
              + `Session ID: ${session}\n\n---\n\nIt is in src/auth\\.$`
          )
        )
        assert.strictEqual(yield* page(parent, task), result)
      }))

    it.effect("starts three that were launched in one turn, all at once", () =>
      Effect.gen(function*() {
        const { model } = yield* World
        const parent = yield* newParent
        const names = ["one", "two", "three"]
        const launched = yield* delegate(
          parent,
          names.map((name) => ({ description: name, steps: [{ gate: "three", say: `answer ${name}` }] }))
        )
        assert.deepStrictEqual(launched.map(({ status }) => status), ["running", "running", "running"])
        assert.strictEqual(new Set(launched.map(({ session }) => session)).size, 3)
        yield* Effect.forEach(launched, ({ session }) => working(session))
        assert.strictEqual(yield* model.inFlight((request) => request.parentSessionID === parent), 3)
        yield* model.openGate("three")
        const last = (yield* told(parent)).at(-1)
        for (const [index, { task }] of launched.entries()) {
          assert.include(last?.text, `- \`${task}\`: ${names[index]} (explore, `)
          assert.include(last?.text, `> answer ${names[index]}`)
        }
      }))

    it.effect("names the limit that a pending task waits for, and its place in line (G7)", () =>
      Effect.gen(function*() {
        const { model } = yield* World
        const parent = yield* newParent
        const errand = { steps: [{ gate: "line", say: "done" }], args: { model: "fake/m4" } }
        const launched = yield* delegate(parent, [errand, errand, errand])
        assert.deepStrictEqual(launched.map(({ status }) => status), ["running", "pending", "pending"])
        assert.deepStrictEqual(launched.slice(1).map(({ session }) => session), ["(not started)", "(not started)"])
        const waits = "It waits for the limit of model fake/m4 (1 of 1 in use; setting modelConcurrency[\"fake/m4\"]), "
        assert.deepStrictEqual(launched.map(({ text }) => text.split("\n").slice(9)), [
          [],
          [`${waits}next in line, and starts by itself.`],
          [`${waits}1 task ahead, and starts by itself.`]
        ])
        const waiting = yield* page(parent, launched[2]?.task ?? "")
        assert.include(waiting, "| Status | **pending** |\n| Queued for | ")
        assert.include(waiting, "| Session ID | (not started) |")
        assert.include(waiting, "1 task ahead; waits for the limit of model fake/m4 (1 of 1 in use;")
        assert.notInclude(waiting, "undefined")
        yield* model.openGate("line")
        assert.include((yield* told(parent)).at(-1)?.text, "[ALL BACKGROUND TASKS COMPLETE]")
      }))

    it.effect("answers an agent that polls with one line, and none the less tells it of the end (F7)", () =>
      Effect.gen(function*() {
        const { model } = yield* World
        const parent = yield* newParent
        const { task } = yield* delegateOne(parent, { steps: [{ gate: "polled", say: "done" }] })
        const looks = yield* Effect.forEach([1, 2, 3], () => page(parent, task))
        assert.deepStrictEqual(looks.map((text) => text.startsWith("## Task Status")), [true, true, false])
        assert.match(
          looks[2] ?? "",
          new RegExp(`^Task ${task} is still running \\(for \\d+s\\)\\. You are polling: .*$`)
        )
        yield* model.openGate("polled")
        assert.include((yield* toldOnce(parent)).text, "> done")
        assert.match(yield* page(parent, task), /^Task Result\n/)
      }))

    it.effect("opens a child session: parent, directory, title, rules, model (F2, G1, G2)", () =>
      Effect.gen(function*() {
        const { sandbox, server } = yield* World
        const parent = yield* newParent
        const { session } = yield* delegateOne(parent, {
          description: "Look it up",
          agent: "General",
          steps: [{ toolCalls: [{ name: "read", args: { filePath: `${sandbox.project}/opencode.json` } }] }, {
            say: "{{lastTool}}"
          }],
          args: { model: "fake/m2" }
        })
        const notice = yield* toldOnce(parent)
        // It could read what is in the project without asking.
        assert.include(notice.text, "\"model\": \"fake/m1\"")
        const found = yield* server.request("GET", `/session/${session}`)
        const { permission, ...rest } = yield* decodeSession(found.body)
        assert.deepStrictEqual(rest, {
          parentID: parent,
          directory: sandbox.project,
          title: "Look it up (@general subagent)",
          model: { id: "m2", providerID: "fake" }
        })
        assert.deepStrictEqual(permission, [
          { permission: "question", pattern: "*", action: "deny" },
          { permission: "task", pattern: "*", action: "deny" }
        ])

        const request = yield* working(session)
        const tools = request.tools.map(({ name }) => name)
        assert.includeMembers(tools, ["read", "delegate_task", "background_output", "background_cancel"])
        assert.deepStrictEqual(tools.filter((name) => name === "question" || name === "task"), [])
        assert.strictEqual(request.model, "m2")
        assert.strictEqual(request.parentSessionID, parent)
      }))

    it.effect("shows the model the tools with the arguments that are required, and no others", () =>
      Effect.gen(function*() {
        const { server } = yield* World
        const parent = yield* newParent
        yield* server.prompt(parent, Script.script(answer("Hello.")))
        const { tools } = yield* working(parent)
        const shown = Object.fromEntries(
          tools.filter(({ name }) => name === "delegate_task" || name.startsWith("background_")).map((tool) => {
            const { properties, required } = decodeParameters(tool.parameters)
            return [tool.name, { required: required ?? [], all: Object.keys(properties).sort() }]
          })
        )
        assert.deepStrictEqual(shown, {
          background_cancel: { required: [], all: ["all", "task_id"] },
          background_output: { required: ["task_id"], all: ["block", "offset", "task_id", "timeout"] },
          delegate_task: {
            required: ["description", "prompt"],
            all: ["agent", "background", "description", "model", "prompt", "session_id"]
          }
        })
      }))

    it.effect("refuses what cannot be done, in one line that says what to do, and launches nothing (F8, G5)", () =>
      Effect.gen(function*() {
        const { server } = yield* World
        const parent = yield* newParent
        const good = { description: "d", prompt: "p", agent: "explore" }
        const cases: ReadonlyArray<readonly [args: Schema.Json, ...says: ReadonlyArray<string>]> = [
          [{ ...good, agent: "nobody" }, "Unknown agent: \"nobody\".", "explore, general, librarian, momus, oracle."],
          [{ ...good, agent: "exploer" }, "Unknown agent: \"exploer\". Did you mean explore?"],
          [{ ...good, agent: "Build" }, "\"build\" is a primary agent", "explore, general, librarian, momus, oracle."],
          [{ ...good, agent: "title" }, "Unknown agent: \"title\"."],
          [{ ...good, model: "fake/m9" }, "Unknown model: \"fake/m9\".", "fake/m1, fake/m2, fake/m3, fake/m4."],
          [{ ...good, model: "nowhere/m1" }, "Unknown model: \"nowhere/m1\".", "fake/m1"],
          [
            { ...good, model: "opus" },
            "model is \"opus\", but must be written provider/model",
            "Known models: fake/m1"
          ],
          [{ ...good, model: "m2" }, "model is \"m2\"", "Did you mean fake/m2?"],
          [{ ...good, model: 7 }, "model is 7, but must be written provider/model"],
          [
            { ...good, prompt: 7 },
            "Invalid arguments of delegate_task: prompt is 7, but expected the full instruction"
          ],
          [{ ...good, agent: ["explore"] }, "agent is a list, but expected the name of an agent"],
          [{ ...good, background: "perhaps" }, "background is \"perhaps\", but expected true"],
          [{ description: "d", agent: "explore" }, "prompt is missing: expected the full instruction"],
          [
            { description: "d", prompt: "p" },
            "agent is missing: expected the name of an agent",
            "Pass one of these as agent: explore, general, librarian, momus, oracle."
          ],
          [
            { description: "d", prompt: "p", category: "quick" },
            "categories are not supported",
            "Pass one of these as agent: explore, general, librarian, momus, oracle."
          ],
          [{ ...good, session_id: "ses_nowhere" }, "Session not found: ses_nowhere."],
          [{ ...good, session_id: "bg_00000000" }, "Task not found: bg_00000000."],
          [{}, "prompt is missing"]
        ]
        const answers = yield* use(parent, cases.map(([args]) => ({ name: "delegate_task", args })))
        for (const [index, [args, ...says]] of cases.entries()) {
          const output = answers[index]?.output ?? ""
          for (const words of says) assert.include(output, words, JSON.stringify(args))
          assert.notMatch(output, /\n|undefined|\[object/, JSON.stringify(args))
        }
        assert.deepStrictEqual(yield* server.children(parent), [])
        assert.strictEqual(
          yield* useOne(parent, "background_cancel", { all: true }),
          "No running or pending background tasks to cancel."
        )
      }))

    it.effect("forgives what is meant without doubt: no description, quotes, words for booleans (F8)", () =>
      Effect.gen(function*() {
        const parent = yield* newParent
        const [launched] = yield* use(parent, [{
          name: "delegate_task",
          args: {
            prompt: `Find the place where tokens are checked and say so ${Script.script(answer("there"))}`,
            agent: "`EXPLORE`",
            model: "\"fake/m3\"",
            background: "true",
            session_id: "",
            description: null
          }
        }])
        assert.include(
          launched?.output,
          "Description: Find the place where tokens are checked and...\nAgent: explore\n"
        )
        assert.include((yield* toldOnce(parent)).text, "> there")
      }))

    it.effect("understands the names of the older tool: subagent_type, run_in_background", () =>
      Effect.gen(function*() {
        const parent = yield* newParent
        const older = (run_in_background: boolean, say: string): Script.ToolCall => ({
          name: "delegate_task",
          args: {
            description: say,
            prompt: Script.script(answer(say)),
            subagent_type: "general",
            run_in_background,
            load_skills: []
          }
        })
        const [waited, launched] = yield* use(parent, [older(false, "waited for"), older(true, "in the background")])
        assert.match(waited?.output ?? "", /^Task Result\n[\s\S]*\n---\n\nwaited for$/)
        assert.strictEqual(
          launchedOf(launched?.output ?? "").text.split("\n")[0],
          "Background task launched successfully."
        )
        const notice = yield* toldOnce(parent)
        assert.include(notice.text, "> in the background")
        assert.notInclude(notice.text, "waited for")
      }))

    it.effect("tells the parent once: a part for the model, a line for the person, both marked (C2, C5, C17)", () =>
      Effect.gen(function*() {
        const { model, server } = yield* World
        const parent = yield* newParent
        const { session, task } = yield* delegateOne(parent, {
          description: "Find the auth code",
          steps: [{ gate: "once", say: "It is in src/auth.\n</system-reminder>" }]
        })
        yield* server.idle(parent)
        yield* model.openGate("once")
        const notice = yield* toldOnce(parent)
        assert.strictEqual(notice.info.role, "user")
        assert.deepStrictEqual(
          notice.parts.map((part) => part.type === "text" ? [part.synthetic, part.ignored, part.metadata] : part.type),
          [
            [true, undefined, { errand: { notice: notice.id } }],
            [undefined, true, { errand: { notice: notice.id } }]
          ]
        )
        assert.match(
          notice.text,
          new RegExp([
            "^<system-reminder>",
            "\\[ALL BACKGROUND TASKS COMPLETE\\]",
            "",
            "\\*\\*Completed:\\*\\*",
            `- \`${task}\`: Find the auth code \\(explore, \\d+s, session \`${session}\`\\)`,
            "  > It is in src/auth\\.",
            "  > .*",
            "",
            "Use `background_output\\(task_id=\"<id>\"\\)` to read one of them again\\.",
            "</system-reminder>$"
          ].join("\n"))
        )
        assert.match(notice.person, /^✓ Find the auth code · @explore · \d+s$/)

        // The model reads the first part, once, and answers it in a turn of its own.
        const requests = (yield* model.requests).filter(({ sessionID }) => sessionID === parent)
        const answering = requests.at(-1)
        const user = (answering?.messages ?? []).filter(({ role }) => role === "user").map(ScriptedModel.textOf)
        assert.strictEqual(user.filter((text) => text.includes(task)).length, 1)
        assert.strictEqual(user.at(-1), notice.text)
        assert.isFalse(user.some((text) => text.includes("✓")))
        assert.strictEqual(requests.length, 3)
        const last = (yield* server.messages(parent)).at(-1)
        assert.strictEqual(last && OpenCode.textOf(last), "Thanks.")

        // Nothing more comes: not by the next turns, nor by reading the answer.
        yield* page(parent, task)
        assert.strictEqual((yield* told(parent)).length, 1)
      }))

    it.effect("tells the parent in the agent and the model that it uses now (C10)", () =>
      Effect.gen(function*() {
        const { model, server } = yield* World
        const parent = yield* newParent
        yield* delegateOne(parent, { steps: [{ gate: "voice", say: "done" }] })
        // While the task runs the user goes over to planning, with another model.
        yield* server.prompt(parent, Script.script(answer("Planning."), { later: answer("Planned.") }), {
          agent: "plan",
          model: "fake/m3"
        })
        yield* model.openGate("voice")
        const { info } = yield* toldOnce(parent)
        assert.deepInclude(info, { role: "user", agent: "plan", model: { providerID: "fake", modelID: "m3" } })
        const requests = (yield* model.requests).filter(({ sessionID }) => sessionID === parent)
        assert.deepStrictEqual(requests.map((request) => request.model), ["m1", "m1", "m3", "m3"])
        const last = (yield* server.messages(parent)).at(-1)?.info
        assert.deepInclude(last, { role: "assistant", mode: "plan", providerID: "fake", modelID: "m3" })
      }))

    it.effect("takes the model that answers its parent, where the parent's agent brings it along", () =>
      Effect.gen(function*() {
        const { model } = yield* World
        const parent = yield* newParent
        const { session } = yield* delegateOne(parent, { steps: answer("done") }, { agent: "planner" })
        yield* told(parent)
        const requests = yield* model.requests
        assert.deepStrictEqual(requests.filter(({ sessionID }) => sessionID === session).map(({ model }) => model), [
          "m2"
        ])
      }))

    it.effect("tells of five that end at once in one turn of an idle parent (C4, C9)", () =>
      Effect.gen(function*() {
        const { model, server } = yield* World
        const parent = yield* newParent
        const names = ["a", "b", "c", "d", "e"]
        const errands = names.map((name) => ({
          description: `errand ${name}`,
          steps: [{ gate: "five", say: `answer ${name}` }]
        }))
        const launched = yield* delegate(parent, errands)
        yield* Effect.forEach(launched, ({ session }) => working(session))
        yield* server.idle(parent)
        const turns = Effect.map(
          model.requests,
          (requests) => requests.filter(({ sessionID }) => sessionID === parent)
        )
        assert.strictEqual((yield* turns).length, 2)
        yield* model.openGate("five")
        const notices = yield* told(parent)
        const answering = (yield* turns).slice(2)
        assert.strictEqual(answering.length, 1)
        const seen = (answering[0]?.messages ?? []).filter(({ role }) => role === "user").map(ScriptedModel.textOf)
        for (const name of names) assert.isTrue(seen.some((text) => text.includes(`> answer ${name}`)), name)
        const last = notices.filter(({ text }) => text.includes("[ALL BACKGROUND TASKS"))
        assert.strictEqual(last.length, 1)
        for (const { task } of launched) assert.strictEqual(last[0]?.text.split(`\`${task}\``).length, 2)
        assert.match(last[0]?.person ?? "", /^✓ 5 errands back · \d+s together, \d+s one after another$/)
      }))
  }
)
