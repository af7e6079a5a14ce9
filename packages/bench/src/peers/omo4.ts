/**
 * oh-my-opencode 4.19.4, the newest release.
 *
 * Its launch comes back when the task has a session: while the task waits in line, up to a minute.
 */
import * as Shared from "./ohMyOpenCode.ts"
import type { Peer } from "./Peer.ts"

/** All but `background-notification`, which is how its task manager hears of events. */
const disabledHooks = [
  "todo-continuation-enforcer",
  "session-notification",
  "comment-checker",
  "tool-output-truncator",
  "question-label-truncator",
  "directory-agents-injector",
  "directory-readme-injector",
  "empty-task-response-detector",
  "think-mode",
  "model-fallback",
  "anthropic-context-window-limit-recovery",
  "preemptive-compaction",
  "rules-injector",
  "auto-update-checker",
  "codegraph-bootstrap",
  "ast-grep-sg-provision",
  "startup-toast",
  "keyword-detector",
  "agent-usage-reminder",
  "non-interactive-env",
  "interactive-bash-session",
  "tool-pair-validator",
  "monitor-status-injector",
  "goal",
  "category-skill-reminder",
  "compaction-context-injector",
  "compaction-todo-preserver",
  "claude-code-hooks",
  "auto-slash-command",
  "edit-error-recovery",
  "json-error-recovery",
  "delegate-task-retry",
  "prometheus-md-only",
  "sisyphus-junior-notepad",
  "team-tool-gating",
  "no-sisyphus-gpt",
  "no-hephaestus-non-gpt",
  "hephaestus-agents-md-injector",
  "start-work",
  "atlas",
  "unstable-agent-babysitter",
  "task-resume-info",
  "stop-continuation-guard",
  "tasks-todowrite-disabler",
  "runtime-fallback",
  "write-existing-file-guard",
  "notepad-write-guard",
  "bash-file-read-guard",
  "hashline-read-enhancer",
  "read-image-resizer",
  "todo-description-override",
  "webfetch-redirect-guard",
  "fsync-skip-warning",
  "plan-format-validator",
  "legacy-plugin-toast"
]

export const omo4: Peer = {
  id: "omo-4",
  title: "oh-my-opencode 4.19.4",
  package: { name: "oh-my-opencode", version: "4.19.4" },
  entry: "dist/index.js",
  agents: ["Sisyphus-Junior", "librarian", "oracle", "momus"],
  env: { OMO_DISABLE_POSTHOG: "1", OMO_SEND_ANONYMOUS_TELEMETRY: "0" },
  files: (setup) => ({
    "home/.omo/omo.jsonc": {
      "[opencode]": {
        ...Shared.settings(setup, disabledHooks, ["lsp", "codegraph"]),
        telemetry: false,
        model_fallback: false,
        codegraph: { enabled: false, auto_provision: false },
        // Each of these two would be served to OpenCode by an HTTP server of the plugin's own.
        disabled_skills: ["security-research", "security-review"],
        tui: { sidebar: { enabled: false } }
      }
    }
  }),
  launch: Shared.launch("task"),
  output: Shared.output,
  cancel: Shared.cancel
}
