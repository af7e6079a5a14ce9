/**
 * What a person can see of tasks, on the real OpenCode without a terminal: the board in the metadata of the root session,
 * kept from the moment on that somebody says hello.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { type Board, Rows } from "@errand/view"
import { Effect, Option } from "effect"
import { boardIn } from "../../src/board/metadata.ts"
import { isObject, live, patience, place, words, World, world } from "./support/b.ts"

const { script } = Script

type Server = OpenCode.OpenCodeServer

/** What a TUI half says. */
const publish = (server: Server, command: string) =>
  Effect.tap(
    server.request("POST", "/tui/publish", { type: "tui.command.execute", properties: { command } }),
    ({ status }) => Effect.sync(() => assert.strictEqual(status, 200))
  )

/** The board that an event brings of a session. */
const boardOf = ({ properties, type }: OpenCode.ServerEvent, session: string): Option.Option<Board.Board> => {
  const info = properties["info"]
  return type === "session.updated" && isObject(info) && info["id"] === session
    ? boardIn(info["metadata"])
    : Option.none()
}

/** Every board that a session had so far, oldest first. */
const boards = (server: Server, session: string) =>
  Effect.map(server.events, (events) => events.flatMap((event) => Option.toArray(boardOf(event, session))))

/** Waits for a board such that. */
const shows = (server: Server, session: string, what: string, is: (board: Board.Board) => boolean) =>
  server.waitFor((event) => Option.exists(boardOf(event, session), is), {
    timeout: patience,
    what: `a board of ${session} with ${what}`
  }).pipe(Effect.flatMap((event) => Effect.fromOption(boardOf(event, session))))

const head = (board: Board.Board) => Rows.headLine(board, { now: board.at })

const rows = (board: Board.Board) => Rows.rowsOf(board, { now: board.at })

const hang = script([{ hang: true }])

const config = { permission: { bash: { "*": "ask", "sleep *": "allow" } } }

