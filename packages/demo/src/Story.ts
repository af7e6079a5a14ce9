/**
 * The story so far: what the main agent did, and how each of its errands stands. Pure: made from what happened, one
 * happening after the other, in the order in which OpenCode told it.
 */
import * as Call from "@errand/view/callText"
import type { Happening } from "./Happening.ts"

/** How a run of an errand ended. */
export type End = "completed" | "error" | "cancelled"

/** From a launch (or a continuation) to its end. Times are epoch ms. */
export interface Run {
  readonly queuedAt: number
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  readonly end: End | undefined
}

/** One task of Errand. */
export interface Errand {
  readonly id: string
  readonly session: string | undefined
  readonly agent: string
  readonly description: string
  /** The first, and one more for each time it was continued. */
  readonly runs: ReadonlyArray<Run>
  /** What its agent does at the moment, or did last. */
  readonly last: string | undefined
}

/** Something worth a line, in the order of telling. */
export type Beat =
  & { readonly at: number }
  & (
    | { readonly _tag: "Said"; readonly text: string }
    | { readonly _tag: "Worked"; readonly tool: string; readonly what: string; readonly out: number }
    | { readonly _tag: "Launched"; readonly errand: string; readonly status: string; readonly output: string }
    | { readonly _tag: "Continued"; readonly errand: string; readonly status: string; readonly output: string }
    | { readonly _tag: "Cancelling"; readonly what: string }
    | { readonly _tag: "Cancelled"; readonly output: string }
    | { readonly _tag: "Failed"; readonly error: string }
    | { readonly _tag: "Refused"; readonly tool: string; readonly output: string }
    | { readonly _tag: "Started"; readonly errand: string; readonly run: number }
    | { readonly _tag: "Step"; readonly errand: string; readonly what: string }
    | { readonly _tag: "Ended"; readonly errand: string; readonly run: number; readonly end: End }
    | { readonly _tag: "Noticed"; readonly text: string; readonly wakes: boolean }
  )

/** A notice as the agent reads it. */
export interface Notice {
  readonly id: string
  readonly text: string
  readonly forPerson: string
}

export interface Turn {
  readonly from: number
  readonly to: number | undefined
}

export interface Story {
  /** The session of the main agent. */
  readonly root: string
  /** When the prompt was sent. */
  readonly beganAt: number
  readonly errands: ReadonlyArray<Errand>
  readonly beats: ReadonlyArray<Beat>
  /** The main agent's turns; the last may still go on. */
  readonly turns: ReadonlyArray<Turn>
  /** What the main agent is writing: by part. */
  readonly drafts: ReadonlyMap<string, { readonly message: string; readonly text: string }>
  readonly notices: ReadonlyArray<Notice>
  /** Parts and calls that were told already: OpenCode repeats itself. */
  readonly seen: ReadonlySet<string>
}

export const begin = (root: string, at: number): Story => ({
  root,
  beganAt: at,
  errands: [],
  beats: [],
  turns: [],
  drafts: new Map(),
  notices: [],
  seen: new Set()
})

/** Since when the main agent has been idle; absent while it works, and before it began. */
export const idleSince = (story: Story): number | undefined => story.turns.at(-1)?.to

export const isBusy = (story: Story): boolean => {
  const turn = story.turns.at(-1)
  return turn !== undefined && turn.to === undefined
}

/** The run that counts now. */
export const lastRun = (errand: Errand): Run | undefined => errand.runs.at(-1)

export type Status = "pending" | "running" | End

export const statusOf = (errand: Errand): Status => {
  const run = lastRun(errand)
  return run?.end ?? (run?.startedAt === undefined ? "pending" : "running")
}

/** Those that are in line or running. */
export const out = (story: Story): ReadonlyArray<Errand> =>
  story.errands.filter((errand) => lastRun(errand)?.end === undefined)

/** Which place in the line an errand has: 1 is next. */
export const placeOf = (story: Story, errand: Errand): number => {
  const since = lastRun(errand)?.queuedAt ?? 0
  const line = story.errands.filter((other) => statusOf(other) === "pending")
  return 1 + line.filter((other) => (lastRun(other)?.queuedAt ?? 0) < since).length
}

/** All runs that have started, with the time that counts as the end of those that go on. */
export const spans = (
  errands: ReadonlyArray<Errand>,
  now: number
): ReadonlyArray<{ readonly from: number; readonly to: number }> =>
  errands.flatMap(({ runs }) =>
    runs.flatMap(({ endedAt, startedAt }) => startedAt === undefined ? [] : [{ from: startedAt, to: endedAt ?? now }])
  )

/** The most that ran at the same time. A slot that is handed on counts once. */
export const mostAtOnce = (errands: ReadonlyArray<Errand>, now: number): number => {
  const changes = spans(errands, now).flatMap(({ from, to }) => [{ at: from, by: 1 }, { at: to, by: -1 }])
    .toSorted((a, b) => a.at - b.at || a.by - b.by)
  let running = 0
  let most = 0
  for (const { by } of changes) {
    running += by
    most = Math.max(most, running)
  }
  return most
}

