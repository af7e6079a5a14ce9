/**
 * Each check of `doctor`, where all is well and where it is not.
 */
import { assert, describe, it } from "@effect/vitest"
import { cache, type Cached } from "../../src/cli/doctor/checks/cache.ts"
import { clashes } from "../../src/cli/doctor/checks/clashes.ts"
import * as Entries from "../../src/cli/doctor/checks/entries.ts"
import { install } from "../../src/cli/doctor/checks/install.ts"
import { limits } from "../../src/cli/doctor/checks/limits.ts"
import { live } from "../../src/cli/doctor/checks/live.ts"
import { openCode } from "../../src/cli/doctor/checks/openCode.ts"
import { settings } from "../../src/cli/doctor/checks/settings.ts"
import type { Finding } from "../../src/cli/doctor/Finding.ts"
import { type Half, type ListFile, packageEntry, places, type Scope } from "../../src/cli/doctor/Lists.ts"
import * as Repairs from "../../src/cli/doctor/repairs.ts"
import { line, summary } from "../../src/cli/doctor/Report.ts"
import { cacheName, compare, parse } from "../../src/cli/doctor/Spec.ts"
import { ownOf } from "../../src/cli/Own.ts"
import { plain } from "../../src/cli/Style.ts"
import { merge } from "../../src/config/Config.ts"
import { defaults } from "../../src/config/PluginSettings.ts"

const lines = (findings: ReadonlyArray<Finding>): ReadonlyArray<string> => findings.map((one) => line(one, plain))

/** Every finding that is not good news says what to do. */
const judged = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding["status"]> => {
  for (const finding of findings) {
    assert.strictEqual(finding.todo !== undefined, finding.status === "warning" || finding.status === "failure")
    assert.notMatch(line(finding, plain), /undefined|\n/)
  }
  return findings.map(({ status }) => status)
}

const folder = "/home/me/.config/opencode"

/** An Errand that was installed, and one that somebody has built. */
const installed = ownOf("/p/node_modules/opencode-errand", "0.2.0")
const clone = ownOf("/src/errand/packages/opencode", "0.2.0")

const entries = (files: ReadonlyArray<ListFile>, own = installed) => Entries.entries(files, own)
const repairs = (files: ReadonlyArray<ListFile>, folder: string, own = installed) =>
  Repairs.repairs(files, folder, own.spec)

const file = (
  half: Half,
  specs: ReadonlyArray<string>,
  path = `${folder}/${half === "server" ? "opencode" : "tui"}.json`,
  scope: Scope = "user"
): ListFile => ({
  half,
  scope,
  path,
  content: { _tag: "Read", text: "", entries: specs.map((spec) => packageEntry(spec, undefined)) }
})

/** A file with an entry by path, as it is known once it was looked at. */
const byPath = (half: Half, spec: string, root: string, path: string): ListFile => ({
  half,
  scope: "project",
  path,
  content: { _tag: "Read", text: "", entries: [{ spec, name: "opencode-errand", source: root, version: "0.1.0" }] }
})

const broken: ListFile = {
  half: "tui",
  scope: "user",
  path: `${folder}/tui.json`,
  content: { _tag: "Broken", why: "value expected at line 2, column 3" }
}

describe("1 OpenCode", () => {
  it("is there, of the tested version", () => {
    assert.deepStrictEqual(judged(openCode({ _tag: "Found", path: "/bin/opencode", version: "1.18.33" })), ["ok"])
  })

  it("is of another version: a warning that says whether it is older or newer", () => {
    const of = (version: string) => openCode({ _tag: "Found", path: "/bin/opencode", version })
    assert.deepStrictEqual(judged(of("1.18.4")), ["warning"])
    assert.match(lines(of("1.18.4")).join(), /tested with 1\.18\.33, which is newer -> update OpenCode/)
    assert.match(lines(of("1.19.0")).join(), /which is older -> see whether there is a newer Errand/)
  })

  it("is not there, or does not run", () => {
    const missing = openCode({ _tag: "Missing", looked: ["neither on PATH", "nor in /home/me/.opencode/bin"] })
    assert.deepStrictEqual(judged(missing), ["failure"])
    assert.match(lines(missing).join(), /not found \(neither on PATH, nor in .*\) -> install it .*--opencode/)
    assert.deepStrictEqual(judged(openCode({ _tag: "Broken", path: "/x", why: "EACCES" })), ["failure"])
  })
})

