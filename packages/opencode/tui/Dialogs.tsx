/**
 * `/tasks` and what can be done with a task of the list. One dialog takes the place of another; escape leaves them all.
 * A question of a task is never answered by the key that opens it: what lets it go on is never chosen beforehand.
 */
import { Format, Rows } from "@errand/view"
import type { TuiDialogSelectOption } from "@opencode-ai/plugin/tui"
import { useTerminalDimensions } from "@opentui/solid"
import { Effect } from "effect"
import { createMemo, createResource, Show, untrack } from "solid-js"
import { isHelper } from "../src/host/helpers.ts"
import * as Channel from "./Channel.ts"
import { type Errands, sceneNow, sceneOf, sessionOnScreen } from "./Errands.ts"
import { boardOf, rootOf } from "./Families.ts"
import { lastAnswer } from "./lastAnswer.ts"
import { openTimeline } from "./TimelineScreen.tsx"
import { colourOf } from "./tones.ts"

/** The list of all tasks of the family on the screen, below what a task of another asks for. */
export const openTasks = (errands: Errands): void => {
  const { api } = errands
  const session = sessionOnScreen(api)
  const board = session === undefined ? undefined : boardOf(api.state, session)
  if ((board === undefined || board.tasks.length === 0) && elsewhere(errands, session).length === 0) {
    const message = session === undefined
      ? "Tasks belong to a session: open one first."
      : board === undefined
      ? "Nothing is known of tasks in this session: no agent was sent on an errand, or nobody notes it (Errand's doctor says why)."
      : "No agent was sent on an errand in this session yet."
    return api.ui.toast({ variant: "info", title: "Errand", message })
  }
  api.ui.dialog.replace(() => <TasksDialog errands={errands} session={session} />)
  // Only after it is open: before, it stays narrow.
  api.ui.dialog.setSize("large")
}

/** The rows of what asks in families that are not on the screen, each with the root session of its family. */
const elsewhere = (errands: Errands, session: string | undefined) => {
  const own = session === undefined ? undefined : rootOf(errands.api.state, session)
  return errands.asking.roots().filter((root) => root !== own).flatMap((root) => {
    const scene = sceneNow(errands, root)
    const rows = scene === undefined ? [] : Rows.rowsOf(scene.board, scene.look)
    return rows.filter(({ group }) => group === "needs you").map((row) => ({ root, row }))
  })
}

/** The columns of a row in a large dialog, which is as wide as the screen lets it be. What is longer OpenCode cuts unmarked. */
const rowWidth = (screen: number): number => Math.min(88, screen - 2) - 8

/** Those of them that a label takes. */
const titleWidth = 26

/** How much of a row is left beside what else is in it: a column goes between any two of them. */
const beside = (screen: number, ...parts: ReadonlyArray<number>): number =>
  rowWidth(screen) - parts.reduce((sum, width) => sum + width + 1, 0)

/** Among the ids of tasks: none of them. */
const timeline = "timeline"

const TasksDialog = (props: { readonly errands: Errands; readonly session: string | undefined }) => {
  const { api } = props.errands
  const scene = sceneOf(props.errands, () => props.session)
  const screen = useTerminalDimensions()
  const options = createMemo((): Array<TuiDialogSelectOption<string>> => {
    const seen = scene()
    const option = (category: string) => (row: Rows.Row) => ({
      title: Format.fit(`${row.mark} ${row.label}`, titleWidth),
      description: Format.clip(row.about, beside(screen().width, titleWidth, row.time.length)),
      footer: row.time,
      category,
      value: row.id
    })
    const others = elsewhere(props.errands, props.session).map(({ row }) =>
      option("Needs you, in another session")(row)
    )
    if (seen === undefined) return others
    return [
      ...others,
      ...Rows.groups(seen.board, seen.look).flatMap(({ rows, title }) => rows.map(option(title))),
      { title: "Timeline", description: "when each of them waited and ran", category: "All of them", value: timeline }
    ]
  })
  return (
    <api.ui.DialogSelect
      title="Tasks"
      placeholder="Filter tasks"
      options={options()}
      onSelect={({ value }) => {
        if (value === timeline) return openTimeline(api)
        const root = elsewhere(props.errands, props.session).find(({ row }) => row.id === value)?.root ?? props.session
        if (root !== undefined) openActions(props.errands, root, value)
      }}
    />
  )
}

type Action = TuiDialogSelectOption<() => void>

/** What can be done with one task. */
const openActions = (errands: Errands, session: string, id: string): void => {
  const { api } = errands
  api.ui.dialog.replace(() => <ActionDialog errands={errands} session={session} id={id} />)
  api.ui.dialog.setSize("large")
}

