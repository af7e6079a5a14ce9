/**
 * A program, as a person reads it. Pure.
 */
import type { Found } from "./hunt.ts"
import { lagOf, type Move, movesOf, type Program } from "./Program.ts"
import { models, pools } from "./World.ts"

const who = (from: "root" | "task", nth: number): string =>
  from === "root" ? `root ${nth % 3 + 1}` : `the session of task ${nth + 1}`

const seconds = (ms: number): string => ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`

const faults = {
  "fail": "fails",
  "refuse": "is answered with a no",
  "hang": "is never answered",
  "die": "breaks in the adapter",
  "fail-after": "is done and reported as failed",
  "hang-after": "is done and never answered",
  "slow": "takes 1.5 s more"
} as const

const feeds = {
  "lost": "every event is lost",
  "late": "every event is 3 s late",
  "twice": "every event is told twice",
  "idle lost": "every Idle event is lost"
} as const

/** Tasks are counted from 1, in the order in which they were launched, and around where there are fewer. */
export const inWords = (move: Move): string => {
  switch (move._tag) {
    case "Launch": {
      const model = models[move.model]
      return `launch "${move.errand}" from ${who(move.from, move.nth)}` +
        (model === undefined ? "" : ` on ${model.provider}/${model.id}`) +
        (move.background ? "" : ", in the foreground")
    }
    case "Cancel":
      return `cancel task ${move.nth + 1}`
    case "CancelAll":
      return `cancel everything below ${who(move.from, move.nth)}`
    case "Continue":
      return `continue task ${move.nth + 1} with "${move.errand}"`
    case "Await":
      return `the parent of task ${move.nth + 1} waits for it, 5 s at most, and reads how it ended`
    case "Settle":
      return `somebody waits until root ${move.nth % 3 + 1} is owed nothing`
    case "Say":
      return `a person says something in root ${move.nth % 3 + 1}` + (move.long ? " that takes ten minutes" : "")
    case "Interrupt":
      return `a person interrupts the session of task ${move.nth + 1}`
    case "Delete":
      return `a person deletes ${who(move.from, move.nth)}`
    case "Answer":
      return `a person answers what the session of task ${move.nth + 1} asks`
    case "Pass":
      return `${seconds(move.ms)} pass`
    case "Resize":
      return `the pool ${pools[move.pool] ?? "total"} gets ${move.size === 0 ? "no limit" : `the limit ${move.size}`}`
    case "Pause":
      return "pause"
    case "Resume":
      return "resume"
    case "Fault":
      return `from now on ${move.operation === "all" ? "every call" : `every \`${move.operation}\``} ${
        faults[move.fault]
      }`
    case "Feed":
      return `from now on ${feeds[move.how]}`
    case "Cut":
      return `the feed of events ${move.how === "ended" ? "ends" : "fails"}`
    case "Weather":
      return `bad weather, by the seed ${move.seed}: one call in five goes wrong from now on, and one event`
    case "Restart":
      return `the host dies, and is back after ${seconds(move.ms)}`
    case "Heal":
      return "from now on the host is well"
  }
}

export const program = (told: Program): ReadonlyArray<string> => [
  `policy ${told.policy}, maxConcurrency ${told.maxConcurrency}, retainedTasks ${told.retainedTasks}; ` +
  `a call takes ${seconds(told.latency)}, what is said shows after ${
    seconds(lagOf(told) ?? 0)
  }, a fiber gives way after ${told.steps} steps`,
  ...movesOf(told).map((move, nth) => `${String(nth + 1).padStart(3)}. ${inWords(move)}`),
  told.end === "rest" ? "  then everything comes to rest" : "  then Errand is shut down"
]

/** What was found, and how to see it again. */
export const found = ({ broken, drawn, inFile, seed, smallest }: Found): string =>
  [
    `Broken: ${broken.message}`,
    "",
    `The smallest program that breaks it (${movesOf(smallest).length} of ${movesOf(drawn).length} moves):`,
    ...program(smallest).map((line) => `  ${line}`),
    "",
    `Again: pnpm storm --seed ${seed} --runs 1${inFile ? " --file" : ""}`
  ].join("\n")
