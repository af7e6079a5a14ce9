/**
 * Boards for tests: a family in every state, and random ones.
 */
import { Arbitrary, Schema } from "effect"
import * as Board from "../src/Board.ts"

export const t0 = Date.UTC(2026, 0, 26)

const decodeItem = Schema.decodeUnknownSync(Board.Item)

export const item = (fields: Partial<typeof Board.Item.Encoded>): Board.Item =>
  decodeItem({
    id: "bg_00000001",
    run: 1,
    parent: "ses_root",
    depth: 1,
    agent: "explore",
    description: "Find the auth code",
    status: "running",
    queuedAt: t0,
    toolCalls: 0,
    ...fields
  })

export const board = (tasks: ReadonlyArray<Board.Item>, more: Partial<Board.Board> = {}): Board.Board => ({
  v: 1,
  session: "ses_root",
  owner: "boot1",
  at: t0,
  pools: [],
  tasks,
  ...more
})

/** The mock-up of the sidebar, at `t0 + 65 s`. */
export const mockUp = board([
  item({
    id: "bg_00000001",
    session: "ses_1",
    startedAt: t0,
    last: "grep login",
    model: "anthropic/opus",
    pool: "provider:anthropic"
  }),
  item({
    id: "bg_00000002",
    session: "ses_2",
    agent: "general",
    description: "Run the tests",
    startedAt: t0 + 23_000,
    asks: [{ id: "per_1", what: "bash npm test", at: t0 + 30_000 }],
    pool: "provider:anthropic"
  }),
  item({
    id: "bg_00000003",
    agent: "oracle",
    description: "Review the architecture",
    status: "pending",
    queuedAt: t0 + 59_000,
    ahead: 0,
    pool: "provider:anthropic",
    holders: ["bg_00000001", "bg_00000002"]
  }),
  item({
    id: "bg_00000004",
    session: "ses_4",
    agent: "librarian",
    description: "Read the OAuth docs",
    status: "completed",
    startedAt: t0 + 10_000,
    endedAt: t0 + 27_000
  })
], { at: t0 + 60_000, pools: [{ name: "provider:anthropic", used: 2, size: 2, waiting: 1 }] })

const moment = Schema.Int.check(Schema.isBetween({ minimum: t0 - 100_000, maximum: t0 + 10_000_000 }))
const small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))
const words = Schema.Literals([
  "",
  "a",
  "Find the auth code",
  "查找认证实现",
  "two\nlines",
  "\u001b[31mred",
  "é",
  "x".repeat(300)
])

/** Few ids and moments, so that they meet. */
export const anyItem = Arbitrary.schema(Schema.Struct({
  ...Board.Item.fields,
  id: Schema.Literals(["bg_0000000a", "bg_0000000b", "bg_0000000c", "bg_0000000d"]),
  parent: Schema.Literals(["ses_root", "ses_a"]),
  session: Schema.optionalKey(Schema.Literals(["ses_a", "ses_b"])),
  depth: small,
  agent: words,
  description: words,
  model: Schema.optionalKey(words),
  queuedAt: moment,
  startedAt: Schema.optionalKey(moment),
  endedAt: Schema.optionalKey(moment),
  pool: Schema.optionalKey(Schema.Literals(["provider:anthropic", "total", "default:@explore"])),
  ahead: Schema.optionalKey(small),
  holders: Schema.optionalKey(Schema.Array(Schema.Literals(["bg_0000000a", "bg_0000000b"]))),
  asks: Schema.optionalKey(Schema.Array(Schema.Struct({ id: words, what: words, at: moment }))),
  retry: Schema.optionalKey(Schema.Struct({ attempt: small, message: words, nextAt: moment })),
  last: Schema.optionalKey(words),
  why: Schema.optionalKey(words),
  toolCalls: small,
  stretches: Schema.optionalKey(Schema.Array(Schema.Struct({
    kind: Schema.Literals(["ask", "retry", "lent"]),
    from: moment,
    to: Schema.optionalKey(moment)
  })))
}))
