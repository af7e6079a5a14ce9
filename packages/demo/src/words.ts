/**
 * The story as a request to a real model: the same steps, in words.
 */

export const request = "Find our auth code, research best practice and review the architecture, in parallel."

/** Said once, at the very end. */
export const closing = "That was the last one out."

export const prompt =
  `This is a demonstration of background tasks, in a small sample project. Follow these steps exactly.

1. In ONE message, call delegate_task three times (background, without a model):
   - agent "explore", description "Find the auth code": name every file in src/auth and what it does.
   - agent "librarian", description "Research best practice": what do the rules in docs/ ask of passwords and tokens?
   - agent "oracle", description "Review the architecture": which one thing in src/ should change first?
   Ask each for at most three tool calls and an answer of at most three sentences.
2. Then read README.md yourself, say in one sentence that you go on meanwhile, and end your turn.
   Do not wait, do not poll, do not call background_output: the system notifies you.
3. When you are told that ALL background tasks are complete, write one answer that uses all three results.
4. In that same turn, after the answer: call delegate_task with agent "momus", description "Check the plan", to find holes
   in the plan that follows from your answer. When the call has returned, call background_cancel for that task. When that has
   returned too, call delegate_task with its session_id and the prompt "Continue: look at the handling of passwords only;
   answer in two sentences." Then end your turn.
5. When you are told that this one is complete too, sum it up in one sentence and end with: ${closing}
`