describe("2 entries", () => {
  it("both halves are named, and the same", () => {
    const both = entries([file("server", ["a", "opencode-errand"]), file("tui", ["opencode-errand"])])
    assert.deepStrictEqual(judged(both), ["ok", "ok"])
    const paths = entries([
      byPath("server", "file:///e/dist/index.js", "/e", "/p/opencode.json"),
      byPath("tui", "file:///e", "/e", "/p/tui.json")
    ])
    assert.deepStrictEqual(judged(paths), ["ok", "ok"])
  })

  it("neither, or only one, is named", () => {
    assert.deepStrictEqual(judged(entries([])), ["failure", "warning"])
    assert.deepStrictEqual(judged(entries([file("server", ["opencode-errand"])])), ["ok", "warning"])
    const noServer = entries([file("tui", ["opencode-errand"])])
    assert.deepStrictEqual(judged(noServer), ["failure", "ok"])
    assert.match(lines(noServer).join(), /no opencode\.json names opencode-errand, only a tui\.json does/)
    assert.match(
      lines(noServer).join(),
      /-> run `npx opencode-errand doctor --fix`, or `opencode plugin opencode-errand -g`/
    )
  })

  it("they are two different Errands, or one half is named twice and differently", () => {
    const differing = entries([file("server", ["opencode-errand@0.1.0"]), file("tui", ["opencode-errand"])])
    assert.deepStrictEqual(judged(differing), ["ok", "ok", "failure"])
    assert.match(lines(differing).join(), /"opencode-errand@0\.1\.0" in .*opencode\.json, but "opencode-errand" in/)
    const twice = [file("server", ["opencode-errand"]), file("server", ["opencode-errand@0.1.0"], "/p/opencode.json")]
    assert.deepStrictEqual(judged(entries([...twice, file("tui", ["opencode-errand@0.1.0"])]))[0], "failure")
  })

  it("a path at which there is nothing is named: it may have been meant", () => {
    const lost = file("server", [])
    const path = "/e/packages/opencod"
    const entry = { spec: path, name: undefined, source: path, isLost: true }
    const findings = entries([{ ...lost, content: { _tag: "Read", text: "", entries: [entry] } }])
    assert.deepStrictEqual(judged(findings), ["warning", "failure", "warning"])
    assert.match(
      lines(findings).join(),
      /"\/e\/packages\/opencod" in .*opencode\.json: there is nothing at .* -> mend the path/
    )
  })

  it("a file that does not parse is named with the place", () => {
    const findings = entries([file("server", ["opencode-errand"]), broken])
    assert.deepStrictEqual(judged(findings), ["failure", "ok", "warning"])
    assert.match(lines(findings)[0] ?? "", /tui\.json: value expected at line 2, column 3 -> mend it by hand/)
  })
})

describe("the last lines", () => {
  it("count, and name --fix only where it helps", () => {
    const last = (files: ReadonlyArray<ListFile>, fix = false) =>
      summary(entries(files), { fix, own: installed, style: plain })
    const fix = "`npx opencode-errand doctor --fix` writes the entries as they should be; comments are kept."
    assert.deepStrictEqual(last([]), ["0 fine, 1 warning, 1 to mend.", fix])
    // What that could not mend, it cannot mend the next time either.
    assert.deepStrictEqual(last([], true), ["0 fine, 1 warning, 1 to mend."])
    const both = [file("server", ["opencode-errand"]), file("tui", ["opencode-errand"])]
    assert.deepStrictEqual(last(both), ["2 fine."])
    // Which of two is meant only a person can say.
    const twice = file("server", ["opencode-errand@0.1.0"], "/p/opencode.json")
    assert.deepStrictEqual(last([twice, ...both]), ["1 fine, 1 to mend."])
    assert.deepStrictEqual(repairs([twice, ...both], folder), [])
  })
})

