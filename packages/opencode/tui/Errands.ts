/**
 * What every part of the screen needs: OpenCode's terminal, the boards in it, and the time.
 */
import { type Board, Rows } from "@errand/view"
import type { TuiPluginApi } from "@opencode-ai/plugin/tui"
import { type Accessor, createMemo } from "solid-js"
import type { Asking } from "./Asking.ts"
import { boardOf, isBusy } from "./Families.ts"
import type { Ticker } from "./Ticker.ts"

export interface Errands {
  readonly api: TuiPluginApi
  readonly ticker: Ticker
  readonly asking: Asking
  /** When this terminal was opened (epoch ms). */
  readonly openedAt: number
}

/**
 * How long after it was opened a terminal calls nothing lost (ms): it is there before the plugin in the server, which goes
 * on with what another OpenCode left.
 */
const takeUpMs = 20_000

/** A family's board and how it looks right now; nothing where it has none. */
export interface Scene {
  readonly board: Board.Board
  readonly look: Rows.Look
}

const lookAt = ({ api, openedAt }: Errands, now: number): Rows.Look => ({
  now,
  isBusy: isBusy(api.state),
  isLeft: now < openedAt + takeUpMs
})

/** The scene of a session's family at this moment. */
export const sceneNow = (errands: Errands, session: string): Scene | undefined => {
  const board = boardOf(errands.api.state, session)
  return board === undefined ? undefined : { board, look: lookAt(errands, errands.ticker.now()) }
}

/** How often (ms) the times on the screen move, and the spinner turns. */
const frameMs = 250

/**
 * The scene of a session's family, made anew whenever the board or the time changes. While something is out the time goes
 * on; otherwise it moves when the next row goes.
 */
export const sceneOf = (
  errands: Errands,
  session: Accessor<string | undefined>
): Accessor<Scene | undefined> => {
  const { api, openedAt, ticker } = errands
  const board = createMemo(() => {
    const id = session()
    return id === undefined ? undefined : boardOf(api.state, id)
  })
  ticker.wakeAt(() => {
    const known = board()
    if (known === undefined) return undefined
    const now = ticker.now()
    const look = lookAt(errands, now)
    // What is lost does not count on.
    if (Rows.isLive(known) && !Rows.isLost(known, look)) return now + frameMs
    return look.isLeft && Rows.isLive(known) ? openedAt + takeUpMs : Rows.nextDeparture(known, now)
  })
  return () => {
    const known = board()
    return known === undefined ? undefined : { board: known, look: lookAt(errands, ticker.now()) }
  }
}

/** The session on the screen, if it is one (or was, below a screen of ours). */
export const sessionOnScreen = ({ route }: Pick<TuiPluginApi, "route">): string | undefined => {
  const { current } = route
  const params = "params" in current ? current.params : undefined
  const id = params?.["sessionID"]
  return typeof id === "string" ? id : undefined
}
