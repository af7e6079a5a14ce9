import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { lines, neutral } from "../src/text/inline.ts"
import { page } from "../src/text/page.ts"
import { pieceAt } from "../src/text/result.ts"
import { answered, t0, withFields } from "./fixtures.ts"

const text = (...lines: ReadonlyArray<string>): string => lines.join("\n")

describe("result", () => {
  it("is the tutorial's page, to the letter", () => {
    assert.strictEqual(
      page({ task: answered("找到了 3 个认证实现:\n1. `src/auth/login.ts` - JWT 认证"), now: t0 }),
      text(
        "Task Result",
        "",
        "Task ID: bg_abc12345",
        "Description: Explore: 查找认证实现",
        "Duration: 5m 32s",
        "Session ID: ses_xyz789",
        "",
        "---",
        "",
        "找到了 3 个认证实现:",
        "1. `src/auth/login.ts` - JWT 认证"
      )
    )
  })

  it("shows the note of the outcome", () => {
    assert.include(
      page({ task: answered("a", { note: "2 todos\nwere left" }), now: t0 }),
      "\nNote: 2 todos were left\n\n---\n"
    )
  })

  it("B8 an empty answer is reported as empty, with what to do", () => {
    assert.include(
      page({ task: answered(" \n"), now: t0 }),
      "---\n\n(Empty result: the agent ended without a final text. "
        + "To ask it for one: delegate_task(session_id=\"ses_xyz789\", prompt=\"Continue: <your follow-up>\"))"
    )
  })

  it("D3 a long answer is read page by page, each asked for by its offset", () => {
    const task = answered("line\n".repeat(2_000))
    const first = page({ task, now: t0 })
    assert.isTrue(
      first.endsWith(
        "(characters 0-8995 of 10000. To read on: background_output(task_id=\"bg_abc12345\", offset=8995))"
      )
    )
    assert.isTrue(
      page({ task, now: t0, offset: 8_995 }).endsWith(
        "(characters 8995-10000 of 10000. This is the end of the answer.)"
      )
    )
    assert.include(
      page({ task, now: t0, offset: 10_000 }),
      "(offset=10000 is past the end: the answer has 10000 characters.)"
    )
  })

  it("says where the rest of a cut answer is", () => {
    assert.isTrue(
      page({ task: answered("abc", { cutFrom: 900 }), now: t0 }).endsWith(
        "abc\n\n(The answer had 900 characters, of which 3 were kept. The rest is only in session ses_xyz789.)"
      )
    )
  })

  // Answers that are hard to cut: long lines, many lines, characters of one to four bytes and of two code units.
  const Chunk = Schema.Struct({
    text: Schema.Union([Schema.String, Schema.Literals(["\n", "é", "认证", "😀", "\r\n", "a b "])]),
    times: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9_000 }))
  })
  const answers = Arbitrary.map(
    Arbitrary.array(Arbitrary.schema(Chunk), { minLength: 1, maxLength: 8 }),
    (chunks) => chunks.map((chunk) => chunk.text.repeat(chunk.times)).join("")
  )

  const pieces = (answer: string): ReadonlyArray<{ readonly raw: string; readonly body: string }> => {
    const all = []
    for (let offset = 0; offset < answer.length;) {
      const piece = pieceAt(answer, offset)
      assert.isAbove(piece.to, offset)
      all.push({ raw: answer.slice(piece.from, piece.to), body: piece.body })
      offset = piece.to
    }
    return all
  }

  it.prop("D3 pages joined give the whole answer", { answer: answers }, ({ answer }) => {
    const all = pieces(answer)
    assert.isTrue(all.map((piece) => piece.raw).join("") === answer)
    // A body is its part of the answer, without force, and nothing else but breaks of lines.
    return all.every(({ raw, body }) => body.replaceAll("\n", "") === lines(neutral(raw)).join(""))
  }, { arbitrary: { runs: 60, size: 40 } })

  it.prop("OpenCode cuts no page: 50 kB, 2,000 lines, no line too long", { answer: answers }, ({ answer }) => {
    const task = withFields(answered(answer, { note: "n".repeat(9_000), cutFrom: 999_999 }), {
      request: { description: "d".repeat(9_000) }
    })
    let offset = 0
    do {
      const shown = page({ task, now: t0, offset })
      assert.isBelow(Buffer.byteLength(shown), 50_000)
      assert.isBelow(shown.length, 42_000)
      const lines = shown.split("\n")
      assert.isBelow(lines.length, 2_000)
      assert.isTrue(lines.every((line) => line.length <= 1_900 && (line.isWellFormed() || !answer.isWellFormed())))
      offset = pieceAt(answer, offset).to
    } while (offset < answer.length)
  }, { arbitrary: { runs: 60, size: 40 } })
})
