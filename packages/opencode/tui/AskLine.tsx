/**
 * The last line of the screen, where there is no prompt to show it beside (in the session of a task): which task needs a
 * person, and how to answer it.
 */
import { Format, Rows } from "@errand/view"
import { useTerminalDimensions } from "@opentui/solid"
import { Show } from "solid-js"
import { type Errands, sceneOf, sessionOnScreen } from "./Errands.ts"
import { rootOf } from "./Families.ts"

export const AskLine = (props: { readonly errands: Errands }) => {
  const { api } = props.errands
  const screen = useTerminalDimensions()
  const session = () => {
    const id = sessionOnScreen(api)
    return id !== undefined && rootOf(api.state, id) !== id ? id : undefined
  }
  const scene = sceneOf(props.errands, session)
  const asking = () => {
    const seen = scene()
    return seen === undefined
      ? undefined
      : Rows.rowsOf(seen.board, seen.look).find(({ group }) => group === "needs you")
  }
  return (
    <Show when={asking()}>
      {(row) => (
        <text fg={api.theme.current.warning} height={1} wrapMode="none">
          {askLine(row(), screen().width)}
        </text>
      )}
    </Show>
  )
}

/** How to answer is said whatever has to be cut. */
const askLine = ({ agent, doing, label, mark }: Rows.Row, width: number): string => {
  const how = " · ctrl+x o answers"
  return Format.clip(`  ${mark} ${label} (@${agent}) asks: ${doing}`, width - how.length - 1) + how
}
