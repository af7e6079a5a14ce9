/**
 * A real OpenCode in a sandbox, talking to a scripted model: for the end-to-end tests and the demonstration. All waits
 * use the real clock: in tests take `it.live`.
 *
 * 1. `ScriptedModel.make`: the model provider on loopback, which logs all it is asked.
 * 2. `Sandbox.make`: a throw-away home and project, configured for it.
 * 3. `OpenCode.serve` or `OpenCode.run`: OpenCode itself.
 * 4. `Script.script`: put into a prompt, says what the model shall answer.
 * 5. `Terminal.open`: OpenCode's terminal, with a server of its own or attached to one.
 */
export * as Cells from "./Cells.ts"
export { freePort } from "./freePort.ts"
export * as OpenCode from "./OpenCode.ts"
export * as Picture from "./Picture.ts"
export * as Sandbox from "./Sandbox.ts"
export * as Script from "./Script.ts"
export * as ScriptedModel from "./ScriptedModel.ts"
export * as Terminal from "./Terminal.ts"