const tell = (story: Story, beat: Beat): Story => ({ ...story, beats: [...story.beats, beat] })

const change = (story: Story, id: string, f: (errand: Errand) => Errand): Story => ({
  ...story,
  errands: story.errands.map((errand) => errand.id === id ? f(errand) : errand)
})

const changeRun = (story: Story, id: string, f: (run: Run) => Run): Story =>
  change(story, id, (errand) => ({ ...errand, runs: [...errand.runs.slice(0, -1), ...errand.runs.slice(-1).map(f)] }))

const ofSession = (story: Story, session: string): Errand | undefined =>
  story.errands.find((errand) => errand.session === session)

const textOf = (input: Readonly<Record<string, unknown>>, keys: ReadonlyArray<string>): string | undefined =>
  keys.map((key) => input[key]).find((value) => typeof value === "string")

const callText = (tool: string, input: unknown): string =>
  // Paths are long, and always below the project: its folder says nothing.
  Call.callText(tool, input, (what) => what.replace(/^\/\S*\/project\//, ""))

/** Everything that `OpenCode` told of an errand that is new. */
const know = (story: Story, errand: Errand): Story =>
  story.errands.some(({ id }) => id === errand.id) ? story : { ...story, errands: [...story.errands, errand] }

const started = (story: Story, errand: Errand, at: number): Story => {
  const run = lastRun(errand)
  if (run === undefined || run.startedAt !== undefined || run.end !== undefined) return story
  const next = changeRun(story, errand.id, (run) => ({ ...run, startedAt: at }))
  return tell(next, { _tag: "Started", at, errand: errand.id, run: errand.runs.length - 1 })
}

const ended = (story: Story, errand: Errand, at: number, end: End): Story => {
  if (lastRun(errand)?.end !== undefined) return story
  const next = changeRun(story, errand.id, (run) => ({ ...run, endedAt: at, end }))
  return tell(next, { _tag: "Ended", at, errand: errand.id, run: errand.runs.length - 1, end })
}

const newRun = (queuedAt: number): Run => ({ queuedAt, startedAt: undefined, endedAt: undefined, end: undefined })

const opened = (story: Story, { at, session, task, title }: Extract<Happening, { _tag: "Opened" }>): Story => {
  const [, description, agent] = /^(.*) \(@(.+) subagent\)$/.exec(title) ?? []
  const known = know(story, {
    id: task,
    session,
    agent: agent ?? "?",
    description: description ?? title,
    runs: [newRun(at)],
    last: undefined
  })
  const named = change(known, task, (errand) => ({ ...errand, session }))
  const errand = named.errands.find(({ id }) => id === task)
  return errand === undefined ? named : started(named, errand, at)
}

/** A field of the text that `delegate_task` returns. */
const field = (output: string, name: string): string | undefined => new RegExp(`^${name}: (.+)$`, "m").exec(output)?.[1]

const launched = (story: Story, { at, from, output }: Extract<Happening, { _tag: "Returned" }>): Story => {
  const id = field(output, "Task ID")
  const status = field(output, "Status") ?? ""
  if (id === undefined) return tell(story, { _tag: "Refused", at, tool: "delegate_task", output })
  if (/continued/.test(output.split("\n")[0] ?? "")) {
    // It is under way since the call: its agent may have spoken before the call returned.
    const next = change(story, id, (errand) => ({ ...errand, last: undefined, runs: [...errand.runs, newRun(from)] }))
    const again = next.errands.find((errand) => errand.id === id)
    const running = again === undefined || status !== "running" ? next : started(next, again, from)
    return tell(running, { _tag: "Continued", at, errand: id, status, output })
  }
  const agent = field(output, "Agent") ?? "?"
  const description = field(output, "Description") ?? "?"
  const known = know(story, { id, session: undefined, agent, description, runs: [newRun(from)], last: undefined })
  // Its session may have been seen before the call returned: it was launched when it was asked for.
  const next = change(known, id, (errand) => ({
    ...errand,
    agent,
    description,
    runs: errand.runs.map((run, index) => index === 0 ? { ...run, queuedAt: from } : run)
  }))
  return tell(next, { _tag: "Launched", at, errand: id, status, output })
}

const returned = (story: Story, happening: Extract<Happening, { _tag: "Returned" }>): Story => {
  const { at, output, session, tool } = happening
  if (tool === "delegate_task") return launched(story, happening)
  if (session !== story.root) return story
  if (tool === "background_cancel") {
    const cancelled = out(story).filter(({ id }) => output.includes(id) && /cancelled/i.test(output))
    const next = cancelled.reduce((story, errand) => ended(story, errand, at, "cancelled"), story)
    return tell(next, { _tag: "Cancelled", at, output })
  }
  return tell(story, {
    _tag: "Worked",
    at,
    tool,
    what: callText(tool, happening.input),
    out: out(story).length
  })
}

/** What a notice says of the errands that it names. */
export const verdicts = (text: string): ReadonlyArray<{ readonly id: string; readonly end: End }> => {
  const words: Readonly<Record<string, End>> = { completed: "completed", failed: "error", cancelled: "cancelled" }
  let end: End | undefined
  return text.split("\n").flatMap((line) => {
    const word = /^\[BACKGROUND TASK (\w+)\]$/.exec(line)?.[1] ?? /^\*\*(\w+):\*\*$/.exec(line)?.[1]
    end = word === undefined ? end : words[word.toLowerCase()] ?? end
    const id = /^(?:\*\*ID:\*\*|-) `(bg_\w+)`/.exec(line)?.[1]
    return id === undefined || end === undefined ? [] : [{ id, end }]
  })
}

const noticed = (story: Story, { at, forPerson, notice, text }: Extract<Happening, { _tag: "Noticed" }>): Story => {
  const known = story.notices.find(({ id }) => id === notice) ?? { id: notice, text: "", forPerson: "" }
  const whole = forPerson ? { ...known, forPerson: text } : { ...known, text }
  const next = { ...story, notices: [...story.notices.filter(({ id }) => id !== notice), whole] }
  if (whole.text === "" || whole.forPerson === "") return next
  // What OpenCode's events did not tell, the notice does.
  const settled = verdicts(whole.text).reduce<Story>((story, { end, id }) => {
    const errand = story.errands.find((errand) => errand.id === id)
    return errand === undefined ? story : ended(story, errand, at, end)
  }, next)
  return tell(settled, { _tag: "Noticed", at, text: whole.forPerson, wakes: /^\[ALL /m.test(whole.text) })
}

const once = (story: Story, key: string, f: (story: Story) => Story): Story =>
  story.seen.has(key) ? story : f({ ...story, seen: new Set([...story.seen, key]) })

const draft = (story: Story, part: string, message: string, text: string): Story => ({
  ...story,
  drafts: new Map([...story.drafts, [part, { message, text }]])
})

const said = (story: Story, part: string, text: string, at: number): Story =>
  text.trim() === "" ? story : once(story, part, (story) => tell(story, { _tag: "Said", at, text }))

const called = (story: Story, { at, input, message, tool }: Extract<Happening, { _tag: "Called" }>): Story => {
  const next = written(story, message, at)
  if (tool !== "background_cancel") return next
  const what = input["all"] === true ? "all=true" : textOf(input, ["task_id", "taskId"]) ?? ""
  return tell(next, { _tag: "Cancelling", at, what })
}

/** A call follows what was written before it in the same message. */
const written = (story: Story, message: string, at: number): Story =>
  [...story.drafts].reduce(
    (story, [part, draft]) => draft.message === message ? said(story, part, draft.text, at) : story,
    story
  )

/** The story after one more happening. Sessions that have nothing to do with it are left out. */
export const apply = (story: Story, happening: Happening): Story => {
  const { at, session } = happening
  const errand = ofSession(story, session)
  const isRoot = session === story.root
  switch (happening._tag) {
    case "Opened":
      return opened(story, happening)
    case "Busy":
      if (isRoot) return isBusy(story) ? story : { ...story, turns: [...story.turns, { from: at, to: undefined }] }
      return errand === undefined ? story : started(story, errand, at)
    case "Idle":
      if (isRoot) return { ...story, turns: story.turns.map(({ from, to }) => ({ from, to: to ?? at })) }
      return errand === undefined ? story : ended(story, errand, at, "completed")
    case "Failed": {
      if (isRoot) return tell(story, { _tag: "Failed", at, error: `${happening.error} ${happening.message}`.trim() })
      // Other errors need not be the end: the notice tells.
      if (errand === undefined || happening.error !== "MessageAbortedError") return story
      return ended(story, errand, at, "cancelled")
    }
    case "Called":
      if (isRoot) return once(story, happening.call, (story) => called(story, happening))
      if (errand === undefined) return story
      return once(story, happening.call, (story) => {
        const what = callText(happening.tool, happening.input)
        const next = change(story, errand.id, (errand) => ({ ...errand, last: what }))
        return tell(next, { _tag: "Step", at, errand: errand.id, what })
      })
    case "Returned":
      return once(story, `${happening.call} returned`, (story) => returned(story, happening))
    case "Began":
      return isRoot ? draft(story, happening.part, happening.message, happening.text) : story
    case "Wrote": {
      const before = story.drafts.get(happening.part)
      return before === undefined ? story : draft(story, happening.part, before.message, before.text + happening.text)
    }
    case "Said":
      return isRoot ? said(story, happening.part, happening.text, at) : story
    case "Noticed":
      return isRoot
        ? once(story, `${happening.notice} ${happening.forPerson}`, (story) => noticed(story, happening))
        : story
  }
}
