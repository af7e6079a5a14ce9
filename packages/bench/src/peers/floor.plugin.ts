/**
 * The floor's plugin: the fewest calls that anybody needs. A session, a prompt; when its event comes, one look at the last
 * message and one word to the parent.
 */
import type { OpencodeClient } from "@opencode-ai/sdk"

interface Task {
  readonly id: string
  readonly parent: string
  readonly session: string
  readonly over: Promise<string>
  readonly end: (answer: string) => void
  cancelled: boolean
}

interface HostEvent {
  readonly type: string
  readonly properties: {
    readonly sessionID?: string
    readonly status?: { readonly type?: string }
    readonly error?: { readonly data?: { readonly message?: string } }
  }
}

interface Args {
  readonly description: string
  readonly prompt: string
  readonly agent: string
  /** `provider/model`, or nothing. */
  readonly model: string
}

interface Caller {
  readonly sessionID: string
}

const modelOf = (name: string) => {
  const slash = name.indexOf("/")
  return slash < 0 ? {} : { model: { providerID: name.slice(0, slash), modelID: name.slice(slash + 1) } }
}

const plugin = async ({ client }: { readonly client: OpencodeClient }) => {
  const tasks = new Map<string, Task>()
  const bySession = new Map<string, Task>()
  let count = 0

  const say = (session: string, text: string, more: { readonly agent?: string; readonly model?: string } = {}) =>
    client.session.promptAsync({
      path: { id: session },
      body: {
        ...(more.agent === undefined ? {} : { agent: more.agent }),
        ...modelOf(more.model ?? ""),
        parts: [{ type: "text", text }]
      }
    })

  const finish = async (task: Task, error?: string) => {
    bySession.delete(task.session)
    const answer = error ?? await lastWords(task.session)
    task.end(answer)
    if (!task.cancelled) await say(task.parent, `Task ${task.id} (${task.session}) is over: ${answer.slice(0, 200)}`)
  }

  const lastWords = async (session: string): Promise<string> => {
    const { data = [] } = await client.session.messages({ path: { id: session }, query: { limit: 1 } })
    return data.flatMap(({ parts }) => parts.flatMap((part) => part.type === "text" ? [part.text] : [])).join("\n")
  }

  const launch = async ({ agent, description, model, prompt }: Args, { sessionID: parent }: Caller) => {
    const { data } = await client.session.create({ body: { parentID: parent, title: description } })
    if (data === undefined) throw new Error("no session")
    const { promise: over, resolve: end } = Promise.withResolvers<string>()
    const task: Task = {
      id: `bg_${(++count).toString(16).padStart(8, "0")}`,
      parent,
      session: data.id,
      over,
      end,
      cancelled: false
    }
    tasks.set(task.id, task)
    bySession.set(task.session, task)
    await say(task.session, prompt, { agent, model })
    return `Task ${task.id} is at work in ${task.session}`
  }

  const cancel = async (task: Task) => {
    task.cancelled = true
    await client.session.abort({ path: { id: task.session } })
  }

  return {
    event: async ({ event: { properties, type } }: { readonly event: HostEvent }) => {
      const task = bySession.get(properties.sessionID ?? "")
      if (task === undefined) return
      if (type === "session.error") await finish(task, properties.error?.data?.message ?? "an error")
      if (type === "session.status" && properties.status?.type === "idle") await finish(task)
    },
    tool: {
      launch: { description: "", args: {}, execute: launch },
      output: {
        description: "",
        args: {},
        execute: async ({ block, task: id }: { readonly task: string; readonly block: boolean }) => {
          const task = tasks.get(id)
          if (task === undefined) return "There is no such task"
          if (block) return task.over
          return bySession.has(task.session) ? `Task ${id} is at work` : task.over
        }
      },
      cancel: {
        description: "",
        args: {},
        execute: async (
          { all, task: id }: { readonly task?: string; readonly all?: boolean },
          { sessionID }: Caller
        ) => {
          const meant = [...tasks.values()].filter((task) =>
            bySession.has(task.session) && (all === true ? task.parent === sessionID : task.id === id)
          )
          await Promise.all(meant.map(cancel))
          return `${meant.length} cancelled`
        }
      }
    }
  }
}

export default plugin
