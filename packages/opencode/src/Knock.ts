/**
 * Whether this is the copy of the plugin that OpenCode's server speaks to.
 *
 * A terminal whose server others can attach to (`opencode --port`) makes every plugin twice in one process, half a tenth
 * of a second apart: for the server, which has all the sessions, and for its look for updates. What that copy asks for is
 * done by the server, but nothing ever comes to it: no event, no message, no call. Tasks that it went on with would run
 * unheard: nobody could see them, call them off, or answer what they ask for.
 *
 * So a copy that nobody has used yet has the server say something on OpenCode's channel for commands, and whoever hears
 * it is the one. Nobody else knows the command, and nothing is shown of it.
 */
import type { HostInput } from "./host/Client.ts"

/** What is said. Whatever else is heard on that channel tells the same. */
export const command = "errand.knock"

/** Whether an event comes from the channel for commands. */
export const isCommand = (event: unknown): boolean =>
  typeof event === "object" && event !== null && "type" in event && event.type === "tui.command.execute"

/** Knocks, and gives whether the server has said it; one that cannot be asked, or refuses, tells nothing. */
export const knock = async ({ client, directory }: HostInput, signal: AbortSignal): Promise<boolean> => {
  try {
    const body = { type: "tui.command.execute", properties: { command } } as const
    const { error } = await client.tui.publish({ body, query: { directory }, signal })
    return error === undefined
  } catch {
    return false
  }
}
