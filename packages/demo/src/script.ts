/**
 * What the scripted model answers: the main agent's part (inside the prompt, and as rules for its notices), and the
 * agents' parts, each known by the prompt that the main agent gives it.
 *
 * The tool results are real: what an agent reports was found by its own tool calls in the sample project, and the main
 * agent's answer is made from the notices that it gets.
 */
import { Script, type ScriptedModel } from "@errand/lab"

/** The model of the agents, and the provider whose limit is 2. */
export const provider = "anthropic"
export const crewModel = "claude-opus-4-5"
/** The model of the main agent; not in the limited provider, as its own work needs no slot. */
export const mainProvider = "demo"
export const mainModel = "main"

const call = (name: string, args: Script.ToolCall["args"]): Script.ToolCall => ({ name, args: args ?? {} })

export const request = "Find our auth code, research best practice and review the architecture, in parallel. "
  + "Answer from all three, then have the plan checked."

/** OpenCode's own `grep` and `glob` need ripgrep, which they download: not in a sandbox without network. */
const bash = (command: string) => call("bash", { command, description: "Look" })

const delegate = (agent: string, description: string, prompt: string) =>
  call("delegate_task", { agent, description, prompt, model: `${provider}/${crewModel}` })

const prompts = {
  explore: "Look through src/auth and name every file that takes part in logging in, with what it does.",
  librarian: "Look up what good practice asks of passwords, tokens and secrets. docs/ has the house rules.",
  oracle:
    "Judge how the server keeps identity: read the server and the token code, name the one thing to change first.",
  momus: "Look for holes in this plan: hash the passwords, let tokens expire, move the secret out of the source."
}

const continuation = "Continue: the plan now limits logins per account as well. Look at that part only."

/** The main agent's first turn. Notices that reach it before the last one is there are only taken note of. */
export const prompt = `${request}\n\n${
  Script.script([
    {
      delay: 300,
      say: "Three questions, three agents. I send all of them now and go on meanwhile.",
      toolCalls: [
        delegate("explore", "Find the auth code", prompts.explore),
        delegate("librarian", "Research best practice", prompts.librarian),
        delegate("oracle", "Review the architecture", prompts.oracle)
      ]
    },
    { delay: 900, toolCalls: [call("read", { filePath: "README.md" })] },
    { delay: 700, say: "They are out. I have read the README meanwhile; I will be told when they are back." }
  ], { name: "main", later: Array.from({ length: 4 }, () => ({ say: "Noted. I wait for the others." })) })
}`

/** The words in the answers from which the main agent makes its own. */
export const pieces: Readonly<Record<string, RegExp>> = {
  explore: /The login lives in (.+?)\./,
  librarian: /The rules say: (.+?)\./,
  oracle: /Change first: (.+?)\./
}

export const closing = "That was the last one out."

/** The main agent, woken by the last word on the three: answers, sends one more, calls it off, continues it. */
const afterThree: ScriptedModel.Rule = {
  when: /^\[ALL BACKGROUND TASKS [^\]]*\][\s\S]*\(oracle, /m,
  steps: [
    {
      delay: 500,
      say: "Answer, from all three: the login lives in {{match:The login lives in (.+?)\\.}} (explore). "
        + "Our own rules say that {{match:The rules say: (.+?)\\.}} (librarian), and the code does not. "
        + "So first of all: {{match:Change first: (.+?)\\.}} (oracle). Now momus checks that plan.",
      toolCalls: [delegate("momus", "Check the plan", prompts.momus)]
    },
    {
      delay: 2600,
      say: "The plan has changed meanwhile: I call momus off.",
      toolCalls: [call("background_cancel", { all: true })]
    },
    {
      delay: 700,
      say: "And I continue in the same session, so that nothing has to be read twice.",
      toolCalls: [call("delegate_task", { session_id: "{{match:- `(ses_\\w+)`}}", prompt: continuation })]
    },
    { delay: 400, say: "It goes on with the new plan." }
  ]
}

const afterMomus: ScriptedModel.Rule = {
  when: /^\[ALL BACKGROUND TASKS [^\]]*\][\s\S]*\(momus, /m,
  steps: [{ delay: 400, say: `momus says: {{match:Verdict: (.+?)\\.}}. ${closing}` }]
}

const starts = (prompt: string): RegExp => new RegExp(`^${prompt.slice(0, 24)}`)

const crew: ReadonlyArray<ScriptedModel.Rule> = [
  {
    when: starts(prompts.explore),
    steps: [
      { delay: 1000, toolCalls: [bash("grep -rl password src | sort")] },
      { delay: 1200, toolCalls: [call("read", { filePath: "src/auth/login.ts" })] },
      { delay: 1300, toolCalls: [call("read", { filePath: "src/auth/users.ts" })] },
      { delay: 1400, say: "The login lives in {{all:^src/auth/\\w+}}. It compares passwords as they are." }
    ]
  },
  {
    when: starts(prompts.librarian),
    steps: [
      { delay: 1500, toolCalls: [call("read", { filePath: "docs" })] },
      { delay: 1800, toolCalls: [call("read", { filePath: "docs/auth-guidelines.md" })] },
      { delay: 2000, toolCalls: [call("read", { filePath: "package.json" })] },
      {
        delay: 2300,
        say:
          "The rules say: passwords are {{match:(stored as argon2id hashes)}}, tokens {{match:(expire after \\d+ minutes)}}. All agree."
      }
    ]
  },
  {
    when: starts(prompts.oracle),
    steps: [
      { delay: 1200, toolCalls: [call("read", { filePath: "src/server.ts" })] },
      { delay: 1500, toolCalls: [call("read", { filePath: "src/auth/token.ts" })] },
      {
        delay: 1700,
        say: "Change first: the {{match:const (secret) =}} that stands in the source, as every token rests on it."
      }
    ]
  },
  {
    when: /^Continue: the plan now limits/,
    steps: [
      { delay: 900, toolCalls: [call("read", { filePath: "docs/auth-guidelines.md" })] },
      {
        delay: 1200,
        say: "Verdict: go, as the rules say: {{match:(Logins are limited per account)}}. Nothing else is missing."
      }
    ]
  },
  {
    when: starts(prompts.momus),
    steps: [
      { delay: 500, toolCalls: [call("read", { filePath: "src/auth/token.ts" })] },
      // It thinks for ever: nothing but the cancellation ends it.
      { hang: true }
    ]
  }
]

export const rules: ReadonlyArray<ScriptedModel.Rule> = [afterThree, afterMomus, ...crew]
