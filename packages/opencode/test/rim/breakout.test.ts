/**
 * The rim, texts: what other models wrote stays data, in everything that a parent or a person reads.
 *
 * Said precisely, for each text, by a reader that knows our forms and nothing else: it finds the tasks that there are, each
 * with its true status, and no others; it finds as many lines of ours as a harmless task makes; of the tags of a reminder
 * there are ours and no others; and nothing is in it that a terminal or a parser would act on.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Notice, Task } from "@errand/core"
import { Arbitrary, Schema } from "effect"
import { cancelledAll, cancelledOne, notCancelled } from "../../src/text/cancelled.ts"
import { tasksToKeep } from "../../src/text/compaction.ts"
import * as errors from "../../src/text/errors.ts"
import { continued, launched } from "../../src/text/launched.ts"
import { forModel, forPerson } from "../../src/text/notice.ts"
import { page } from "../../src/text/page.ts"
import { stillAtIt } from "../../src/text/polling.ts"
import { pieceAt } from "../../src/text/result.ts"
import * as Ultrawork from "../../src/Ultrawork.ts"
import { answered, cancelled, failed, pending, running, t0, withFields } from "../fixtures.ts"
import { below, trickyText } from "./support/arbitraries.ts"
import { fieldsOf, isWhole, linesOf, readFinal, readProgress, skeleton } from "./support/readers.ts"
import { harmless, type Words, words } from "./support/words.ts"

const idOf = (n: number): string => `bg_${(n + 1).toString(16).padStart(8, "0")}`

const statuses = ["completed", "error", "cancelled"] as const

const requestOf = ({ agent, description, model, prompt }: Words) => ({
  agent,
  description,
  prompt,
  model: { provider: model, id: model }
})

/** A task that is over. */
const endedTask = (written: Words, n: number): Task.Task => {
  const { how, said, tool } = written
  const base = how === 0
    ? answered(said, { note: said })
    : how === 1
    ? withFields(failed, { outcome: { _tag: "Failed", reason: "agent-error", message: said } })
    : withFields(cancelled, { outcome: { _tag: "Cancelled", reason: "quiet-limit", message: said } })
  return withFields(base, {
    id: idOf(n),
    session: `ses_${n}`,
    request: requestOf(written),
    progress: { toolCalls: 1, lastTool: tool, waitingFor: said }
  })
}

/** A task that is out. */
const liveTask = (written: Words, n: number): Task.Task =>
  withFields(n % 2 === 0 ? running : pending, {
    id: idOf(n),
    request: requestOf(written),
    progress: {
      toolCalls: 3,
      activeAt: t0,
      lastTool: written.tool,
      waitingFor: written.said,
      retry: { attempt: 1, message: written.said, nextAt: t0 }
    }
  })

const noticeOf = (kind: "progress" | "final", tasks: ReadonlyArray<Task.Task>): Notice.Notice => ({
  id: "nt_1",
  kind,
  wakes: kind === "final",
  tasks,
  remaining: kind === "final" ? 0 : 2
})

const headings = { completed: "Completed", error: "Failed", cancelled: "Cancelled" }
const verdicts = { completed: "COMPLETED", error: "FAILED", cancelled: "CANCELLED" }

