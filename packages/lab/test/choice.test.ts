/**
 * Which step answers which request, and how templates are filled in. No OpenCode here.
 */
import { assert, describe, it } from "@effect/vitest"
import type { ChatMessage } from "../src/ChatRequest.ts"
import { choose, type Rule } from "../src/Choice.ts"
import { script } from "../src/Script.ts"
import { fillJson, fillText } from "../src/Template.ts"

const user = (content: string): ChatMessage => ({ role: "user", content })
const assistant = (content: string): ChatMessage => ({ role: "assistant", content })
const tool = (content: string): ChatMessage => ({ role: "tool", content })

const said = (messages: ReadonlyArray<ChatMessage>, rules: ReadonlyArray<Rule> = []) => {
  const { idx, kind, step } = choose({ model: "m1", messages, tools: [{ function: { name: "bash" } }] }, rules)
  return [kind, idx, step.say]
}

describe("choose", () => {
  const two = script([{ say: "one" }, { say: "two" }], { later: [{ say: "three" }, { say: "four" }] })

  it("takes the step after the answers that are there", () => {
    assert.deepStrictEqual(said([user(`please ${two} now`)]), ["script", 0, "one"])
    assert.deepStrictEqual(said([user(two), assistant(""), tool("x")]), ["script", 1, "two"])
    assert.deepStrictEqual(said([user(two), assistant(""), tool("x"), assistant("")]), ["script", 2, "(script end)"])
  })

  it("lets the newest script decide", () => {
    const newer = script([{ say: "newer" }])
    assert.deepStrictEqual(said([user(two), assistant("one"), user(newer)]), ["script", 0, "newer"])
  })

  it("answers later messages by `later`, in order", () => {
    const first = [user(two), assistant("one"), user("a notice")]
    assert.deepStrictEqual(said(first), ["script", 2, "three"])
    const second = [...first, assistant("three"), user("another")]
    assert.deepStrictEqual(said(second), ["script", 3, "four"])
    assert.deepStrictEqual(said([...second, assistant("four"), user("too many")]), ["ack", 0, "ACK too many"])
  })

  it("goes on with a turn into which a message has come", () => {
    const midTurn = [user(two), assistant(""), tool("x"), user("a notice")]
    assert.deepStrictEqual(said(midTurn), ["script", 1, "two"])
    assert.deepStrictEqual(said([...midTurn, assistant("two"), user("another")]), ["script", 2, "three"])
  })

  it("prefers a rule to an earlier script, but not to the message's own", () => {
    const rules = [{ when: /notice (\d)/g, steps: [{ say: "ruled" }] }]
    const later = [user(two), assistant("one"), user("notice 1")]
    assert.deepStrictEqual(said(later, rules), ["rule", 0, "ruled"])
    assert.deepStrictEqual(said(later, rules), ["rule", 0, "ruled"])
    assert.deepStrictEqual(said([...later, assistant("ruled")], rules), ["rule", 1, "(rule end)"])
    assert.deepStrictEqual(said([user(`notice 1 ${two}`)], rules), ["script", 0, "one"])
  })

  it("acknowledges what nobody has planned", () => {
    assert.deepStrictEqual(said([user("hello")]), ["ack", 0, "ACK hello"])
    assert.deepStrictEqual(said([user("SCRIPT64:broken")]), ["ack", 0, "ACK SCRIPT64:broken"])
  })
})

describe("templates", () => {
  const messages = [
    { role: "system", content: "id_0" },
    user("start"),
    tool("made id_1 and id_2"),
    tool("made id_3"),
    user("the end")
  ]

  it("quote the newest messages", () => {
    assert.strictEqual(fillText("{{lastUser}} / {{lastTool}}", messages), "the end / made id_3")
  })

  it("search the messages", () => {
    assert.strictEqual(fillText("{{match:id_\\d}}", messages), "id_3")
    assert.strictEqual(fillText("{{first:id_(\\d)}}", messages), "1")
    assert.strictEqual(fillText("{{all:id_\\d}}", messages), "id_1, id_2, id_3")
    assert.strictEqual(fillText("[{{match:nothing}}]", messages), "[]")
    assert.strictEqual(fillText("{{match:(}}", messages), "(no regular expression: ()")
  })

  it("reach into JSON", () => {
    assert.deepStrictEqual(fillJson({ a: ["{{match:id_\\d}}", 1, null] }, messages), { a: ["id_3", 1, null] })
  })
})
