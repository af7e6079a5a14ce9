/**
 * What stands in a session already: messages of a person and of an agent in turn, of any number and size. Nobody is told
 * of them.
 */
import * as Ids from "./ids.ts"
import type { Message, Session } from "./session.ts"
import { type AssistantInfo, filler, noTokens, type UserInfo } from "./wire.ts"

export interface History {
  readonly messages: number
  readonly bytes: number
}

/** Puts so many messages of so many bytes of text before one of a session's, or at its end. */
export const fill = (session: Session, { bytes, messages }: History, before?: string): void => {
  const text = filler(bytes)
  const { id: sessionID, directory, model = { providerID: "fake", modelID: "m1" } } = session
  const time = { created: session.created }
  const said = (info: UserInfo | AssistantInfo): Message => ({
    info,
    parts: [{ id: Ids.part(), sessionID, messageID: info.id, type: "text", text }],
    json: undefined
  })
  let asked = ""
  const added = Array.from({ length: messages }, (_, n) => {
    const id = Ids.message()
    if (n % 2 === 0) {
      asked = id
      return said({ id, sessionID, role: "user", time, agent: "build", model })
    }
    return said({
      id,
      sessionID,
      role: "assistant",
      time: { ...time, completed: session.created },
      parentID: asked,
      modelID: model.modelID,
      providerID: model.providerID,
      mode: "build",
      agent: "build",
      path: { cwd: directory, root: "/" },
      cost: 0,
      tokens: noTokens,
      finish: "stop"
    })
  })
  const at = session.messages.findIndex(({ info }) => info.id === before)
  session.messages.splice(at < 0 ? session.messages.length : at, 0, ...added)
}