const ActionDialog = (props: { readonly errands: Errands; readonly session: string; readonly id: string }) => {
  const { errands, id } = props
  const { api } = errands
  const scene = sceneOf(errands, () => props.session)
  const screen = useTerminalDimensions()
  const row = createMemo(() => {
    const seen = scene()
    return seen === undefined ? undefined : Rows.rowsOf(seen.board, seen.look).find((row) => row.id === id)
  })
  const itemNow = () => scene()?.board.tasks.find((task) => task.id === id)
  // What comes while the dialog is open is not offered in it: it would move the choices below the hand that chooses.
  const offered = untrack(itemNow)?.asks?.toSorted((a, b) => a.at - b.at)[0]
  const close = () => api.ui.dialog.clear()
  const back = () => openTasks(errands)

  const actions = createMemo((): Array<Action> => {
    const seen = row()
    const item = itemNow()
    const leave: Action = { title: "Back", description: "to the list", value: back }
    if (seen === undefined || item === undefined) return [leave]
    const { session } = seen
    const out = seen.group === "needs you" || seen.group === "out" || seen.group === "in line"
    const own = item.depth === 1 && !out && session !== undefined
    const reply = (request: string, answer: "once" | "always" | "reject") => () => {
      Effect.runFork(answerAsk(errands, request, answer))
      close()
    }
    const asked = item.asks?.find((ask) => ask.id === offered?.id)
    /** Nobody allows what they could not read: what does not fit here is shown before. */
    const allow = (title: string, what: string, send: () => void): Action => {
      const width = beside(screen().width, title.length)
      return {
        title,
        description: Format.clip(what, width),
        category: "It asks",
        value: Format.widthOf(what) <= width
          ? send
          : () => openQuestion(errands, props.session, seen, { title, what, send })
      }
    }
    /** Most of it was never asked for, so it is said apart before anybody agrees. */
    const allowAlways = (what: string, always: string, send: () => void): Action => ({
      title: "Allow always",
      description: Format.clip(always, beside(screen().width, "Allow always".length)),
      category: "It asks",
      value: () =>
        openQuestion(errands, props.session, seen, {
          title: "Allow always",
          what,
          consequence: `. This will allow ${always}, by every agent, until OpenCode is restarted.`,
          send
        })
    })
    return [
      session === undefined ? leave : {
        title: "Open",
        description: "its session",
        value: () => {
          close()
          api.route.navigate("session", { sessionID: session })
        }
      },
      ...(asked === undefined || !out ? [] : [
        allow("Allow once", asked.what, reply(asked.id, "once")),
        ...(asked.always === undefined ? [] : [allowAlways(asked.what, asked.always, reply(asked.id, "always"))]),
        {
          title: "Reject",
          description: "it is told so, and goes on if this is all that it asks for",
          category: "It asks",
          value: reply(asked.id, "reject")
        }
      ]),
      ...(session === undefined ? [] : [{
        title: "Read result",
        description: out ? "its last words so far" : "its last words",
        category: "Task",
        value: () => openResult(errands, seen)
      }]),
      ...(own
        ? [{
          title: "Continue",
          description: "asks the agent that launched it to send it on",
          category: "Task",
          value: () => openContinue(errands, item.parent, seen)
        }]
        : []),
      ...(out
        ? [{ title: "Cancel", description: "ends it", category: "Task", value: () => openCancel(errands, seen) }]
        : []),
      {
        title: "Copy id",
        description: id,
        category: "Task",
        value: () => {
          api.renderer.copyToClipboardOSC52(id)
          close()
          api.ui.toast({ variant: "info", message: `Copied ${id}` })
        }
      },
      ...(session === undefined ? [] : [{ ...leave, category: "Task" }])
    ]
  })
  return (
    <api.ui.DialogSelect
      title={row() === undefined ? "This task is no longer known" : `${row()?.mark} ${row()?.label}`}
      placeholder={Format.clip(row()?.about ?? "", rowWidth(screen().width))}
      options={actions()}
      onSelect={({ value }) => value()}
    />
  )
}

interface Question {
  /** What would be done: `Allow once`. */
  readonly title: string
  readonly what: string
  /** What else it would do. */
  readonly consequence?: string
  readonly send: () => void
}

/** A board has no room for all of it. */
const onlyBeginning = " Only its beginning fits here: open the task's session to read the rest before you allow it."

/** OpenCode clears the dialog once it has called: what is opened in that call is gone at once. */
const afterwards = (open: () => void): void => queueMicrotask(open)

const openQuestion = (errands: Errands, session: string, row: Rows.Row, question: Question): void => {
  const { consequence = "", send, title, what } = question
  const { api } = errands
  api.ui.dialog.replace(() => (
    <api.ui.DialogConfirm
      title={`${title}?`}
      message={`${row.label} (@${row.agent}) asks: ${what}${consequence}${what.endsWith("…") ? onlyBeginning : ""}`}
      onConfirm={send}
      onCancel={() => afterwards(() => openActions(errands, session, row.id))}
    />
  ))
  api.ui.dialog.setSize("large")
}

/** Without a word OpenCode stops the agent; with one it reads it and goes on. */
const refused = "The person who was asked did not allow this. Go on without it, and say so in your report."

