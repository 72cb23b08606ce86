// A person with a browser goes through the page; each line of the output is one thing that was found wrong.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { ADDRESS, SCREENSHOTS, CHROMIUM, SCHEME } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: SCHEME, locale: "en-US", reducedMotion: "reduce" });
page.setDefaultTimeout(20000);

const wrong = (text) => console.log(text);
const expect = (claim, text) => claim || wrong(text);
page.on("pageerror", (error) => wrong(`error: ${error.message}`));
page.on("console", (message) => message.type() === "error" && wrong(`console: ${message.text()}`));
page.on("requestfailed", (request) => request.url().includes("/events") || wrong(`failed: ${request.url()}`));
page.on("request", (request) => request.url().startsWith(ADDRESS) || wrong(`asked elsewhere: ${request.url()}`));

let number = 0;
async function look(name) {
  number += 1;
  await page.screenshot({ path: `${SCREENSHOTS}/${SCHEME}-${String(number).padStart(2, "0")}-${name}.png` });
  await page.evaluate(`if (!window.axe) { ${axe} }`); // a debugger's script: the page's policy allows no other's
  const found = await page.evaluate(() => window.axe.run());
  for (const one of found.violations)
    if (["serious", "critical"].includes(one.impact)) wrong(`${name}: ${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

const composer = () => page.getByRole("textbox", { name: "Message #deploy-shop" });
const key = (name) => page.keyboard.press(name);

// A mention, completed with the keyboard, is answered.
await page.goto(`${ADDRESS}/#ada/deploy-shop`);
await composer().focus();
await page.keyboard.type("@sto");
await page.getByRole("option", { name: /@story/ }).waitFor();
await key("Enter");
await page.keyboard.type("deploy shop");
await key("Enter");
await page.getByRole("button", { name: "Go" }).waitFor();
await look("mention");

// A slash command, completed too.
await page.keyboard.type("/st");
await page.getByRole("option", { name: /\/story/ }).waitFor();
await look("completion");
await key("Tab");
await page.keyboard.type("once");
await key("Enter");
await page.getByText("Once upon a time").waitFor();

// A form from a button: type-ahead, a refusal, Escape.
await page.getByRole("button", { name: "Go" }).focus();
await key("Enter");
const dialog = page.getByRole("dialog", { name: "Form" });
await dialog.waitFor();
await page.keyboard.type("de");
await dialog.getByRole("option", { name: "de-1" }).waitFor();
await look("form");
await key("ArrowDown");
await key("ArrowDown");
await key("Enter");
expect((await dialog.getByRole("combobox").inputValue()) === "de-1", "the second suggestion was not taken");
await key("Enter");
await dialog.getByText("Not that one").waitFor();
await look("refused");
await key("Escape");
await dialog.waitFor({ state: "detached" });

// A thread, by keyboard alone.
const own = page.getByRole("article").filter({ hasText: "deploy shop" }).first();
await own.getByRole("button", { name: "Reply in thread" }).focus();
await key("Enter");
await page.getByRole("textbox", { name: "Reply…" }).waitFor();
await page.keyboard.type("a reply with `code` and *weight*");
await key("Enter");
await page.getByRole("button", { name: "1 reply" }).waitFor();
await page.getByRole("complementary").getByText("weight").waitFor();
await look("thread");
await page.getByRole("button", { name: "Close" }).click();

// An edit with the arrow up.
await composer().focus();
await page.keyboard.type("sopt");
await key("Enter");
await page.getByText("sopt").waitFor();
await key("ArrowUp");
const box = page.getByRole("textbox", { name: "Edit" });
await box.fill("spot");
await key("Enter");
await page.getByText("(edited)").waitFor();

// The inspector shows what went over the wires.
await page.getByRole("button", { name: "Inspector" }).click();
await page.getByRole("searchbox", { name: "Filter" }).fill("view_submission");
await page.getByText("interactive · view_submission").click();
await page.getByText('"callback_id": "form"').first().waitFor();
await look("inspector");
await page.getByRole("button", { name: "Tools" }).click();
await look("tools");
await page.getByRole("button", { name: "Tools" }).click();

// The home.
await page.getByRole("button", { name: /^Story/ }).click();
await page.getByText("Welcome").waitFor();
await look("home");

// Somebody else, who sees what is new, and not what was for one person's eyes.
await page.getByRole("button", { name: /^random/ }).click();
await page.getByRole("combobox", { name: "You are" }).selectOption({ label: "Bob Reyes · Support" });
await page.getByRole("button", { name: /deploy-shop unread/ }).click();
await page.getByText("spot").waitFor();
expect((await page.getByRole("button", { name: /deploy-shop unread/ }).count()) === 0, "what is looked at stays unread");
await look("bob");

// Japanese, then a narrow screen.
await page.getByRole("button", { name: "日本語" }).click();
await page.getByRole("textbox", { name: "#deploy-shop へのメッセージ" }).waitFor();
await look("japanese");
await page.setViewportSize({ width: 360, height: 720 });
const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
expect(overflow <= 0, `the narrow page is ${overflow} px too wide`);
await look("narrow");
await page.getByRole("button", { name: "メニュー" }).click();
await look("menu");
await page.getByRole("button", { name: /^random/ }).click();
await page.getByRole("textbox", { name: "#random へのメッセージ" }).waitFor();

await browser.close();
console.log("done");