describe("--fix", () => {
  it("writes both halves into the user's files, where there are none", () => {
    assert.deepStrictEqual(repairs([], folder), [
      { _tag: "Add", half: "server", path: `${folder}/opencode.json`, spec: "opencode-errand" },
      { _tag: "Add", half: "tui", path: `${folder}/tui.json`, spec: "opencode-errand" }
    ])
    const jsonc = `${folder}/opencode.jsonc`
    assert.deepStrictEqual(repairs([file("server", ["a"], jsonc)], folder).map(({ path }) => path), [
      jsonc,
      `${folder}/tui.json`
    ])
  })

  it("takes the file that is there, not the one that might be", () => {
    const none: ListFile = {
      half: "server",
      scope: "user",
      path: `${folder}/opencode.jsonc`,
      content: { _tag: "Absent" }
    }
    assert.deepStrictEqual(repairs([file("server", ["a"]), none], folder).map(({ path }) => path), [
      `${folder}/opencode.json`,
      `${folder}/tui.json`
    ])
  })

  it("writes the missing half beside the other one, as it is written there", () => {
    assert.deepStrictEqual(
      repairs([file("server", ["opencode-errand@0.1.0"], "/p/opencode.json", "project")], folder),
      [
        { _tag: "Add", half: "tui", path: "/p/tui.json", spec: "opencode-errand@0.1.0" }
      ]
    )
    assert.deepStrictEqual(repairs([file("tui", ["opencode-errand"], "/p/.opencode/tui.jsonc", "project")], folder), [
      { _tag: "Add", half: "server", path: "/p/.opencode/opencode.json", spec: "opencode-errand" }
    ])
    assert.deepStrictEqual(repairs([byPath("server", "./dist/index.js", "/p/e", "/p/opencode.json")], folder), [
      { _tag: "Add", half: "tui", path: "/p/tui.json", spec: "file:///p/e" }
    ])
  })

  it("from a clone writes the path of the clone, and says how it is called there: nobody can fetch it by its name", () => {
    assert.deepStrictEqual(repairs([], folder, clone).map((change) => change._tag === "Add" ? change.spec : ""), [
      "/src/errand/packages/opencode",
      "/src/errand/packages/opencode"
    ])
    const told = lines(entries([], clone))
    assert.match(told.join(), /-> run `node \/src\/errand\/packages\/opencode\/dist\/cli\.js doctor --fix`$/m)
    assert.notInclude(told.join(), "opencode plugin")
    assert.include(ownOf("/my own/errand", "1").command, "\"/my own/errand/dist/cli.js\"")
  })

  it("takes the server's for both where they differ, and changes nothing where they do not", () => {
    const server = file("server", ["opencode-errand@0.1.0"])
    assert.deepStrictEqual(repairs([server, file("tui", ["opencode-errand"])], folder), [
      { _tag: "Replace", path: `${folder}/tui.json`, from: "opencode-errand", to: "opencode-errand@0.1.0" }
    ])
    assert.deepStrictEqual(repairs([server, file("tui", ["opencode-errand@0.1.0"])], folder), [])
  })
})

