/**
 * What a session's agent said last, read from OpenCode.
 */
import type { TuiPluginApi } from "@opencode-ai/plugin/tui"
import { Effect } from "effect"

/** How many messages are looked through: the last one of an agent may hold tool calls only. */
const lookedThrough = 10

/** The text of the last message of the agent that has any. Never fails: where there is none it says so. */
export const lastAnswer = ({ client }: Pick<TuiPluginApi, "client">, session: string): Effect.Effect<string> =>
  Effect.tryPromise((signal) => client.session.messages({ sessionID: session, limit: lookedThrough }, { signal })).pipe(
    Effect.map(({ data = [] }) => {
      const texts = data.filter(({ info }) => info.role === "assistant").map(({ parts }) =>
        parts.flatMap((part) => part.type === "text" && part.synthetic !== true ? [part.text] : []).join("\n").trim()
      )
      return texts.findLast((text) => text !== "") ?? "It has not said anything. Open its session to see what it did."
    }),
    Effect.orElseSucceed(() => "OpenCode did not give its messages. Open its session instead.")
  )
