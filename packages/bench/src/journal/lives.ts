/**
 * Everything that happens to a thousand tasks, with prompts and answers of the length that agents write.
 */
import { type NoticeEvent, Task, type TaskEvent } from "@errand/core"

/** What belongs together: tasks that one parent sends out at once, and is told of when all are over. */
export interface Batch {
  readonly parent: Task.SessionId
  readonly events: ReadonlyArray<TaskEvent.TaskEvent>
  readonly notices: ReadonlyArray<NoticeEvent.NoticeEvent>
}

const tasks = 1_000

/** In a batch. */
const together = 5

/** About five hundred characters each, in several lines: they have to be written as JSON. */
const prompt = (nth: number): string =>
  `Find out where file number ${nth} of the upload is checked before it is stored.

Look at "src/upload" first, then at whatever calls it. I need to know:
1. which function decides that a file is too large, and where its limit comes from;
2. what the person who uploads is told, word for word, and in which languages;
3. whether the file that was refused is removed from the temporary folder.

Give the paths with line numbers. Do not change anything, and do not run the tests: they take twenty minutes.
Say so if one of these cannot be found.`

const answer = (nth: number): string =>
  `Of file number ${nth}:
1. \`checkSize\` in src/upload/limits.ts:41 decides. Its limit is "upload.maxBytes" of the settings, 25 MB by default.
2. The person reads "This file is too large (at most {limit})." It is in locales/en.json:218 and locales/de.json:218; the
   other languages fall back to English.
3. It is not removed: src/upload/receive.ts:77 returns before the \`finally\` of line 90 is reached. A cron job empties the
   folder every night, see ops/cron/clean-temp.sh:12. Everything that was asked for was found.`

const hex = (nth: number): string => nth.toString(16).padStart(8, "0")

const batch = (first: number): Batch => {
  const parent = Task.SessionId.make(`ses_parent${hex(first)}`)
  const all = Array.from({ length: together }, (_, nth) => first + nth)
  const at = 1_790_000_000_000 + first * 1_000
  const stamp = (nth: number, ms: number) => ({ id: Task.TaskId.make(`bg_${hex(nth)}`), run: 1, at: at + ms })
  return {
    parent,
    events: [
      ...all.map((nth): TaskEvent.TaskEvent => ({
        _tag: "Queued",
        ...stamp(nth, 0),
        request: {
          description: `Where file ${nth} is checked`,
          prompt: prompt(nth),
          agent: "explore",
          model: { provider: "anthropic", id: "claude-sonnet-4-5" },
          parent,
          ancestors: [parent],
          background: true
        }
      })),
      ...all.flatMap((nth): ReadonlyArray<TaskEvent.TaskEvent> => [
        { _tag: "Started", ...stamp(nth, 1) },
        { _tag: "Opened", ...stamp(nth, 20), session: Task.SessionId.make(`ses_child${hex(nth)}`) }
      ]),
      ...all.map((nth): TaskEvent.TaskEvent => ({
        _tag: "Ended",
        ...stamp(nth, 60_000),
        outcome: { _tag: "Completed", answer: answer(nth) },
        progress: { toolCalls: 12, lastTool: "read", activeAt: at + 59_000 }
      }))
    ],
    notices: [
      {
        _tag: "Sending",
        parent,
        at: at + 60_000,
        notice: `msg_${hex(first)}`,
        kind: "final",
        tasks: all.map((nth) => ({ id: Task.TaskId.make(`bg_${hex(nth)}`), run: 1 })),
        remaining: 0
      },
      { _tag: "Taken", parent, at: at + 60_010, notice: `msg_${hex(first)}` }
    ]
  }
}

export const batches: ReadonlyArray<Batch> = Array.from(
  { length: tasks / together },
  (_, nth) => batch(nth * together)
)