const answerAsk = (errands: Errands, request: string, reply: "once" | "always" | "reject") =>
  Effect.tryPromise(() =>
    errands.api.client.permission.reply({
      requestID: request,
      reply,
      ...reply === "reject" ? { message: refused } : {}
    })
  ).pipe(
    Effect.filterOrFail(({ error }) => error === undefined),
    Effect.catch(() =>
      warn(errands, "OpenCode did not take the answer: the question may be gone. Look at /tasks again.")
    )
  )

const openCancel = (errands: Errands, row: Rows.Row): void => {
  const { api } = errands
  api.ui.dialog.replace(() => (
    <api.ui.DialogConfirm
      title="Stop this task?"
      message={`${row.label} (@${row.agent}, ${row.id}) ends now. Its agent and the one that launched it are told.`}
      onConfirm={() => {
        Effect.runFork(Channel.say(api, Channel.cancel(row.id)))
        api.ui.dialog.clear()
      }}
      onCancel={() => afterwards(() => openTasks(errands))}
    />
  ))
}

const openContinue = (errands: Errands, parent: string, row: Rows.Row): void => {
  const { api } = errands
  api.ui.dialog.replace(() => (
    <api.ui.DialogPrompt
      title={`Continue ${row.label}`}
      description={() => (
        <text fg={api.theme.current.textMuted} wrapMode="word">
          {`What shall @${row.agent} do next? It keeps what it knows. The agent that launched it is asked to send it on.`}
        </text>
      )}
      placeholder="What to do next"
      onConfirm={(text) => {
        api.ui.dialog.clear()
        if (text.trim() !== "") Effect.runFork(askToContinue(errands, parent, row, text.trim()))
      }}
      onCancel={() => openTasks(errands)}
    />
  ))
}

/** How far back a message of the person is looked for: an agent at work may have written many since. */
const lookedThrough = 50

/** Agent, model and variant that the session uses now. OpenCode takes its default agent where none is named. */
const voiceOf = ({ client }: Errands["api"], session: string) =>
  Effect.tryPromise(() => client.session.messages({ sessionID: session, limit: lookedThrough })).pipe(
    Effect.map(({ data = [] }) => {
      const said = data.flatMap(({ info }) => info.role === "user" && !isHelper(info.agent) ? [info] : []).at(-1)
      if (said === undefined) return {}
      const { agent, model: { modelID, providerID, variant } } = said
      return { agent, model: { providerID, modelID }, ...variant === undefined ? {} : { variant } }
    }),
    Effect.orElseSucceed(() => ({}))
  )

const warn = ({ api }: Errands, message: string) =>
  Effect.sync(() => api.ui.toast({ variant: "warning", title: "Errand", message }))

/** The parent's agent does it, as it did the launch: then it knows of it, and is told of the end. */
const askToContinue = (errands: Errands, parent: string, row: Rows.Row, text: string) => {
  const { api } = errands
  const request = `Continue task ${row.id} (${row.label}) with delegate_task, session_id "${
    row.session ?? row.id
  }": ${text}`
  return voiceOf(api, parent).pipe(
    Effect.flatMap((voice) =>
      Effect.tryPromise(() =>
        api.client.session.promptAsync({ sessionID: parent, ...voice, parts: [{ type: "text", text: request }] })
      )
    ),
    Effect.filterOrFail(({ error }) => error === undefined),
    Effect.catch(() => warn(errands, `OpenCode did not take it, so nothing was continued. What you wrote: ${text}`))
  )
}

const openResult = (errands: Errands, row: Rows.Row): void => {
  const { api } = errands
  api.ui.dialog.replace(() => <ResultDialog errands={errands} row={row} />)
  api.ui.dialog.setSize("xlarge")
}

/** The last words of a task, to be scrolled through. */
const ResultDialog = (props: { readonly errands: Errands; readonly row: Rows.Row }) => {
  const { api } = props.errands
  const [answer] = createResource(() => Effect.runPromise(lastAnswer(api, props.row.session ?? "")))
  const theme = () => api.theme.current
  return (
    <box flexDirection="column" paddingLeft={2} paddingRight={2} paddingBottom={1}>
      <box flexDirection="row" justifyContent="space-between">
        <text fg={theme().text} height={1} wrapMode="none">
          <b>{Format.clip(props.row.label, 70)}</b>
        </text>
        <text fg={theme().textMuted} flexShrink={0} onMouseUp={() => api.ui.dialog.clear()}>esc</text>
      </box>
      <text fg={colourOf(api, props.row.tone)} height={1} wrapMode="none">
        {`${props.row.mark} ${props.row.word} · @${props.row.agent} · ${props.row.id}`}
      </text>
      <scrollbox
        focused
        marginTop={1}
        height={Math.max(5, Math.floor(api.renderer.height / 2))}
      >
        <Show when={answer()} fallback={<text fg={theme().textMuted}>Reading…</text>}>
          {(text) => <text fg={theme().text} wrapMode="word">{text()}</text>}
        </Show>
      </scrollbox>
    </box>
  )
}