describe("3 installed version", () => {
  const fetched = (spec: string, version: string | undefined): Cached => {
    const parsed = parse(spec)
    const wanted = parsed._tag === "Package" ? parsed.version : ""
    return { spec, source: { _tag: "Package", wanted, folder: `/cache/${cacheName(spec)}`, version } }
  }

  it("is the one that is wanted, or none yet", () => {
    assert.deepStrictEqual(judged(cache([fetched("opencode-errand", "0.2.0")], "0.2.0")), ["ok"])
    assert.deepStrictEqual(judged(cache([fetched("opencode-errand", "0.3.0")], "0.2.0")), ["ok"])
    assert.deepStrictEqual(judged(cache([fetched("opencode-errand@0.1.0", "0.1.0")], "0.2.0")), ["ok"])
    assert.deepStrictEqual(judged(cache([fetched("opencode-errand", undefined)], "0.2.0")), ["ok"])
    const path: Cached = { spec: "file:///e", source: { _tag: "Path", root: "/e", version: "0.1.0", isBuilt: true } }
    assert.deepStrictEqual(judged(cache([path], "0.2.0")), ["ok"])
    assert.deepStrictEqual(judged(cache([], "0.2.0")), ["skipped"])
  })

  it("is an old one: the folder to delete is named", () => {
    const old = cache([fetched("opencode-errand", "0.1.9")], "0.2.0")
    assert.deepStrictEqual(judged(old), ["warning"])
    assert.match(
      lines(old).join(),
      /0\.1\.9; this is 0\.2\.0, which is newer -> delete \/cache\/opencode-errand@latest/
    )
    const other = cache([fetched("opencode-errand@0.2.0", "0.1.0")], "0.3.0")
    assert.deepStrictEqual(judged(other), ["failure"])
    const gone: Cached = { spec: "file:///e", source: { _tag: "Path", root: "/e", version: undefined, isBuilt: true } }
    assert.deepStrictEqual(judged(cache([gone], "0.2.0")), ["failure"])
    const raw: Cached = { spec: "file:///e", source: { _tag: "Path", root: "/e", version: "0.1.0", isBuilt: false } }
    assert.deepStrictEqual(judged(cache([raw], "0.2.0")), ["failure"])
    assert.match(lines(cache([raw], "0.2.0")).join(), /from \/e, which is not built yet -> run `pnpm run build`/)
  })
})

describe("4 settings", () => {
  const of = (text: string) => {
    return settings({ ...merge([{ source: "errand.jsonc", content: { text } }]), sources: ["errand.jsonc"] }, installed)
  }

  it("all count, or there are none", () => {
    assert.deepStrictEqual(judged(of("{ \"maxConcurrency\": 2 }")), ["ok"])
    const none = settings({ settings: defaults, problems: [], sources: [] }, installed)
    assert.deepStrictEqual(judged(none), ["ok"])
    assert.match(lines(none).join(), /none, so the defaults hold$/)
  })

  it("those that hold, and are not the default, are told with their values", () => {
    assert.match(
      lines(of("{ \"maxConcurrency\": 2, \"toasts\": true, \"providerConcurrency\": { \"anthropic\": 3 } }")).join(),
      /nothing wrong in errand\.jsonc; in force are providerConcurrency \{"anthropic":3\}, maxConcurrency 2$/
    )
    assert.match(lines(of("{ \"toasts\": true }")).join(), /; all as by default$/)
  })

  it("one is unknown, one has a value that it may not have, the file does not parse: file, key, found, allowed", () => {
    const findings = of("{ \"maxConcurency\": 2, \"toasts\": \"loud\" }")
    assert.deepStrictEqual(judged(findings), ["failure", "failure"])
    assert.match(
      lines(findings).join("\n"),
      /errand\.jsonc: there is no setting "maxConcurency"; did you mean maxConcurrency/
    )
    assert.match(
      lines(findings).join("\n"),
      /errand\.jsonc: toasts is "loud", but must be true or false\. .* -> mend it: `npx opencode-errand schema`/
    )
    assert.match(lines(of("{")).join(), /errand\.jsonc: .* at line 1, column 2\. The file is ignored -> mend the file/)
  })
})

