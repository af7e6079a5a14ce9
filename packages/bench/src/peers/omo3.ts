/**
 * oh-my-opencode 3.1.3, the release that the tutorial describes.
 */
import * as Shared from "./ohMyOpenCode.ts"
import type { Peer } from "./Peer.ts"

/** All but `background-notification`, which is how its task manager hears of events. */
const disabledHooks = [
  "todo-continuation-enforcer",
  "context-window-monitor",
  "session-recovery",
  "session-notification",
  "comment-checker",
  "grep-output-truncator",
  "tool-output-truncator",
  "directory-agents-injector",
  "directory-readme-injector",
  "empty-task-response-detector",
  "think-mode",
  "anthropic-context-window-limit-recovery",
  "rules-injector",
  "auto-update-checker",
  "startup-toast",
  "keyword-detector",
  "agent-usage-reminder",
  "non-interactive-env",
  "interactive-bash-session",
  "thinking-block-validator",
  "ralph-loop",
  "category-skill-reminder",
  "compaction-context-injector",
  "claude-code-hooks",
  "auto-slash-command",
  "edit-error-recovery",
  "delegate-task-retry",
  "prometheus-md-only",
  "sisyphus-junior-notepad",
  "start-work",
  "atlas"
]

export const omo3: Peer = {
  id: "omo-3",
  title: "oh-my-opencode 3.1.3",
  package: { name: "oh-my-opencode", version: "3.1.3" },
  entry: "dist/index.js",
  agents: ["sisyphus-junior", "librarian", "oracle", "momus"],
  // It sends no telemetry.
  env: {},
  files: (setup) => ({ "config/oh-my-opencode.json": Shared.settings(setup, disabledHooks) }),
  launch: Shared.launch("delegate_task"),
  output: Shared.output,
  cancel: Shared.cancel
}
