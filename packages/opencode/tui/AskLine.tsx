/**
 * The last line of the screen, where there is no prompt to show it beside (in the session of a task): which task needs a
 * person, and how to answer it.
 */
import { Rows } from "@errand/view"
import { Show } from "solid-js"
import { type Errands, sceneOf, sessionOnScreen } from "./Errands.ts"
import { rootOf } from "./Families.ts"

export const AskLine = (props: { readonly errands: Errands }) => {
  const { api } = props.errands
  const session = () => {
    const id = sessionOnScreen(api)
    return id !== undefined && rootOf(api.state, id) !== id ? id : undefined
  }
  const scene = sceneOf(props.errands, session)
  const asking = () => {
    const seen = scene()
    return seen === undefined ? undefined : Rows.rowsOf(seen.board, seen.look).find(({ ask }) => ask !== undefined)
  }
  return (
    <Show when={asking()}>
      {(row) => (
        <text fg={api.theme.current.warning} paddingLeft={2} height={1} wrapMode="none" truncate>
          {`${row().mark} ${row().label} (@${row().agent}) asks: ${row().doing} · ctrl+x o answers`}
        </text>
      )}
    </Show>
  )
}
