/**
 * The list beside the conversation: who needs a person, who runs, who stands in line and why. Nothing is shown where
 * there is nothing. A click on the head folds it; a click on a row opens the session of that task.
 */
import { Format, Rows } from "@errand/view"
import { createMemo, createSignal, Index, Show } from "solid-js"
import { type Errands, sceneOf } from "./Errands.ts"
import { colourOf } from "./tones.ts"

/** Columns: what OpenCode's sidebar leaves to its parts. */
const width = 37

/** What the terminal keeps over restarts, for all plugins in one file. */
const foldKey = "errand.fold"

export const Sidebar = (props: { readonly errands: Errands; readonly session: string }) => {
  const { api } = props.errands
  const scene = sceneOf(props.errands, () => props.session)
  const [folded, setFolded] = createSignal(api.kv.get<unknown>(foldKey) === true)
  const list = createMemo(() => {
    const seen = scene()
    return seen === undefined ? { rows: [], more: 0 } : Rows.sidebar(seen.board, seen.look)
  })
  const head = () => {
    const seen = scene()
    return seen === undefined ? "" : Rows.headLine(seen.board, seen.look)
  }
  const problem = () => scene()?.board.problem
  const fold = () => {
    const now = !folded()
    setFolded(now)
    api.kv.set(foldKey, now)
  }
  const open = (row: Rows.Row) => {
    if (row.session !== undefined) api.route.navigate("session", { sessionID: row.session })
  }
  const theme = () => api.theme.current
  const detailColour = ({ tone }: Rows.Row) =>
    tone === "attention" || tone === "bad" ? colourOf(api, tone) : theme().textMuted

  return (
    <Show when={list().rows.length > 0 || problem() !== undefined}>
      <box flexDirection="column">
        <box flexDirection="row" justifyContent="space-between" onMouseUp={fold}>
          <text fg={theme().text} flexShrink={0}>
            <b>{folded() ? "▶" : "▼"} Errands</b>
          </text>
          <text fg={theme().textMuted} wrapMode="none">{head()}</text>
        </box>
        <Show when={problem() !== undefined}>
          <text fg={theme().warning} wrapMode="word">{problem()}</text>
        </Show>
        <Show when={!folded()}>
          <Index each={list().rows}>
            {(row) => (
              <box flexDirection="column" onMouseUp={() => open(row())}>
                <box flexDirection="row" gap={1}>
                  <text fg={colourOf(api, row().tone)} flexShrink={0}>{row().mark}</text>
                  <text fg={theme().text} flexGrow={1} height={1} wrapMode="none">
                    {Format.clip(row().label, width - 3 - row().time.length)}
                  </text>
                  <text fg={theme().textMuted} flexShrink={0}>{row().time}</text>
                </box>
                <Show when={row().detail !== ""}>
                  <text fg={detailColour(row())} height={1} wrapMode="none">{Rows.secondLine(row(), width)}</text>
                </Show>
              </box>
            )}
          </Index>
          <Show when={list().more > 0}>
            <text fg={theme().textMuted}>+{list().more} more · /tasks</text>
          </Show>
        </Show>
      </box>
    </Show>
  )
}
