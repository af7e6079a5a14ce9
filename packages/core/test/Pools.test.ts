import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Model from "../src/Model.ts"
import { poolsOf, sizeOf } from "../src/Pools.ts"
import * as Settings from "../src/Settings.ts"
import { below, thorough } from "./support/arbitraries.ts"

const unlimited = Number.POSITIVE_INFINITY

const settings = (more: Partial<Settings.Settings>): Settings.Settings => ({ ...Settings.defaults, ...more })

/** The pools of a task of this model, as `name = size`. */
const pools = (more: Partial<Settings.Settings>, model: string | undefined, agent = "explore") =>
  poolsOf(settings(more), {
    agent,
    ...(model === undefined ? {} : { model: Option.getOrThrow(Model.parse(model)) })
  }).map(({ name, size }) => `${name} = ${size}`)

const opus = "anthropic/opus"
const everything: Partial<Settings.Settings> = {
  modelConcurrency: { "anthropic/opus": 1 },
  providerConcurrency: { anthropic: 3 },
  defaultConcurrency: 5
}

describe("priority, the default: the most specific limit that is set binds", () => {
  it("A10 the model's own limit binds alone", () => {
    assert.deepStrictEqual(pools(everything, opus), ["model:anthropic/opus = 1"])
  })

  it("A10 a model without a limit of its own shares its provider's pool with all others that have none", () => {
    assert.deepStrictEqual(pools(everything, "anthropic/haiku"), ["provider:anthropic = 3"])
    assert.deepStrictEqual(pools(everything, "anthropic/sonnet"), ["provider:anthropic = 3"])
  })

  it("A10 a model without any limit has a default pool to itself", () => {
    assert.deepStrictEqual(pools(everything, "openai/gpt"), ["default:openai/gpt = 5"])
    assert.deepStrictEqual(pools(everything, "openai/mini"), ["default:openai/mini = 5"])
    assert.deepStrictEqual(pools({}, opus), ["default:anthropic/opus = 5"])
  })

  it("A10 a model's limit may exceed its provider's: it is not a part of that pool", () => {
    const larger = { modelConcurrency: { "anthropic/opus": 9 }, providerConcurrency: { anthropic: 3 } }
    assert.deepStrictEqual(pools(larger, opus), ["model:anthropic/opus = 9"])
  })
})

describe("layered: every limit that is set binds at once, the narrowest first", () => {
  const policy = { concurrencyPolicy: "layered" } as const

  it("A10 the model's and the provider's", () => {
    assert.deepStrictEqual(pools({ ...everything, ...policy }, opus), [
      "model:anthropic/opus = 1",
      "provider:anthropic = 3"
    ])
  })

  it("A10 the model's default and the provider's, where the model has no limit of its own", () => {
    assert.deepStrictEqual(pools({ ...everything, ...policy }, "anthropic/haiku"), [
      "default:anthropic/haiku = 5",
      "provider:anthropic = 3"
    ])
  })

  it("A10 the default alone, where nothing else is set", () => {
    assert.deepStrictEqual(pools({ ...everything, ...policy }, "openai/gpt"), ["default:openai/gpt = 5"])
  })

  it("A10 the model's, the provider's and the one over everything", () => {
    assert.deepStrictEqual(pools({ ...everything, ...policy, maxConcurrency: 4 }, opus), [
      "model:anthropic/opus = 1",
      "provider:anthropic = 3",
      "total = 4"
    ])
  })
})

describe("maxConcurrency", () => {
  it("A10 binds over everything, and comes last", () => {
    const more = { ...everything, maxConcurrency: 4 }
    assert.deepStrictEqual(pools(more, opus), ["model:anthropic/opus = 1", "total = 4"])
    assert.deepStrictEqual(pools(more, "anthropic/haiku"), ["provider:anthropic = 3", "total = 4"])
    assert.deepStrictEqual(pools(more, "openai/gpt"), ["default:openai/gpt = 5", "total = 4"])
    assert.deepStrictEqual(pools(more, undefined), ["default:@explore = 5", "total = 4"])
  })

  it("A12 is no layer at all where it is 0", () => {
    assert.deepStrictEqual(pools({ ...everything, maxConcurrency: 0 }, opus), ["model:anthropic/opus = 1"])
  })
})

