import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "core",
          root: "packages/core",
          include: ["test/**/*.test.ts"]
        }
      },
      {
        // Random programs on a simulated host, and that they find planted faults.
        test: {
          name: "storm",
          root: "packages/core",
          include: ["storm/**/*.test.ts"]
        }
      },
      {
        // Real processes, killed at every kind of point.
        test: {
          name: "crash",
          root: "packages/core",
          include: ["crash/**/*.test.ts"]
        }
      },
      {
        test: {
          name: "opencode",
          root: "packages/opencode",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/tui/**"]
        }
      },
      {
        // OpenCode's real terminal, in a tmux of its own, with both halves of the built plugin.
        test: {
          name: "tui",
          root: "packages/opencode",
          include: ["test/tui/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2
        }
      },
      {
        // The built plugin in the real OpenCode: one server per file, seconds each.
        test: {
          name: "e2e",
          root: "packages/opencode",
          include: ["test/e2e/**/*.test.ts"],
          // Seconds where nothing else runs; a busy machine takes many times as long.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2
        }
      },
      {
        test: {
          name: "lab",
          root: "packages/lab",
          include: ["test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      },
      {
        // The fake OpenCode of the benchmark: held to the contract of the real one, in a process of its own.
        test: {
          name: "bench",
          root: "packages/bench",
          include: ["test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxConcurrency: 100
        }
      },
      {
        // Pure functions.
        test: {
          name: "view",
          root: "packages/view",
          include: ["test/**/*.test.ts"]
        }
      },
      {
        // Pure functions, and the demo itself, once in each of its two ways.
        test: {
          name: "demo",
          root: "packages/demo",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000
        }
      }
    ]
  }
})
