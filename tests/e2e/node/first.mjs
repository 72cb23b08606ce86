// Somebody whose browser has just opened at ADDRESS: they say the README's sentence, and see it done.

import { chromium } from "playwright-core";

const { ADDRESS, CHROMIUM, SENTENCE } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: "en-US" });
page.setDefaultTimeout(120000);
await page.goto(ADDRESS);
await page.getByRole("textbox", { name: "Message #deploy-shop" }).fill(SENTENCE);
await page.keyboard.press("Escape");
await page.keyboard.press("Enter");
await page.getByText("#1 shop → staging: succeeded").last().waitFor();
console.log("seen");
await browser.close();