describe("0 is any number", () => {
  it("A12 at each level, and it binds there: a limit of 0 is a limit that is set", () => {
    assert.deepStrictEqual(pools({ ...everything, modelConcurrency: { "anthropic/opus": 0 } }, opus), [
      "model:anthropic/opus = Infinity"
    ])
    assert.deepStrictEqual(pools({ providerConcurrency: { anthropic: 0 } }, opus), ["provider:anthropic = Infinity"])
    assert.deepStrictEqual(pools({ defaultConcurrency: 0 }, opus), ["default:anthropic/opus = Infinity"])
  })

  it("A12 of one layer leaves the other layers alone", () => {
    const layered = {
      concurrencyPolicy: "layered",
      modelConcurrency: { "anthropic/opus": 0 },
      providerConcurrency: { anthropic: 3 }
    } as const
    assert.deepStrictEqual(pools(layered, opus), ["model:anthropic/opus = Infinity", "provider:anthropic = 3"])
  })

  it("A12 the settings agree: 0 is valid for every limit, -1 and fractions for none", () => {
    const decode = Schema.decodeUnknownOption(Settings.Settings)
    const each = (value: number) => [
      { defaultConcurrency: value },
      { maxConcurrency: value },
      { modelConcurrency: { "anthropic/opus": value } },
      { providerConcurrency: { anthropic: value } }
    ]
    for (const valid of each(0)) assert.isTrue(Option.isSome(decode(valid)), JSON.stringify(valid))
    for (const invalid of [...each(-1), ...each(1.5)]) {
      assert.isTrue(Option.isNone(decode(invalid)), JSON.stringify(invalid))
    }
    assert.deepStrictEqual([sizeOf(0), sizeOf(1)], [unlimited, 1])
  })
})

describe("keys", () => {
  it("A11 the bare model id matches, and its pool is shared by all providers of the model", () => {
    const bare = { modelConcurrency: { opus: 2 } }
    assert.deepStrictEqual(pools(bare, opus), ["model:opus = 2"])
    assert.deepStrictEqual(pools(bare, "bedrock/opus"), ["model:opus = 2"])
    assert.deepStrictEqual(pools(bare, "anthropic/haiku"), ["default:anthropic/haiku = 5"])
  })

  it("A11 a key with the provider is more specific than the bare one", () => {
    const both = { modelConcurrency: { opus: 2, "anthropic/opus": 7 } }
    assert.deepStrictEqual(pools(both, opus), ["model:anthropic/opus = 7"])
    assert.deepStrictEqual(pools(both, "bedrock/opus"), ["model:opus = 2"])
  })

  it("A11 a model id with a slash matches whole", () => {
    const nested = { modelConcurrency: { "anthropic/opus": 2 } }
    assert.deepStrictEqual(pools(nested, "openrouter/anthropic/opus"), ["model:anthropic/opus = 2"])
    assert.deepStrictEqual(
      pools({ modelConcurrency: { "openrouter/anthropic/opus": 3 } }, "openrouter/anthropic/opus"),
      [
        "model:openrouter/anthropic/opus = 3"
      ]
    )
  })

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "A11 a model or provider that is called %s has no limit that nobody set",
    (name) => {
      assert.deepStrictEqual(pools({}, `${name}/${name}`), [`default:${name}/${name} = 5`])
    }
  )
})

describe("a model that is not known", () => {
  it("A11 has the agent's name for a pool, of the default size", () => {
    assert.deepStrictEqual(pools(everything, undefined, "explore"), ["default:@explore = 5"])
    assert.deepStrictEqual(pools({ ...everything, concurrencyPolicy: "layered" }, undefined, "oracle"), [
      "default:@oracle = 5"
    ])
  })
})

describe("whatever is set", () => {
  const providers = ["anthropic", "openai"]
  const ids = ["opus", "gpt"]
  const Limit = Schema.Union([Schema.Undefined, below(4)])

  it.prop("A10 A12 somebody is always bound by something, by each pool once, and never by 0", [
    Schema.Struct({
      policy: Schema.Literals(["priority", "layered"]),
      model: Limit,
      bare: Limit,
      provider: Limit,
      fallback: below(4),
      total: below(4),
      providerNth: below(2),
      idNth: below(2),
      known: Schema.Boolean
    })
  ], ([draw]) => {
    const provider = providers[draw.providerNth] ?? "anthropic"
    const id = ids[draw.idNth] ?? "opus"
    const found = poolsOf(
      settings({
        concurrencyPolicy: draw.policy,
        defaultConcurrency: draw.fallback,
        maxConcurrency: draw.total,
        modelConcurrency: {
          ...(draw.model === undefined ? {} : { "anthropic/opus": draw.model }),
          ...(draw.bare === undefined ? {} : { opus: draw.bare })
        },
        providerConcurrency: draw.provider === undefined ? {} : { anthropic: draw.provider }
      }),
      { agent: "explore", ...(draw.known ? { model: { provider, id } } : {}) }
    )
    const kinds = found.map(({ name }) => name.split(":")[0])
    const order = ["model", "default", "provider", "total"]
    assert.isAbove(found.length, 0)
    assert.deepStrictEqual(kinds, order.filter((kind) => kinds.includes(kind)))
    assert.isFalse(kinds.includes("model") && kinds.includes("default"))
    assert.strictEqual(kinds.includes("total"), draw.total > 0)
    if (draw.policy === "priority") assert.strictEqual(kinds.filter((kind) => kind !== "total").length, 1)
    const hasProviderLimit = draw.known && provider === "anthropic" && draw.provider !== undefined
    if (draw.policy === "layered") assert.strictEqual(kinds.includes("provider"), hasProviderLimit)
    for (const { name, size } of found) assert.isAtLeast(size, 1, name)
  }, thorough(300))
})
