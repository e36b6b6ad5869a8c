// Drives VS Code for scripts/try-vscode: a session, and what its screen and the service say.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

const { TRY_API, TRY_TOKEN, TRY_URL, TRY_FOLDER, TRY_MODULES, TRY_SCREENSHOTS, TRY_STATUS } =
  process.env;
const { chromium } = createRequire(`${TRY_MODULES}/`)("playwright-core");

/** Longer than the grace of a save, within which a re-reading is no reload. */
const PAUSE = 2500;
const DEADLINE = 60_000;

let failures = 0;

function check(what, holds, detail = "") {
  console.log(`${holds ? "ok    " : "FAILED"}  ${what}${detail && `: ${detail}`}`);
  failures += holds ? 0 : 1;
}

async function ask(method, path, body) {
  const answer = await fetch(`${TRY_API}${path}`, {
    method,
    headers: { authorization: `Bearer ${TRY_TOKEN}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  return answer.json();
}

async function inbox() {
  const [workspace] = (await ask("GET", "/workspaces")).items;
  const projects = (await ask("GET", `/folders/${workspace.id}/projects`)).items;
  return projects.find((project) => project.name === "Inbox").id;
}

const project = await inbox();

async function texts() {
  const tasks = (await ask("GET", `/projects/${project}/tasks?limit=1000`)).items;
  return tasks.map((task) => task.text);
}

async function colleagueAdds(content) {
  const task = { content, contentType: "text/plain", placement: "beforeend" };
  await ask("POST", `/projects/${project}/tasks/`, { tasks: [task] });
  console.log(`        a colleague adds "${content}"`);
}

/** Waits until the service has exactly these texts of what is not the sample's. */
async function holds(what, wanted) {
  const end = Date.now() + 20_000;
  let ours;
  do {
    await new Promise((done) => setTimeout(done, 100));
    ours = (await texts()).filter((text) => !sample.includes(text)).sort();
  } while (`${ours}` !== `${[...wanted].sort()}` && Date.now() < end);
  const all = await texts();
  const lost = sample.filter((text) => !all.includes(text));
  const detail = `the service has ${JSON.stringify(ours)}, lost of the sample: ${lost.length}`;
  check(what, `${ours}` === `${[...wanted].sort()}` && lost.length === 0, detail);
}

const status = () => {
  try {
    return execFileSync(TRY_STATUS, ["status", TRY_FOLDER], { encoding: "utf8", timeout: 30_000 });
  } catch (error) {
    return `${error.stdout}${error.stderr}`;
  }
};

const sample = await texts();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
page.setDefaultTimeout(DEADLINE);

const shot = (name) => page.screenshot({ path: `${TRY_SCREENSHOTS}/${name}.png` });
const dirty = () => page.locator(".tab.active.dirty").count().then((count) => count > 0);
const said = () => page.locator(".notification-list-item-message").allInnerTexts();
const shown = async () =>
  (await page.locator(".editor-instance .view-line").allInnerTexts()).map((line) =>
    line.replaceAll("\u00a0", " "),
  );

async function typeAtEnd(text) {
  await page.locator(".editor-instance .view-lines").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text, { delay: 5 });
}

/** Saves, and waits until VS Code says that it is saved or why not. What it says. */
async function save(name) {
  await page.keyboard.press("Control+s");
  const end = Date.now() + DEADLINE;
  while ((await dirty()) && (await said()).length === 0 && Date.now() < end) {
    await page.waitForTimeout(50);
  }
  const [says, stays] = [await said(), await dirty()];
  await shot(name);
  console.log(`        ${name}: ${stays ? "not saved" : "saved"}${says.map((text) => `; it says: ${text}`)}`);
  return { says: says.join("\n"), saved: !stays };
}

/** As `save`, and overwrites where VS Code says that the file is newer. */
async function saveAnyway(name) {
  const { says, saved } = await save(name);
  if (!saved && says.includes("newer")) {
    await page.locator(".notifications-toasts .monaco-button", { hasText: "Overwrite" }).click();
    await page.waitForSelector(".tab.active:not(.dirty)");
    console.log(`        ${name}: overwritten`);
  }
  check(`${name} is saved`, !(await dirty()));
}

async function command(name) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input").fill(`>${name}`);
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.keyboard.press("Enter");
}

async function session() {
  await page.goto(`${TRY_URL}?folder=${encodeURIComponent(TRY_FOLDER)}`);
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "Inbox.md" }).dblclick();
  await page.waitForSelector(".editor-instance .view-line");
  check("it shows the project", (await shown()).length >= sample.length - 1);

  await typeAtEnd("- [ ] first\n");
  await saveAnyway("1-first-save");
  await holds("the first line is saved", ["first"]);

  // Of another length than what is typed: where the size of the file is that of what is to be
  // saved, VS Code reads it to compare them, and has the colleague's line before its eyes then.
  await colleagueAdds("theirs, which is longer");
  await typeAtEnd("- [ ] second\n");
  await saveAnyway("2-second-save");
  await typeAtEnd("- [ ] third\n");
  await saveAnyway("3-third-save");
  await holds("a colleague's line stays though VS Code never had it", ["first", "second", "third", "theirs, which is longer"]);

  await page.waitForTimeout(PAUSE);
  await typeAtEnd("- [ ] fourth\n");
  await saveAnyway("4-save-after-a-pause");
  await holds("also later", ["first", "second", "third", "fourth", "theirs, which is longer"]);

  await page.waitForTimeout(PAUSE);
  await command("File: Revert File");
  await page.locator(".view-line", { hasText: "theirs" }).waitFor();
  check("reverted, it shows the colleague's line", true);
  await page.locator(".view-line", { hasText: "theirs" }).click();
  await page.keyboard.press("Control+Shift+K");
  await saveAnyway("5-deleted");
  await holds("deleted then, it is deleted", ["first", "second", "third", "fourth"]);

  await page.waitForTimeout(PAUSE);
  await typeAtEnd("```\n");
  const refused = await save("6-refused");
  check("a refused save is told on the screen", !refused.saved && refused.says.length > 0, refused.says);
  check("`taskadefs status` lists it", status().includes("rejected"), status().trim());
  await holds("nothing of it is sent", ["first", "second", "third", "fourth"]);
  for (const _ of "```\n") await page.keyboard.press("Backspace");
  await typeAtEnd("- [ ] fifth\n");
  await saveAnyway("7-corrected");
  await holds("corrected, it is saved", ["first", "second", "third", "fourth", "fifth"]);
  check("nothing is refused any more", status().includes("everything is saved"), status().trim());
}

try {
  await session();
} catch (error) {
  check("the session goes to its end", false, `${error}`);
  await shot("failed");
} finally {
  await browser.close();
}
console.log(failures === 0 ? "VS Code lost nothing" : `${failures} checks failed`);
process.exit(failures === 0 ? 0 : 1);
