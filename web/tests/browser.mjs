// A browser for tests: Debian's Chromium, each page watched for errors and for requests to anybody else.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { FakeCollector } from './fake/server.mjs';

export const kPatience = 60_000;
const kChromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const kPictures = fileURLToPath(new URL('pictures', import.meta.url));

export const kPhone = { width: 360, height: 780 };
export const kDesk = { width: 1600, height: 1000 };

let browser;
const open = new Set();

export async function launch() {
  browser ??= await chromium.launch({ executablePath: kChromium, args: kFlags });
  return browser;
}

/** Ends what a test started. */
export async function finish() {
  for (const one of open) await one.close();
  open.clear();
  await browser?.close();
  browser = undefined;
}

export async function start(options = {}) {
  const fake = new FakeCollector(options);
  const address = await fake.listen();
  open.add(fake);
  return { fake, address };
}

/** `quiet`: what the console may say, for tests that take something away on purpose. */
export async function openPage(address, path = '', { size = kDesk, theme = 'light', lang = 'en', quiet = [], context: options = {} } = {}) {
  const context = await (await launch()).newContext({ viewport: size, colorScheme: theme, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(kPatience);
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !quiet.some((words) => message.text().includes(words))) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error.stack)));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== new URL(address).origin) wrong.push(`asks ${request.url()}`);
  });
  await page.goto(address + path);
  return {
    page,
    sees: (text) => page.getByText(text).first().waitFor({ state: 'visible' }),
    press: (name) => page.getByRole('button', { name, exact: true }).first().click(),
    picture: async (name) => {
      mkdirSync(kPictures, { recursive: true });
      await page.screenshot({ path: `${kPictures}/${name}.png` });
    },
    close: async () => {
      await context.close();
      assert.deepEqual(wrong, [], 'nothing is written to the console, and nobody else is asked');
    },
  };
}

/** What axe finds, as one line each. */
export async function axeFindings(page) {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.map((one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(', ')})`);
}

export async function scrollsSideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}
