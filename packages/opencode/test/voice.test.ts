/**
 * Whose voice a message is in: as OpenCode 1.18.33 tells it of a new one (`chat.message`) and of one that it has stored.
 */
import { assert, describe, it } from "@effect/vitest"
import { voiceOf } from "../src/host/voice.ts"

const model = { providerID: "fake", modelID: "m1" }

describe("the voice of a message", () => {
  it("is its agent, its model and its variant, of a new message and of a stored one (C10)", () => {
    const voice = { agent: "build", model: { provider: "fake", id: "m1" }, variant: "high" }
    assert.deepStrictEqual(voiceOf({ agent: "build", model, variant: "high" }), voice)
    assert.deepStrictEqual(voiceOf({ agent: "build", model: { ...model, variant: "high" } }), voice)
  })

  it("leaves out what OpenCode would refuse: half a model, an empty variant (C1, C10)", () => {
    const silent = { agent: "build", model: undefined, variant: undefined }
    assert.deepStrictEqual(voiceOf({ agent: "build", model: { providerID: "fake" }, variant: "" }), silent)
    assert.deepStrictEqual(voiceOf({ agent: "build", model: { providerID: "", modelID: "m1", variant: 7 } }), silent)
  })
})
