/**
 * One trial: a worker is killed at a point, perhaps the one after it too, and a last one goes on with what is left. Then
 * everything that was promised is counted.
 */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import * as Host from "./Host.ts"
import { type Order, parents, Said, type Told } from "./Wire.ts"

type Kept = Extract<Said, { readonly say: "launched" | "continued" | "cancelling" | "cancelled" }>
type Done = Extract<Said, { readonly say: "done" }>

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Said))

/** What a worker said before it ended, or was killed. */
interface Life {
  readonly kept: ReadonlyArray<Kept>
  readonly done: Done | undefined
  readonly killed: boolean
  readonly errors: string
}

const live = (bundle: string, host: Host.Host, order: Order): Effect.Effect<Life> =>
  Effect.promise(() => {
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
    child.on("exit", host.died)
    // What it said before is heard after it.
    child.on("close", (_, signal) => {
      clearTimeout(late)
      host.died()
      resolve({ kept, done, killed: signal === "SIGKILL", errors })
    })
    return promise
  })

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

/** `dieAt`: at which of its points each worker is killed; one more goes on after them, and comes to rest. */
export const run = Effect.fnUntraced(function*(
  bundle: string,
  file: string,
  seed: number,
  dieAt: ReadonlyArray<number>
): Effect.fn.Return<Trial> {
  const random = randomOf(seed)
  const host = Host.make(parents, random() < 0.3, random)
  const orders = [...dieAt.map((dieAt): Order => ({ file, dieAt })), { file }]
  const lives = yield* Effect.forEach(
    orders,
    (order, nth) => live(bundle, host, nth === 0 ? { ...order, seed } : order)
  )
  host.end()
  const last = lives.at(-1)
  return {
    killed: lives.filter(({ killed }) => killed).length,
    points: last?.done?.points ?? 0,
    broken: last === undefined ? ["nothing was done"] : broken(lives, last, host)
  }
})

const count = <A>(all: ReadonlyArray<A>, is: (one: A) => boolean): number => all.filter(is).length

const broken = (lives: ReadonlyArray<Life>, { done, errors }: Life, host: Host.Host): ReadonlyArray<string> => {
  if (done === undefined) return [`stuck: it did not come to rest in 20 s ${errors}`]
  const kept = lives.flatMap((life) => life.kept)
  const saidOf = (what: Kept["say"]) => kept.filter(({ say }) => say === what)
  const told = host.notified.flatMap(({ kind, tasks }) => tasks.map(({ id, run }) => ({ id, run, kind })))
  const ids = host.notified.map(({ id }) => id)

  /** Who called it off knows its end: it need not be told. */
  const isKnown = (id: string) => saidOf("cancelling").some((one) => one.id === id)

  const fateOf = ({ id, run }: Kept): string | undefined => {
    const task = done.tasks.find((one) => one.id === id)
    const often = (kind: string) => count(told, (one) => one.id === id && one.run === run && one.kind === kind)
    if (often("final") > 1 || often("progress") > 1) return `doubled: ${id}#${run} was told twice`
    if (task === undefined) {
      // What was told, of this run or of a newer one, is dropped at the next start.
      const isTold = told.some((one) => one.id === id && one.run >= run && one.kind === "final")
      return isTold || isKnown(id) ? undefined : `lost task ${id}#${run}`
    }
    if (task.run < run) return `lost run ${id}#${run}`
    // Who has it go on before they were told how it ended is told of the newer run instead.
    return often("final") === 0 && !isKnown(id) && task.run === run
      ? `lost notice: nobody was told of ${id}#${run}`
      : undefined
  }

  const undone = saidOf("cancelled").flatMap(({ id }) =>
    done.tasks.filter((task) => task.id === id && task.run === 1 && task.status !== "cancelled")
  )
  return [
    ...host.wrong.map((words) => `two lives: ${words}`),
    ...[...saidOf("launched"), ...saidOf("continued")].flatMap((one) => fateOf(one) ?? []),
    ...undone.map(({ id }) => `undone: ${id} was called off`),
    ...(new Set(ids).size < ids.length ? ["doubled: a notice came twice"] : []),
    ...(done.used > 0 ? [`leaked: ${done.used} slots`] : []),
    ...host.working().map((session) => `orphan: ${session} works`)
  ]
}
