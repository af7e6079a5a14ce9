/**
 * All that the terminal's half puts on the screen, and where: its slots, its screen, its commands.
 */
import type { TuiPluginApi } from "@opencode-ai/plugin/tui"
import { createRoot, untrack } from "solid-js"
import { makeAsking } from "./Asking.ts"
import { AskLine } from "./AskLine.tsx"
import { openTasks } from "./Dialogs.tsx"
import type { Errands } from "./Errands.ts"
import type { Keys } from "./keys.ts"
import { listen } from "./Listening.ts"
import { PromptStatus } from "./PromptStatus.tsx"
import { Sidebar } from "./Sidebar.tsx"
import { makeTicker } from "./Ticker.ts"
import { openTimeline, timelineRoute, TimelineScreen } from "./TimelineScreen.tsx"

export const start = (api: TuiPluginApi): void => {
  const errands = createRoot((dispose): Errands => {
    api.lifecycle.onDispose(dispose)
    const ticker = makeTicker()
    const errands = { api, ticker, asking: makeAsking(), openedAt: untrack(ticker.now) }
    listen(errands)
    return errands
  })

  api.slots.register({
    order: 150,
    slots: {
      sidebar_content: (_context, props) => <Sidebar errands={errands} session={props.session_id} />,
      session_prompt_right: (_context, props) => <PromptStatus errands={errands} session={props.session_id} />,
      app_bottom: () => <AskLine errands={errands} />
    }
  })
  api.route.register([{
    name: timelineRoute,
    render: ({ params }) => <TimelineScreen errands={errands} session={String(params?.["sessionID"])} />
  }])
  const keys: Keys = api.keymap
  keys.registerLayer({
    commands: [{
      name: "errand.tasks",
      title: "Errands: tasks",
      desc: "What the agents that were sent out do, and what waits",
      category: "Errand",
      namespace: "palette",
      slashName: "tasks",
      run: () => openTasks(errands)
    }, {
      name: "errand.timeline",
      title: "Errands: timeline",
      desc: "When each task waited, ran and ended, and how many slots were in use",
      category: "Errand",
      namespace: "palette",
      run: () => openTimeline(api)
    }],
    bindings: [{ key: "<leader>o", cmd: "errand.tasks" }]
  })
}