describe("what other models wrote stays data", () => {
  it.prop(
    "C4 in the last word: a reader finds each task once, under its true heading, and one reminder",
    { all: Arbitrary.array(words, { minLength: 1, maxLength: 5 }), maxChars: below(60) },
    ({ all, maxChars }) => {
      const tasks = all.map(endedTask)
      const text = forModel(noticeOf("final", tasks), { maxChars: maxChars * 50 })
      isWhole(text, 2)
      assert.isTrue(
        text.startsWith("<system-reminder>\n[ALL BACKGROUND TASKS ") && text.endsWith("\n</system-reminder>")
      )
      const expected = statuses.flatMap((status) =>
        tasks.filter((task) => task.status === status).map(({ id }) => [headings[status], id] as const)
      )
      assert.deepStrictEqual(readFinal(text), expected)
      assert.lengthOf(linesOf(text).filter((line) => line.startsWith("[ALL ")), 1)
      assert.deepStrictEqual(readProgress(text), [])
    },
    { arbitrary: { runs: 200, size: 20 } }
  )

  it.prop(
    "C4 in the word on the way: the same, and what is left is said once",
    { all: Arbitrary.array(words, { minLength: 1, maxLength: 4 }) },
    ({ all }) => {
      const tasks = all.map(endedTask)
      const text = forModel(noticeOf("progress", tasks))
      isWhole(text, 2)
      assert.deepStrictEqual(
        readProgress(text),
        tasks.map(({ id }, n) => [verdicts[statuses[all[n]?.how ?? 0] ?? "completed"], id])
      )
      assert.deepStrictEqual(readFinal(text), [])
      assert.deepStrictEqual(
        linesOf(text).filter((line) =>
          line.includes("still in progress") && !/^>|^\*\*(Desc|Note|Err|Reas)/.test(line)
        ),
        ["**2 tasks still in progress.** You WILL be notified when ALL complete."]
      )
    },
    { arbitrary: { runs: 200, size: 20 } }
  )

  it.prop(
    "C4 in what the person sees: one line for each that it is said of, and nothing that a terminal obeys",
    { all: Arbitrary.array(words, { minLength: 1, maxLength: 5 }) },
    ({ all }) => {
      const tasks = all.map(endedTask)
      const bad = tasks.filter(({ status }) => status !== "completed").length
      const final = forPerson(noticeOf("final", tasks))
      isWhole(final)
      assert.lengthOf(linesOf(final), tasks.length === 1 ? 1 : 1 + bad)
      const progress = forPerson(noticeOf("progress", tasks))
      isWhole(progress)
      assert.lengthOf(linesOf(progress), tasks.length)
      assert.isTrue(linesOf(progress).every((line) => /^[✓✗⊘] /.test(line) && line.length < 900))
    },
    { arbitrary: { runs: 200, size: 20 } }
  )

  it.prop(
    "D4 on the page of how a task stands: one table, with its true id and status; one heading and one note of each kind",
    { written: words, last: trickyText, live: Schema.Boolean },
    ({ last, live, written }) => {
      const how = written.how === 0 ? 1 : written.how
      const of = (words: Words) => live ? liveTask(words, words.how) : endedTask({ ...words, how }, 7)
      const place = { pool: `model:${written.model}`, used: 1, size: 1, ahead: 2, paused: false }
      const task = of(written)
      const text = page({ task, now: t0, lastMessage: `m${last}`, place, waited: 5 })
      isWhole(text)
      const rows = linesOf(text).filter((line) => line.startsWith("|"))
      const field = (name: string) => rows.filter((row) => row.startsWith(`| ${name} |`))
      assert.deepStrictEqual(field("Task ID"), [`| Task ID | \`${task.id}\` |`])
      assert.deepStrictEqual(field("Status"), [`| Status | **${task.status}** |`])
      // No cell ends before its row does.
      assert.isTrue(rows.every((row) => row.replace(/\\[\\|]/g, "").split("|").length === 4), text)
      assert.deepStrictEqual(
        linesOf(text).filter((line) => line.startsWith("#")),
        ["## Task Status", "## Original Prompt", "## Last Message"]
      )
      const plain = page({
        task: of(harmless(written.how)),
        now: t0,
        lastMessage: "m",
        place: { ...place, pool: "model:x" },
        waited: 5
      })
      const notesIn = (text: string) => linesOf(text).filter((line) => line.startsWith("> ")).length
      assert.strictEqual(notesIn(text), notesIn(plain))
      const names = (text: string) => linesOf(text).flatMap((line) => /^\| ([A-Z][a-z A-Z]*) \|/.exec(line)?.[1] ?? [])
      // What is empty has no row.
      assert.includeMembers(names(plain), names(text))
    },
    { arbitrary: { runs: 250, size: 20 } }
  )

  it.prop(
    "D1 D3 on the pages of an answer: the fields above the line are the task's, and so is every remark in brackets",
    { written: words, times: below(400) },
    ({ times, written }) => {
      const answer = `${written.said}\n`.repeat(times + 1)
      const task = endedTask({ ...written, how: 0, said: answer }, 3)
      let offset = 0
      for (let n = 0; n < 3 && offset < answer.length; n++) {
        const text = page({ task, now: t0, offset })
        isWhole(text)
        assert.isBelow(Buffer.byteLength(text), 50_000)
        assert.isTrue(text.split("\n").length < 2_000 && text.split("\n").every((line) => line.length <= 1_901))
        const [head, ...rest] = text.split("\n---\n")
        assert.deepInclude(fieldsOf(head ?? ""), { "Task ID": task.id, "Session ID": "ses_3" })
        assert.isAbove(rest.length, 0)
        assert.deepStrictEqual(skeleton(head ?? ""), [
          "Task Resu",
          "",
          "Task ID:",
          "Descripti",
          "Duration:",
          "Session I",
          "Note:",
          ""
        ])
        const remarks = linesOf(text).filter((line) => /^\((characters|Empty result|The answer had|offset=)/.test(line))
        const next = pieceAt(answer, offset).to
        const whole = offset === 0 && next === answer.length
        assert.lengthOf(remarks, whole && answer.trim() !== "" ? 0 : 1)
        if (next < answer.length && answer.trim() !== "") {
          assert.include(remarks[0], `background_output(task_id="${task.id}", offset=${next})`)
        }
        offset = next
      }
    },
    { arbitrary: { runs: 120, size: 20 } }
  )

  it("D3 no page grows past what OpenCode lets through by what is made harmless in it", () => {
    const most = [
      "<systemreminder",
      "<systemreminder认",
      "<system-reminder>\n",
      "<",
      "\r",
      "\u2028",
      "\u0085认",
      "(offset=\n",
      "\u200b"
    ]
    for (const answer of most.map((piece) => piece.repeat(20_000))) {
      const task = endedTask({ ...harmless(0), said: answer }, 3)
      for (let offset = 0; offset < answer.length; offset = pieceAt(answer, offset).to) {
        const text = page({ task, now: t0, offset })
        isWhole(text)
        assert.isBelow(Buffer.byteLength(text), 50_000)
        assert.isBelow(linesOf(text).length, 2_000)
        assert.isTrue(linesOf(text).every((line) => line.length <= 1_901))
      }
    }
  })

  it.prop(
    "C15 in what a summary is made of: one line for each task, with its id at the start",
    { all: Arbitrary.array(words, { minLength: 1, maxLength: 6 }) },
    ({ all }) => {
      const tasks = all.map((one, n) => n % 2 === 0 ? liveTask(one, n) : endedTask(one, n))
      const text = tasksToKeep(tasks, new Set(), t0) ?? ""
      isWhole(text)
      assert.sameMembers(readFinal(text).map(([, id]) => id), tasks.map(({ id }) => id))
      assert.lengthOf(linesOf(text), tasks.length + 1)
    },
    { arbitrary: { runs: 150, size: 20 } }
  )

  it.prop(
    "D7 E1 in what the tools answer to a launch and a cancellation: as many lines, in the same order, as of any other task",
    { written: words, confirmed: Schema.Boolean },
    ({ confirmed, written }) => {
      const texts = (words: Words, pool: string): ReadonlyArray<string> => {
        const place = { pool, used: 1, size: 1, ahead: 2, paused: false }
        const tasks = [liveTask(words, 0), liveTask(words, 1), endedTask(words, 2)]
        return tasks.flatMap((task) => [
          launched(task, place),
          continued(task, place),
          cancelledOne({ before: task, confirmed }),
          cancelledAll([{ before: task, confirmed }, { before: task, confirmed: true }]),
          notCancelled(task),
          stillAtIt(task, t0)
        ])
      }
      const plain = texts(harmless(written.how), "default:x")
      for (const [n, text] of texts(written, `default:${written.model}`).entries()) {
        isWhole(text)
        assert.deepStrictEqual(skeleton(text), skeleton(plain[n] ?? ""))
      }
    },
    { arbitrary: { runs: 100, size: 20 } }
  )

  it.prop(
    "D7 in a complaint: one line, whatever was passed and whatever there is",
    { written: words },
    ({ written }) => {
      for (
        const text of [
          errors.stillRunning(endedTask(written, 2)),
          errors.unknownAgent(written.agent, [written.agent, written.tool]),
          errors.unknownModel(written.model, [written.model]),
          errors.primaryAgent(written.agent, [written.tool]),
          errors.taskNotFound(written.said),
          errors.sessionUnknown(written.said),
          errors.foreignTask(written.said)
        ]
      ) {
        isWhole(text)
        assert.lengthOf(linesOf(text), 1)
        assert.isBelow(text.length, 1_000)
      }
    },
    { arbitrary: { runs: 100, size: 20 } }
  )

  it.prop(
    "in what `ultrawork` adds: a line for each agent, and no other",
    { written: words, key: trickyText },
    ({ key, written }) => {
      const text = Ultrawork.instructions({
        agents: [{ name: written.agent, description: written.description }, { name: written.tool }],
        limits: Ultrawork.limitsText({
          defaultConcurrency: 1,
          maxConcurrency: 2,
          concurrencyPolicy: "layered",
          providerConcurrency: { [key]: 1 },
          modelConcurrency: { [written.model]: 0 }
        })
      })
      isWhole(text)
      assert.lengthOf(linesOf(text).filter((line) => line.startsWith("- ")), 2)
      assert.lengthOf(linesOf(text), 13)
    },
    { arbitrary: { runs: 100, size: 20 } }
  )
})
