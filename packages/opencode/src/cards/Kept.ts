/**
 * What a card keeps of the call that it stands for, and the way back.
 *
 * A card is a call of `delegate_task` that is stored as people are to see it. What the model is shown is the call as it
 * was, to the byte: else its history would change under it, and the provider's prompt cache would be worth nothing. Pure,
 * and without Effect: this is asked before every request of every session, most of which have no cards.
 */

/** An object of unknown fields, as it comes from JSON. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What stands in a card's `state.metadata.errand`. */
export interface Kept {
  readonly task: string
  readonly run: number
  /** Whether the run is over, and nothing of the card changes any more. */
  readonly over: boolean
  /** The process that keeps the card true. */
  readonly pid: number
  /** What of the call was changed. `state` has the whole state where its status was changed. */
  readonly call: { readonly tool: string; readonly state: Fields }
}

/** The call as OpenCode stored it, if this part is a card. Whatever the part is, this does not throw. */
export const keptIn = (part: unknown): Kept | undefined => {
  if (!isFields(part) || part["type"] !== "tool" || !isFields(part["state"])) return undefined
  const metadata = part["state"]["metadata"]
  const errand = isFields(metadata) ? metadata["errand"] : undefined
  if (!isFields(errand) || !isFields(errand["call"])) return undefined
  const { over, pid, run, task } = errand
  const { state, tool } = errand["call"]
  return typeof task === "string" && typeof run === "number" && typeof pid === "number" && typeof tool === "string"
      && isFields(state)
    ? { task, run, over: over === true, pid, call: { tool, state } }
    : undefined
}

/** The part as it was before it became a card; any other part as it is. */
export const restore = (part: unknown): unknown => {
  const kept = keptIn(part)
  if (kept === undefined || !isFields(part) || !isFields(part["state"])) return part
  const { call } = kept
  // What OpenCode has done to a card since, when it made room for example, it has done to the call.
  const state = part["state"]["status"] === "error" ? call.state : { ...part["state"], ...call.state }
  return { ...part, tool: call.tool, state }
}

/** Puts the calls back into messages that are about to be shown to a model, in place. */
export const restoreAll = (messages: unknown): void => {
  if (!Array.isArray(messages)) return
  for (const message of messages) {
    const parts: unknown = isFields(message) ? message["parts"] : undefined
    if (!Array.isArray(parts)) continue
    for (const [index, part] of parts.entries()) {
      const call = restore(part)
      if (call !== part) parts[index] = call
    }
  }
}