layer(world({ config, settings: { defaultConcurrency: 2 } }), live)("with a limit of two", (it) => {
  it.effect("nothing is written before somebody looks, and then what was there before (G6)", () =>
    Effect.gen(function*() {
      const { launch, parent, server, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([{ say: "done" }]), { description: "Before" })
      yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.deepStrictEqual(yield* boards(server, session), [])
      yield* publish(server, `errand.hello ${session}`)
      const board = yield* shows(server, session, "a task", ({ tasks }) => tasks.length > 0)
      const [task] = board.tasks
      assert.strictEqual(task?.id, child.task)
      assert.deepInclude(task, { description: "Before", status: "completed" })
      assert.strictEqual(head(board), "")
    }))

  it.effect("a board says who is out and who is in line and why, and is right at every change (G6, G7)", () =>
    Effect.gen(function*() {
      const { launch, parent, server, told } = yield* World
      const session = yield* parent
      yield* server.request("PATCH", `/session/${session}`, { metadata: { theirs: { keep: true } } })
      yield* publish(server, "errand.hello")
      const first = yield* launch(session, hang, { description: "First" })
      const second = yield* launch(session, hang, { description: "Second" })
      const third = yield* launch(session, hang, { description: "Third" })
      const board = yield* shows(server, session, "three tasks", ({ tasks }) => tasks.length === 3)
      assert.strictEqual(head(board), "2 out · 1 in line")
      const [pool, ...others] = board.pools
      assert.deepStrictEqual(others, [])
      assert.deepInclude(pool, { used: 2, size: 2, waiting: 1 })
      const waiting = rows(board).find(({ label }) => label === "Third")
      assert.match(waiting?.doing ?? "", /^1st in line · .* 2\/2$/)
      assert.include(waiting?.about ?? "", `frees with ${first.task}`)

      // A person calls one off: the next in line is out, and the board says so.
      yield* publish(server, "errand.cancel bg_nonsense")
      yield* publish(server, `errand.cancel ${first.task}`)
      const next = yield* shows(
        server,
        session,
        "the third out",
        ({ tasks }) => tasks.some(({ id, status }) => id === third.task && status === "running")
      )
      assert.strictEqual(head(next), "2 out")
      const ended = next.tasks.find(({ id }) => id === first.task)
      assert.deepInclude(ended, { status: "cancelled", why: "called off by a person" })
      for (const { task } of [second, third]) yield* publish(server, `errand.cancel ${task}`)
      // Its parent did not do that, and is told.
      const notice = yield* told(session, /ALL BACKGROUND TASKS/)
      assert.include(notice, "A person called it off. Ask the person before you go on with it.")

      const last = yield* shows(
        server,
        session,
        "nothing out",
        ({ tasks }) => tasks.length === 3 && !tasks.some(Rows.isOut)
      )
      assert.strictEqual(head(last), "")
      for (const board of yield* boards(server, session)) {
        const { inLine, out } = Rows.countsOf(board, { now: board.at })
        assert.isAtMost(out, 2, "more out than the limit")
        if (inLine > 0) assert.strictEqual(out, 2, "in line beside a free slot")
        for (const { size, used } of board.pools) assert.isAtMost(used, size ?? Number.POSITIVE_INFINITY)
      }
      // What others keep there stays.
      const { body } = yield* server.request("GET", `/session/${session}`)
      const metadata = isObject(body) ? body["metadata"] : undefined
      assert.deepStrictEqual(isObject(metadata) ? metadata["theirs"] : undefined, { keep: true })
    }))

  it.effect("a board says what a task does (G6, G7)", () =>
    Effect.gen(function*() {
      const { launch, parent, server } = yield* World
      const session = yield* parent
      yield* publish(server, "errand.hello")
      const call = { name: "bash", args: { command: "sleep 2", description: "-" } }
      const child = yield* launch(session, script([{ toolCalls: [call] }, { hang: true }]))
      const board = yield* shows(server, session, "a call", ({ tasks }) => tasks.some(({ last }) => last !== undefined))
      assert.strictEqual(rows(board)[0]?.detail, "general · bash sleep 2")
      yield* publish(server, `errand.cancel ${child.task}`)
    }))

  it.effect("a board says who needs a person, however deep, and for how long that is so (G2, G6)", () =>
    Effect.gen(function*() {
      const { launch, parent, server, told } = yield* World
      const session = yield* parent
      yield* publish(server, "errand.hello")
      const call = { name: "bash", args: { command: "echo deep", description: "-" } }
      const inner = {
        description: "Inner",
        prompt: script([{ toolCalls: [call] }, { say: "went on" }]),
        agent: "general"
      }
      yield* launch(
        session,
        script([{ toolCalls: [{ name: "delegate_task", args: inner }] }, { say: "launched" }], {
          later: [{ say: "heard of it" }]
        }),
        { description: "Outer" }
      )
      const board = yield* shows(
        server,
        session,
        "a question",
        ({ tasks }) => tasks.some(({ asks }) => asks !== undefined)
      )
      const [row] = rows(board)
      assert.deepInclude(row, { label: "Inner", depth: 2, detail: "needs you: bash echo deep" })
      assert.deepStrictEqual(Rows.promptStatus(board, { now: board.at })?.text, "▲ 1 needs you")
      yield* publish(server, `errand.shown ${row?.ask}`)
      const reply = yield* server.request("POST", `/permission/${row?.ask}/reply`, { reply: "once" })
      assert.strictEqual(reply.status, 200)
      yield* shows(
        server,
        session,
        "an answer",
        ({ at, tasks }) =>
          at > board.at && tasks.some(({ depth }) => depth === 2) && tasks.every(({ asks }) => asks === undefined)
      )
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "heard of it")
    }))

  it.effect("a fork has the board of the session that it was made from, and that says so (G6)", () =>
    Effect.gen(function*() {
      const { launch, parent, server } = yield* World
      const session = yield* parent
      yield* publish(server, "errand.hello")
      const child = yield* launch(session, hang)
      yield* shows(server, session, "a task", ({ tasks }) => tasks.length === 1)
      const { body } = yield* server.request("POST", `/session/${session}/fork`, {})
      const fork = isObject(body) ? body : {}
      const board = yield* Effect.fromOption(boardIn(fork["metadata"]))
      assert.notStrictEqual(fork["id"], session)
      assert.strictEqual(board.session, session)
      yield* publish(server, `errand.cancel ${child.task}`)
      yield* server.request("DELETE", `/session/${String(fork["id"])}`)
    }))
})

layer(world({ settings: { board: false } }), live)("board: false", (it) => {
  it.effect("writes nothing, whoever looks (G8)", () =>
    Effect.gen(function*() {
      const { launch, parent, server, told } = yield* World
      const session = yield* parent
      yield* publish(server, `errand.hello ${session}`)
      yield* launch(session, script([{ say: "done" }]))
      yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.deepStrictEqual(yield* boards(server, session), [])
    }))
})

describe("after a crash", () => {
  it.live("a board whose owner is gone is replaced when somebody looks, and no ghost stays (G6)", () =>
    Effect.gen(function*() {
      const { model, sandbox } = yield* place({ settings: { onRestart: "report", nonsense: true } })
      const { left, session } = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* OpenCode.serve(sandbox)
        const { launch } = words({ model, server })
        const session = yield* server.newSession("parent")
        yield* publish(server, "errand.hello")
        yield* launch(session, hang)
        const left = yield* shows(server, session, "one out", ({ tasks }) => tasks[0]?.session !== undefined)
        yield* server.kill("SIGKILL")
        yield* server.exited
        return { left, session }
      }))
      const server = yield* OpenCode.serve(sandbox)
      yield* publish(server, "errand.hello")
      const board = yield* shows(
        server,
        session,
        "nothing out",
        ({ owner, tasks }) => owner !== left.owner && !tasks.some(Rows.isOut)
      )
      assert.strictEqual(board.tasks[0]?.id, left.tasks[0]?.id)
      assert.strictEqual(board.problem, "config invalid · run Errand's doctor")
      assert.deepInclude(board.tasks[0], { status: "error", why: "it was interrupted by a restart of OpenCode" })
    }))
})
