/**
 * One trial: a worker is killed at a point, perhaps the one after it too, and a last one goes on with what is left. Then
 * everything that was promised is counted.
 */
import { Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import * as Host from "./Host.ts"
import { type Order, parents, Said, type Told } from "./Wire.ts"

type Kept = Extract<Said, { readonly say: "launched" | "continued" | "cancelled" }>
type Done = Extract<Said, { readonly say: "done" }>

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Said))

/** What a worker said before it ended, or was killed. */
interface Life {
  readonly kept: ReadonlyArray<Kept>
  readonly done: Done | undefined
  readonly killed: boolean
  readonly errors: string
}

const live = (bundle: string, host: Host.Host, order: Order): Promise<Life> => {
  const { promise, resolve } = Promise.withResolvers<Life>()
  const child = spawn(process.execPath, [bundle, JSON.stringify(order)], { stdio: ["pipe", "pipe", "pipe"] })
  const kept: Array<Kept> = []
  let done: Done | undefined
  let errors = ""
  const tell = (told: Told) => void child.stdin.write(`${JSON.stringify(told)}\n`)
  // A worker that is killed hears nothing more.
  child.stdin.on("error", () => {})
  child.stderr.on("data", (data) => errors += String(data))
  host.listen((event) => tell({ tell: "event", event }))
  const lines = createInterface({ input: child.stdout })
  lines.on("line", (line) => {
    const said = decode(line)
    switch (said.say) {
      case "ready":
        return host.use()
      case "call": {
        const answer = host.answer(said.operation, said.args)
        return tell(
          answer === undefined ? { tell: "gone", n: said.n } : { tell: "answer", n: said.n, value: answer.value }
        )
      }
      case "done":
        done = said
        return undefined
      default:
        return void kept.push(said)
    }
  })
  const late = setTimeout(() => child.kill("SIGKILL"), 20_000)
  child.on("close", (_, signal) => {
    clearTimeout(late)
    host.died()
    resolve({ kept, done, killed: signal === "SIGKILL", errors })
  })
  return promise
}

export interface Trial {
  readonly killed: number
  readonly points: number
  /** What was broken, in words; nothing where all held. */
  readonly broken: ReadonlyArray<string>
}

/** Draws numbers from 0 to 1 by a seed (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const run = async (
  bundle: string,
  file: string,
  seed: number,
  dieAt: ReadonlyArray<number>
): Promise<Trial> => {
  const random = randomOf(seed)
  const host = Host.make(parents, random() < 0.3, random)
  const lives: Array<Life> = []
  for (const [nth, at] of dieAt.entries()) {
    lives.push(await live(bundle, host, { file, ...(nth === 0 ? { seed } : {}), dieAt: at }))
  }
  const last = await live(bundle, host, { file, ...(dieAt.length === 0 ? { seed } : {}) })
  host.end()
  return {
    killed: lives.filter(({ killed }) => killed).length,
    points: last.done?.points ?? 0,
    broken: broken([...lives, last], last, host)
  }
}

const count = <A>(all: ReadonlyArray<A>, is: (one: A) => boolean): number => all.filter(is).length

const broken = (lives: ReadonlyArray<Life>, { done, errors }: Life, host: Host.Host): ReadonlyArray<string> => {
  if (done === undefined) return [`stuck: it did not come to rest in 20 s ${errors}`]
  const kept = lives.flatMap((life) => life.kept)
  const promised = kept.filter(({ say }) => say !== "cancelled")
  const calledOff = new Set(kept.filter(({ say }) => say === "cancelled").map(({ id }) => id))
  const told = host.notified.flatMap(({ kind, tasks }) => tasks.map((task) => ({ ...task, kind })))
  const ids = host.notified.map(({ id }) => id)
  return [
    ...host.wrong.map((words) => `two lives: ${words}`),
    ...promised.flatMap(({ id, run }) => {
      const task = done.tasks.find((one) => one.id === id)
      const often = (kind: string) => count(told, (one) => one.id === id && one.run === run && one.kind === kind)
      // What was told, of this run or of a newer one, is dropped at the next start.
      const isTold = told.some((one) => one.id === id && one.run >= run && one.kind === "final")
      if (task === undefined && (isTold || calledOff.has(id))) return []
      if (task === undefined || task.run < run) return [`lost task ${id}#${run}`]
      return [
        ...(often("final") > 1 || often("progress") > 1 ? [`doubled: ${id}#${run} was told twice`] : []),
        // Who has it go on before they were told how it ended is told of the newer run instead.
        ...(often("final") === 0 && !calledOff.has(id) && task.run === run
          ? [`lost notice: nobody was told of ${id}#${run}`]
          : []),
        ...(calledOff.has(id) && task.run === 1 && task.status !== "cancelled" ? [`undone: ${id} was called off`] : [])
      ]
    }),
    ...(new Set(ids).size < ids.length ? ["doubled: a notice came twice"] : []),
    ...(done.used > 0 ? [`leaked: ${done.used} slots`] : []),
    ...host.working().map((session) => `orphan: ${session} works`)
  ]
}