describe("5 limits", () => {
  const known = [{ provider: "anthropic", id: "opus" }, { provider: "anthropic", id: "haiku" }]

  it("are for models that there are", () => {
    assert.deepStrictEqual(judged(limits(defaults, undefined)), ["ok"])
    assert.deepStrictEqual(judged(limits({ ...defaults, providerConcurrency: { anthropic: 2 } }, known)), ["ok"])
  })

  it("are for no model, or let a provider have more than its own number", () => {
    const odd = { ...defaults, providerConcurrency: { antropic: 2, anthropic: 2 }, modelConcurrency: { opus: 3 } }
    const findings = limits(odd, known)
    assert.deepStrictEqual(judged(findings), ["warning", "warning"])
    assert.match(lines(findings).join("\n"), /"antropic"\] has no effect.* Did you mean "anthropic"\?/)
    assert.match(lines(findings).join("\n"), /"anthropic"\] is 2, but up to 5 tasks of that provider can run at once/)
    assert.deepStrictEqual(judged(limits(odd, undefined)), ["skipped"])
    assert.match(lines(limits(odd, undefined)).join(), /3 limits not compared .*: it did not tell them$/)
    assert.match(lines(limits(odd, undefined, false)).join(), /: it was not asked$/)
  })
})

describe("6 other plugins", () => {
  const own = ["delegate_task", "background_output", "background_cancel"]
  const omo = file("server", ["opencode-errand", "a@1", "oh-my-opencode@4.19.4"])

  it("have no tools of the same names", () => {
    const files = [file("server", ["opencode-errand", "constructor", "a@1"])]
    assert.deepStrictEqual(judged(clashes(files, undefined)), ["ok"])
    assert.deepStrictEqual(judged(clashes([omo], ["bash", ...own, "bash"])), ["ok"])
  })

  it("have tools of the same names, as OpenCode itself says: who it may be is named", () => {
    const findings = clashes([omo], [...own, "background_output"])
    assert.deepStrictEqual(judged(findings), ["failure"])
    assert.match(lines(findings).join(), /background_output is there twice, .* may be "oh-my-opencode@4\.19\.4" in/)
    assert.match(
      lines(clashes([file("server", ["opencode-errand", "b"])], [...own, ...own])).join(),
      /delegate_task, background_output, background_cancel are there twice, .* may be "b" in/
    )
    assert.match(lines(clashes([], [...own, ...own])).join(), /in a folder \.opencode\/plugin/)
  })

  it("are known to have some, where OpenCode cannot be asked: a warning", () => {
    const findings = clashes([omo], undefined)
    assert.deepStrictEqual(judged(findings), ["warning"])
    assert.match(lines(findings).join(), /"oh-my-opencode@4\.19\.4" in .*opencode\.json has tools of the same names/)
  })
})

describe("7 start of OpenCode", () => {
  const lacking = { path: folder, isSeeded: false, isWritable: true }

  it("waits for nothing, or for a registry that answers", () => {
    assert.deepStrictEqual(judged(install({ folders: [{ ...lacking, isSeeded: true }] })), ["ok"])
    const closed = install({ folders: [{ ...lacking, isWritable: false }] })
    assert.match(lines(closed).join(), /^✓ .*waits for no registry$/)
    const answered = install({ folders: [lacking], registry: { url: "https://r", problem: undefined } })
    assert.deepStrictEqual(judged(answered), ["ok"])
    assert.match(lines(answered).join(), /installs packages once into .* from https:\/\/r/)
  })

  it("waits for a registry that does not answer", () => {
    const silent = install({ folders: [lacking], registry: { url: "https://r", problem: "ECONNREFUSED" } })
    assert.deepStrictEqual(judged(silent), ["warning"])
    assert.match(
      lines(silent).join(),
      /https:\/\/r does not answer \(ECONNREFUSED\): every start may wait more than a minute/
    )
  })

  it("waits for a registry whose certificate nobody vouches for: it is not said that it does not answer", () => {
    const registry = { url: "https://r", problem: "SELF_SIGNED_CERT_IN_CHAIN", ofCertificate: true }
    const distrusted = install({ folders: [lacking], registry })
    assert.deepStrictEqual(judged(distrusted), ["warning"])
    assert.match(
      lines(distrusted).join(),
      /the certificate of https:\/\/r is not trusted \(SELF_SIGNED_CERT_IN_CHAIN\): .* -> .*npm config set cafile/
    )
  })
})

