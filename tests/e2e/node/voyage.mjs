// Whoever tries the demo in a browser: each line of the output is one thing that was found wrong.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { ADDRESS, SCREENSHOTS, CHROMIUM } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: "en-US", reducedMotion: "reduce" });
page.setDefaultTimeout(60000);

const wrong = (text) => console.log(text);
page.on("pageerror", (error) => wrong(`error: ${error.message}`));
page.on("console", (message) => message.type() === "error" && wrong(`console: ${message.text()}`));
page.on("request", (request) => request.url().startsWith(ADDRESS) || wrong(`asked elsewhere: ${request.url()}`));

let number = 0;
async function look(name) {
  number += 1;
  await page.screenshot({ path: `${SCREENSHOTS}/${String(number).padStart(2, "0")}-${name}.png` });
  await page.evaluate(`if (!window.axe) { ${axe} }`); // a debugger's script: the page's policy allows no other's
  const found = await page.evaluate(() => window.axe.run());
  for (const one of found.violations)
    if (["serious", "critical"].includes(one.impact)) wrong(`${name}: ${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

async function be(person) {
  await page.goto("about:blank");
  await page.goto(`${ADDRESS}/#${person}/deploy-shop`);
  await page.getByRole("textbox", { name: "Message #deploy-shop" }).waitFor();
}

async function say(text) {
  await page.getByRole("textbox", { name: "Message #deploy-shop" }).fill(text);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
}

const card = (title) => page.getByText(title).last().waitFor();
const press = (name) => page.getByRole("button", { name, exact: true }).last().click();

try {
  // A mention.
  await be("ada");
  await say("@funade deploy v1.0.0 of shop to staging");
  await card("#1 shop → staging: succeeded");
  await look("mention");

  // The form, with the plan before it is confirmed.
  await page.locator("summary", { hasText: "⚡" }).click();
  await page.getByRole("button", { name: "Deploy · Funade" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").nth(1).selectOption({ label: "production" });
  await look("form");
  await dialog.getByRole("button", { name: "Show plan" }).click();
  await dialog.getByText("Sell tea and biscuits").waitFor();
  await look("plan");
  await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
  await dialog.getByText("#2").first().waitFor();
  await look("accepted");
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await card("#2 shop → production: awaiting approval");
  await look("waiting");

  // Who may not, and who may, say yes.
  await be("bob");
  await press("Approve");
  await page.getByText(/this needs the right/).first().waitFor();
  await look("refused");
  await be("cy");
  await press("Approve");
  await card("#2 shop → production: succeeded");
  await look("approved");

  // It breaks, and is put back by a button.
  await be("ada");
  await say("@funade deploy shop to staging");
  await card("#3 shop → staging: succeeded");
  await say("@funade deploy broken of shop to staging");
  await card("#4 shop → staging: failed");
  await look("failed");
  await press("Roll back");
  await page.getByText("Back to").waitFor();
  await look("going back");
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog").getByText("#5").first().waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).last().click();
  await card("#5 shop → staging: succeeded");
  await look("rolled-back");

  // Funade's home.
  await page.getByRole("button", { name: "Funade" }).first().click();
  await page.getByText("What is live where").waitFor();
  await look("home");

  // The same for somebody who reads Japanese, and what a guest learns.
  await be("hana");
  await say("@funade shop を staging にデプロイして");
  await card("#6 shop → staging: succeeded");
  await page.getByText("1 reply").last().click();
  await page.getByText("#6 shop main").last().waitFor();
  await look("japanese");
  await page.locator("summary", { hasText: "⚡" }).click();
  await page.getByRole("button", { name: "Deploy · Funade" }).click();
  await page.getByRole("dialog").getByText("アプリケーション").first().waitFor();
  await look("japanese-form");
  await page.getByRole("dialog").locator("header button, button.plain").first().click();
  await page.getByRole("button", { name: "Funade" }).first().click();
  await page.getByText("環境ごとの稼働状況").waitFor();
  await look("japanese-home");
} catch (error) {
  wrong(error.message);
  await look("stuck");
}

await browser.close();
console.log("done");
