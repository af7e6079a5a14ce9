import { OpenCode, Sandbox, Script, ScriptedModel } from "@errand/lab"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { pathToFileURL } from "node:url"

const plugin = pathToFileURL(new URL("../../dist/index.js", import.meta.url).pathname).href

it.live("first", () =>
  Effect.gen(function*() {
    const model = yield* ScriptedModel.make({ onMessage: [{ when: /ALL BACKGROUND/, steps: [{ say: "noticed {{match:bg_\\w+}}" }] }] })
    const sandbox = yield* Sandbox.make({ model, plugins: [plugin] })
    const server = yield* OpenCode.serve(sandbox)
    const parent = yield* server.newSession("parent")
    const child = Script.script([{ delay: 300, say: "child answer" }])
    const answer = yield* server.prompt(
      parent,
      Script.script([{
        toolCalls: [
          { name: "delegate_task", args: { description: "Find it", prompt: child, agent: "Explore" } },
          { name: "delegate_task", args: { description: "Ask", prompt: child, agent: "nobody" } },
          { name: "background_cancel", args: { } },
          { name: "background_output", args: { task_id: "bg_12345678" } }
        ]
      }, { say: "waiting" }])
    )
    console.log(JSON.stringify(answer).slice(0, 3000))
    yield* model.waitFor((r) => r.kind === "rule" && r.endedAt !== undefined)
    yield* server.idle(parent)
    for (const m of yield* server.messages(parent)) console.log(JSON.stringify(m.parts, undefined, 1).slice(0, 6000))
    const requests = yield* model.requests
    console.log(JSON.stringify(requests[0]?.tools.find((t) => t.name === "delegate_task"), undefined, 1))
    console.log((yield* server.logs).split("\n").filter((l) => /errand|ERROR|WARN/.test(l)).slice(0, 20).join("\n"))
    assert.isTrue(true)
  }))