describe("8 tools in OpenCode", () => {
  const tools = ["bash", "delegate_task", "background_output", "background_cancel"]

  it("are there", () => {
    assert.deepStrictEqual(judged(live({ _tag: "Answered", tools, ms: 1_234, complaints: [] })), ["ok"])
    assert.match(lines(live({ _tag: "Answered", tools, ms: 1_234, complaints: [] })).join(), /started in 1\.2 s/)
  })

  it("are not there, or came late, or OpenCode could not be asked", () => {
    const without = live({ _tag: "Answered", tools: ["bash"], ms: 1, complaints: ["ERROR plugin x"] })
    assert.deepStrictEqual(judged(without), ["failure"])
    assert.match(lines(without).join(), /has no delegate_task, no background_output, .*it said: ERROR plugin x ->/)
    assert.deepStrictEqual(judged(live({ _tag: "Answered", tools, ms: 71_000, complaints: [] })), ["warning"])
    assert.deepStrictEqual(judged(live({ _tag: "Failed", why: "it ended", output: ["boom"] })), ["failure"])
    assert.deepStrictEqual(judged(live({ _tag: "NotTried", why: "not looked at, as --no-live says" })), ["skipped"])
  })
})

describe("where OpenCode looks", () => {
  it("the user's folder, the project's files from the root down, the folders of its own, and what variables name", () => {
    const env = { XDG_CONFIG_HOME: "/c", OPENCODE_CONFIG: "/x.json", OPENCODE_CONFIG_DIR: "/d" }
    const paths = places({ directory: "/home/me/p", home: "/home/me", env }).map(({ half, path }) => `${half} ${path}`)
    const before = (first: string, second: string) => assert.isBelow(paths.indexOf(first), paths.indexOf(second))
    assert.strictEqual(paths[0], "server /c/opencode/config.json")
    assert.includeMembers(paths, [
      "server /x.json",
      "server /d/opencode.jsonc",
      "tui /d/tui.json",
      "tui /c/opencode/tui.jsonc"
    ])
    before("server /c/opencode/opencode.jsonc", "server /home/opencode.json")
    before("server /home/opencode.json", "server /home/me/p/opencode.json")
    before("tui /home/me/p/tui.json", "tui /home/me/p/.opencode/tui.json")
    assert.strictEqual(paths.filter((path) => path === "tui /home/me/.opencode/tui.json").length, 1)
    const off = places({ directory: "/p", home: "/h", env: { OPENCODE_DISABLE_PROJECT_CONFIG: "true" } })
    assert.isFalse(off.some(({ path }) => path.startsWith("/p")))
  })

  it("tells names from paths, and versions apart", () => {
    assert.deepStrictEqual(parse("@a/b@1.2.3"), { _tag: "Package", name: "@a/b", version: "1.2.3" })
    assert.deepStrictEqual(parse("a@file:/x.tgz"), { _tag: "Package", name: "a", version: "file:/x.tgz" })
    assert.strictEqual(parse("./a")._tag, "Path")
    assert.strictEqual(parse("file:///a")._tag, "Path")
    assert.strictEqual(cacheName("opencode-errand"), "opencode-errand@latest")
    assert.strictEqual(cacheName("opencode-errand@0.1.0"), "opencode-errand@0.1.0")
    assert.isBelow(compare("1.9.0", "1.10.0"), 0)
    assert.isAbove(compare("v2.0.0", "1.99.99"), 0)
    assert.strictEqual(compare("1.2.3-beta.1", "1.2.3"), 0)
  })
})
