import { assert, describe, it } from "@effect/vitest"
import { defaults } from "../src/config/PluginSettings.ts"
import { instructions, limitsText, wants } from "../src/Ultrawork.ts"

describe("wants", () => {
  const yes = [
    "ultrawork",
    "ULW",
    "ulw: fix the tests",
    "Please use UltraWork.",
    "(ulw)",
    "用ultrawork模式",
    "请ulw修复",
    "模式:ulw",
    "ulw:修复",
    "- ulw, please",
    "\"ultrawork\"!",
    "`npm test` with ulw, then `npm run build`",
    "```\ncode\n```\nulw",
    "```js\nulw\n```\nnow ulw",
    "it`s broken\n\nulw it`s",
    "``ulw`",
    "# ulw"
  ]
  const no = [
    "",
    "ultraworker",
    "an ulwx",
    "my_ulw",
    "ulw_mode",
    "ulw2",
    "übulw",
    "éulw",
    "ultra work",
    "`ulw`",
    "``a ` ulw``",
    "run `x ulw y` now",
    "```\nulw\n```",
    "~~~sh\nulw\n~~~",
    "```\nnever closed\nulw",
    "  ````md\n```\nulw\n```\n````",
    "src/ulw/index.ts",
    "src\\ulw",
    "ulw.ts",
    "./ulw",
    "https://example.com/ultrawork",
    "https://ulw.example.com",
    "page#ulw",
    "--ulw",
    "ulw-mode",
    "a.ulw",
    "$ulw",
    "me@ulw",
    "x=ulw",
    "ulw=1",
    "key:ulw"
  ]

  it.each(yes.map((text) => [text]))("asks for it: %j", (text) => assert.isTrue(wants(text)))
  it.each(no.map((text) => [text]))("does not ask for it: %j", (text) => assert.isFalse(wants(text)))

  it("is not slow on any text", () => {
    const started = performance.now()
    for (const part of ["`", "``` ", "```\n", "~~~\n", "` `` ", "ulw_", "a`\n"]) wants(part.repeat(5_000))
    assert.isBelow(performance.now() - started, 5_000)
  })
})

describe("instructions", () => {
  it("names the agents there are and the limits in force", () => {
    const agents = [{ name: "explore", description: "Finds\nfiles" }, { name: "momus" }]
    assert.strictEqual(
      instructions({ agents, limits: limitsText(defaults) }),
      [
        "[ULTRAWORK]",
        "The person wants this done with everybody at work at once.",
        "",
        "1. Split the work into parts that do not depend on each other.",
        "2. Send every agent that fits a part, all in this one turn, each with its own delegate_task call "
        + "(background: true). Tell each one everything it needs: it does not see this conversation.",
        "3. Go on with your own part meanwhile. Do not wait and do not poll: you are told when they are done.",
        "4. When the results are in, check them against each other and against the code, then answer as a whole.",
        "",
        "The agents there are:",
        "- explore: Finds files",
        "- momus",
        "",
        "At the same time run at most: 5 of each model. "
        + "What is over a limit waits in line and starts by itself, so send everything now."
      ].join("\n")
    )
    assert.include(instructions({ agents: [], limits: "" }), "do the work yourself")
  })

  it("limits in words", () => {
    const limits = {
      ...defaults,
      providerConcurrency: { anthropic: 2 },
      modelConcurrency: { "openai/gpt-5": 0 },
      maxConcurrency: 9
    }
    assert.include(
      limitsText(limits),
      "run at most: any number of model openai/gpt-5, 2 of provider anthropic, 5 of any other model, and 9 in all. "
    )
    assert.include(limitsText({ ...limits, concurrencyPolicy: "layered" }), "in all (all of these count at once). ")
  })
})
