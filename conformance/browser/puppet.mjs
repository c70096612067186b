// A real browser on strings: reads one command per line on standard input, does it, answers with one line.
// A command is {"tab": name, "op": operation, "args": […]}; the answer {"ok": value} or {"error": text}.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

async function launch() {
  const path = process.env.CHROMIUM_PATH;
  if (path) return chromium.launch({ executablePath: path, args: FLAGS });
  const { default: shipped } = await import('@sparticuz/chromium');
  return chromium.launch({ executablePath: await shipped.executablePath(), args: [...shipped.args, ...FLAGS] });
}

const browser = await launch();
const contexts = new Map();
const pages = new Map();

// Notes every set of tags that was ever on the screen, so that a blink between two frames is seen too.
function watchTags() {
  window.tagHistory = [];
  const list = document.getElementById('tags');
  const note = () => window.tagHistory.push([...list.querySelectorAll('li[data-tag]')].map((item) => item.dataset.tag));
  note();
  new MutationObserver(note).observe(list, { childList: true });
}

const operations = {
  async open(tab, url) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 860 } });
    const page = await context.newPage();
    page.on('pageerror', (error) => process.stderr.write(`[${tab}] ${error.stack ?? error}\n`));
    page.on('console', (message) => {
      if (message.type() === 'error') process.stderr.write(`[${tab}] ${message.text()}\n`);
    });
    contexts.set(tab, context);
    pages.set(tab, page);
    await page.goto(url);
    await page.waitForFunction(() => window.rejoin !== undefined);
  },
  async reload(tab) {
    await pages.get(tab).reload();
    await pages.get(tab).waitForFunction(() => window.rejoin !== undefined);
  },
  click: (tab, selector) => pages.get(tab).click(selector),
  fill: (tab, selector, text) => pages.get(tab).fill(selector, text),
  submit: (tab, selector) => pages.get(tab).press(selector, 'Enter'),
  text: (tab, selector) => pages.get(tab).textContent(selector),
  evaluate: (tab, expression) => pages.get(tab).evaluate(expression),
  async until(tab, expression, millis) {
    await pages.get(tab).waitForFunction(expression, undefined, { timeout: millis });
  },
  watchTags: (tab) => pages.get(tab).evaluate(watchTags),
  screenshot: (tab, path, width, scheme) =>
    pages
      .get(tab)
      .setViewportSize({ width, height: 860 })
      .then(() => pages.get(tab).emulateMedia({ colorScheme: scheme }))
      .then(() => pages.get(tab).screenshot({ path, fullPage: true }))
      .then(() => undefined),
};

process.stdout.write(`${JSON.stringify({ ok: browser.version() })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { tab, op, args } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await operations[op](tab, ...args)) ?? null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
