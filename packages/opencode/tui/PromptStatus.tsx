/**
 * Right of the prompt, at every width: how many tasks are out and in line, or that one needs a person.
 */
import { Rows } from "@errand/view"
import { Show } from "solid-js"
import { type Errands, sceneOf } from "./Errands.ts"
import { colourOf } from "./tones.ts"

export const PromptStatus = (props: { readonly errands: Errands; readonly session: string }) => {
  const scene = sceneOf(props.errands, () => props.session)
  const status = () => {
    const seen = scene()
    return seen === undefined ? undefined : Rows.promptStatus(seen.board, seen.look)
  }
  return (
    <Show when={status()}>
      {(shown) => <text fg={colourOf(props.errands.api, shown().tone)} wrapMode="none">{shown().text}</text>}
    </Show>
  )
}
