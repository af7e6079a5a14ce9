/**
 * The pictures of the README, taken from OpenCode's real terminal with the built plugin and a scripted model: a queue beside
 * the conversation, `/tasks`, cards, the timeline. Needs tmux, and `node scripts/build.mjs` before it.
 */
import { Cells, OpenCode, Picture, Sandbox, type Script, ScriptedModel, Terminal } from "@errand/lab"
import { Console, Effect } from "effect"
import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url))
const built = (name: string): string => new URL(`../dist/${name}`, import.meta.url).href

interface Job {
  readonly description: string
  readonly agent: string
  readonly prompt: string
  /** What it does before its answer, each for a while (ms). */
  readonly work: ReadonlyArray<readonly [tool: string, args: Script.ToolCall["args"], ms: number]>
  readonly says: string
}

const jobs: ReadonlyArray<Job> = [
  {
    description: "Read the OAuth docs",
    agent: "explore",
    prompt: "Read docs/oauth.md and list what a client has to send.",
    work: [["read", { filePath: "docs/oauth.md" }, 1500]],
    says: "A client sends its id, the redirect URI, the scope and a PKCE challenge."
  },
  {
    description: "Find the auth code",
    agent: "explore",
    prompt: "Find where tokens are checked.",
    work: [["grep", { pattern: "login" }, 4000], ["read", { filePath: "src/auth/token.ts" }, 25_000]],
    says: "Tokens are checked in src/auth/token.ts; expiry is compared in seconds."
  },
  {
    description: "Run the tests",
    agent: "general",
    prompt: "Run the tests of the login and report what fails.",
    work: [["bash", { command: "npm test", description: "Runs the tests" }, 25_000]],
    says: "41 pass, 1 fails: token.test.ts, an expired token is accepted."
  },
  {
    description: "Review the architecture",
    agent: "general",
    prompt: "Review how sessions are kept.",
    work: [["grep", { pattern: "session" }, 6000]],
    says: "Sessions live in memory: a restart signs everybody out."
  },
  {
    description: "Check the rate limits",
    agent: "explore",
    prompt: "Find out whether logins are rate limited.",
    work: [["grep", { pattern: "limit" }, 5000]],
    says: "They are not."
  }
]

/** A step of it ends when its time is over, and at the latest when its gate is opened. */
const stepsOf = ({ says, work }: Job): ReadonlyArray<Script.Step> => [
  ...work.map(([name, args], index) => ({
    ...(index === 0 ? {} : { delay: work[index - 1]?.[2] ?? 0 }),
    toolCalls: [{ name, args: args ?? {} }]
  })),
  { delay: work.at(-1)?.[2] ?? 0, say: says }
]

const rules: ReadonlyArray<ScriptedModel.Rule> = [
  {
    when: /^Is the login safe/,
    steps: [
      {
        toolCalls: jobs.map(({ agent, description, prompt }) => ({
          name: "delegate_task",
          args: { agent, description, prompt, model: "anthropic/opus" }
        }))
      },
      { say: "Five agents are on it. I go on with the threat model meanwhile." }
    ]
  },
  ...jobs.map((job): ScriptedModel.Rule => ({
    when: new RegExp(job.prompt.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
    steps: stepsOf(job)
  }))
]

const files = {
  "docs/oauth.md": "# OAuth\n\nA client sends its id, the redirect URI and the scope.\n",
  "src/auth/token.ts": "export const isValid = (token: Token, now: number) => token.expires > now // login\n",
  "src/session.ts": "export const sessions = new Map<string, Session>() // no limit\n",
  "package.json": "{ \"name\": \"shop\", \"scripts\": { \"test\": \"sleep 0.2\" } }\n"
}

/** Nobody's project lies in a temporary folder. What stands after it stays where it is. */
const tidy = (ansi: string): string =>
  ansi
    // Between its parts may stand what colours the last one.
    .replace(/\/tmp\/errand-lab-\w{6}\/((?:[^\w\s]\[[\d;]*m)*)project/g, (all, look: string) =>
      `~/${look}shop`.padEnd(all.length))
    .replace(/tmp\/errand-lab-\w{6}\/project\/(\S*)/g, (all, path: string) =>
      path.padEnd(all.length))

const take = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal,
  name: string,
  options: Picture.Options
) {
  const picture = Picture.svg(Cells.parse(tidy(yield* terminal.ansi)), options)
  yield* Effect.promise(() => mkdir(folder, { recursive: true }).then(() => writeFile(`${folder}${name}.svg`, picture)))
  yield* Console.log(`docs/pictures/${name}.svg`)
})

const program = Effect.gen(function*() {
  const model = yield* ScriptedModel.make({ onMessage: rules })
  const sandbox = yield* Sandbox.make({
    model,
    providers: { anthropic: ["opus"] },
    config: { model: "anthropic/opus" },
    plugins: [[built("index.js"), { providerConcurrency: { anthropic: 2 }, toasts: false }]],
    tui: { plugin: [built("tui.js")] },
    files
  })
  const server = yield* OpenCode.serve(sandbox)
  const height = 34
  const width = 150
  const terminal = yield* Terminal.open(sandbox, { args: ["attach", server.url], width, height })
  yield* terminal.waitFor("ctrl+p", { timeout: "90 seconds" })
  const session = yield* server.newSession("Is the login safe?")
  yield* server.request("POST", "/tui/select-session", { sessionID: session })
  yield* Effect.sleep("1 second")
  yield* server.promptAsync(session, "Is the login safe? Send several agents: code, docs, tests, sessions, limits.")
  const sidebar = yield* terminal.waitFor((screen) =>
    screen.includes("✓ Read the OAuth docs") && /2 out · 2 in line/.test(screen) && screen.includes("bash npm test")
  )
  const seen = sidebar.split("\n")
  yield* Effect.sleep("3 seconds")
  yield* take(terminal, "sidebar", { title: "A queue of tasks beside the conversation in OpenCode's terminal" })
  const cards = seen.findIndex((line) => line.includes("Explore Task") || line.includes("delegate_task"))
  yield* take(terminal, "card", {
    title: "Launches as cards in the conversation",
    columns: [0, width - 44],
    lines: [Math.max(0, cards - 1), Math.min(height, cards + 14)]
  })
  yield* terminal.keys("C-x", "o")
  const dialog = Terminal.placeOf(yield* terminal.waitFor("Filter tasks"), "Filter tasks")?.line ?? 3
  yield* Effect.sleep("500 millis")
  yield* take(terminal, "tasks", {
    title: "The list of /tasks: out, in line with place and reason, finished",
    columns: [(width - 88) / 2, (width + 88) / 2],
    lines: [dialog - 3, dialog + 15]
  })
  yield* terminal.keys("Escape")
  yield* terminal.waitFor((screen) => !screen.includes("Filter tasks"))
  yield* terminal.waitFor((screen) => /▼ Errands +1 out/.test(screen), { timeout: "3 minutes" })
  yield* terminal.keys("C-p")
  yield* terminal.waitFor("Search")
  yield* terminal.type("errands: timeline")
  yield* Effect.sleep("1 second")
  yield* terminal.keys("Enter")
  yield* terminal.waitFor("slots in use, of 2")
  yield* take(terminal, "timeline", {
    title: "The timeline: when each task waited and ran, and how many slots were in use",
    lines: [0, 14]
  })
})

await Effect.runPromise(Effect.scoped(program))
