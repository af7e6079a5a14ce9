/**
 * What `background_output` says of a task: its answer when it has one, else how it stands.
 */
import { result } from "./result.ts"
import { status, type StatusView } from "./status.ts"

export interface PageView extends StatusView {
  /** Where in the answer to begin (characters). */
  readonly offset?: number | undefined
}

export const page = (view: PageView): string =>
  view.task.outcome?._tag === "Completed" ? result(view.task, view.task.outcome, view.offset) : status(view)
