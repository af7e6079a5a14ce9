/**
 * The timeline on the whole screen: when each task of the family waited, ran and ended, per pool with its slots in use.
 * Escape leads back to where one was; a click on a task opens its session.
 */
import { Rows, Timeline, TimelineText } from "@errand/view"
import type { TuiPluginApi, TuiThemeCurrent } from "@opencode-ai/plugin/tui"
import { useTerminalDimensions } from "@opentui/solid"
import { createMemo, Index, onCleanup } from "solid-js"
import { type Errands, sceneOf, sessionOnScreen } from "./Errands.ts"
import type { Keys } from "./keys.ts"

export const timelineRoute = "errand.timeline"

export const openTimeline = (api: TuiPluginApi): void => {
  const sessionID = sessionOnScreen(api)
  api.ui.dialog.clear()
  if (sessionID === undefined) {
    return api.ui.toast({ variant: "info", title: "Errand", message: "Tasks belong to a session: open one first." })
  }
  api.route.navigate(timelineRoute, { sessionID })
}

const colours: Readonly<Record<TimelineText.Tone, keyof Omit<TuiThemeCurrent, "thinkingOpacity">>> = {
  waiting: "textMuted",
  running: "info",
  ask: "warning",
  retry: "error",
  lent: "secondary",
  completed: "success",
  error: "error",
  cancelled: "textMuted",
  "cut-off": "error",
  text: "text",
  heading: "accent",
  muted: "textMuted",
  used: "textMuted",
  full: "warning"
}

export const TimelineScreen = (props: { readonly errands: Errands; readonly session: string }) => {
  const { api } = props.errands
  const screen = useTerminalDimensions()
  const scene = sceneOf(props.errands, () => props.session)
  const leave = () => api.route.navigate("session", { sessionID: props.session })

  const keys: Keys = api.keymap
  const layer = keys.registerLayer({
    mode: timelineRoute,
    commands: [{ name: "errand.timeline.leave", run: leave }],
    bindings: [{ key: "escape", cmd: "errand.timeline.leave" }, { key: "q", cmd: "errand.timeline.leave" }]
  })
  const mode = api.mode.push(timelineRoute)
  onCleanup(() => {
    mode()
    layer()
  })

  // A picture of minutes need not be drawn four times a second.
  const second = createMemo(() => Math.floor((scene()?.look.now ?? 0) / 1000) * 1000)
  const rows = createMemo(() => {
    const board = scene()?.board
    if (board === undefined) return []
    return TimelineText.rowsOf(Timeline.ofBoard(board, second()), { width: screen().width - 4 })
  })
  const head = () => {
    const seen = scene()
    return seen === undefined
      ? "nothing is known of its tasks"
      : Rows.headLine(seen.board, seen.look) || "nothing is out"
  }
  const open = ({ lane }: TimelineText.Row) => {
    const session = scene()?.board.tasks.find(({ id }) => id === lane)?.session
    if (session !== undefined) api.route.navigate("session", { sessionID: session })
  }
  const theme = () => api.theme.current
  return (
    <box flexDirection="column" width={screen().width} height={screen().height} padding={1} paddingLeft={2}>
      <box flexDirection="row" justifyContent="space-between" paddingRight={2}>
        <text fg={theme().text} height={1} wrapMode="none">
          <b>Errands: timeline</b>
          <span style={{ fg: theme().textMuted }}>{`   ${head()}`}</span>
        </text>
        <text fg={theme().textMuted} onMouseUp={leave}>↑↓ scroll esc back</text>
      </box>
      <scrollbox focused flexGrow={1} marginTop={1}>
        <Index each={rows()}>
          {(row) => (
            <text height={1} wrapMode="none" onMouseUp={() => open(row())}>
              <Index each={row().cells}>
                {(cell) => <span style={{ fg: theme()[colours[cell().tone]] }}>{cell().text}</span>}
              </Index>
            </text>
          )}
        </Index>
      </scrollbox>
    </box>
  )
}
