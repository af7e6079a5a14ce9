/**
 * What a look at the end of a transcript leaves out.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Look from "../src/Look.ts"
import { message, prompt } from "./support/films.ts"

describe("a session that was told of some of its tasks", () => {
  const quiet = new Set(["nt_1", "nt_2"])
  const answer = message("msg_answer", { text: "I wait" })
  const told = (...notices: ReadonlyArray<string>) =>
    message(`msg_${notices.join("_")}`, { role: "user", text: "some of your tasks are over", notices })
  const left = (...messages: Parameters<typeof Look.withoutQuiet>[0]) =>
    Look.withoutQuiet(messages, quiet, Option.none()).map(({ id }) => id)

  it("B13 stands as it stood before that: nothing comes of what woke nobody", () => {
    assert.deepStrictEqual(left(prompt, answer, told("nt_1"), told("nt_1", "nt_2")), ["msg_prompt", "msg_answer"])
    assert.deepStrictEqual(left(told("nt_1"), told("nt_2")), [])
    assert.deepStrictEqual(left(prompt, told("nt_1")), ["msg_prompt"])
  })

  it("B13 is not cut off before the message after which its run began, which may be one of these", () => {
    const all = [answer, told("nt_1"), told("nt_2")]
    const left = (after: string) => Look.withoutQuiet(all, quiet, Option.some(after)).map(({ id }) => id)
    assert.deepStrictEqual(left("msg_nt_1"), ["msg_answer", "msg_nt_1"])
    assert.deepStrictEqual(left("msg_answer"), ["msg_answer"])
  })

  it("B13 is looked at whole where something else comes after that, or with it", () => {
    assert.deepStrictEqual(left(prompt, told("nt_1"), answer), ["msg_prompt", "msg_nt_1", "msg_answer"])
    assert.deepStrictEqual(left(answer, told("nt_1"), told("nt_final")), ["msg_answer", "msg_nt_1", "msg_nt_final"])
    assert.deepStrictEqual(left(answer, told("nt_1", "nt_final")), ["msg_answer", "msg_nt_1_nt_final"])
    assert.deepStrictEqual(left(answer, message("msg_person", { role: "user" })), ["msg_answer", "msg_person"])
  })
})
