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
// The last but one is what a service worker makes of the others.
const UNREACHABLE = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED|ERR_FAILED|closed before the connection is established/;
const REFUSED = /the server responded with a status of (401|404|409|410|503)/;
const DESKTOP = { width: 1280, height: 800 };
const LOOK_MILLIS = 50;

async function launch() {
  const path = process.env.CHROMIUM_PATH;
  if (path) return chromium.launch({ executablePath: path, args: FLAGS });
  // Its own arguments are for tiny machines: one process for everything, which several contexts do not survive.
  const { default: shipped } = await import('@sparticuz/chromium');
  return chromium.launch({ executablePath: await shipped.executablePath(), args: FLAGS });
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const browser = await launch().catch((error) => {
  say({ error: String(error.message ?? error).split('\n')[0] });
  process.exit(1);
});
const pages = new Map();
const mistakes = [];

// Notes everything that was ever on the screen, from the first moment of the page on, so that a blink is seen too.
function watch() {
  window.shown = [];
  new MutationObserver(() => {
    const tags = [...document.querySelectorAll('#tags > li')].map((item) => item.dataset.tag);
    const likes = document.getElementById('likes')?.textContent ?? '';
    const now = JSON.stringify({ tags, likes });
    if (window.shown.at(-1) !== now) window.shown.push(now);
  }).observe(document, { childList: true, characterData: true, subtree: true });
}

async function open(tab, url, context) {
  const page = await context.newPage();
  page.on('pageerror', (error) => mistakes.push(`[${tab}] ${error.stack ?? error}`));
  page.on('console', (message) => {
    const text = message.text();
    // That a server which is not there cannot be reached, and that one which lacks something says so, is what is tested.
    if (message.type() === 'error' && !UNREACHABLE.test(text) && !REFUSED.test(text)) mistakes.push(`[${tab}] ${text}`);
  });
  pages.set(tab, page);
  await page.goto(url);
  await page.waitForFunction(() => window.rejoin !== undefined);
}

const operations = {
  /** A page in a context of its own, as of another person. */
  async open(tab, url) {
    const context = await browser.newContext({ viewport: DESKTOP });
    await context.addInitScript(watch);
    await open(tab, url, context);
  },
  /** As open, where each message of a WebSocket takes its time, in both directions. */
  async openSlow(tab, url, millis) {
    const context = await browser.newContext({ viewport: DESKTOP });
    await context.addInitScript(watch);
    await context.routeWebSocket(/./, (page) => {
      const server = page.connectToServer();
      page.onMessage((message) => setTimeout(() => server.send(message), millis));
      server.onMessage((message) => setTimeout(() => page.send(message), millis));
    });
    await open(tab, url, context);
  },
  /** As open, in a browser that this script has prepared. */
  async openPrepared(tab, url, script) {
    const context = await browser.newContext({ viewport: DESKTOP });
    await context.addInitScript(script);
    await open(tab, url, context);
  },
  /** Takes the network from a browser, or gives it back. Sockets that are open stay open and carry nothing. */
  network: (tab, there) => pages.get(tab).context().setOffline(!there),
  goto: async (tab, url) => {
    await pages.get(tab).goto(url);
    await pages.get(tab).waitForFunction(() => window.rejoin !== undefined);
  },
  select: (tab, selector, value) => pages.get(tab).selectOption(selector, value),
  /** A page beside another one, in the same browser. */
  openBeside: (tab, other, url) => open(tab, url, pages.get(other).context()),
  async reload(tab) {
    await pages.get(tab).reload();
    await pages.get(tab).waitForFunction(() => window.rejoin !== undefined);
  },
  close: (tab) => pages.get(tab).close(),
  click: (tab, selector) => pages.get(tab).click(selector),
  fill: (tab, selector, text) => pages.get(tab).fill(selector, text),
  press: (tab, selector, key) => pages.get(tab).press(selector, key),
  /** Types into an editor where its cursor is, or the keys between braces: "{Control+B}". */
  async type(tab, selector, text) {
    const page = pages.get(tab);
    await page.focus(selector);
    // Tiptap takes the keyboard in the next frame, and ProseMirror puts its own selection back 20 ms later. Clocks outside say
    // nothing about that on a busy machine; timers of one page end in their order.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 40))));
    for (const piece of text.split(/(\{[A-Z][A-Za-z+]*\})/)) {
      if (/^\{[A-Z][A-Za-z+]*\}$/.test(piece)) await page.keyboard.press(piece.slice(1, -1));
      else await page.keyboard.type(piece);
    }
  },
  evaluate: (tab, expression) => pages.get(tab).evaluate(expression),
  /** Waits until an expression is true, or answers a promise of what is: what Playwright takes for met is the promise itself, whatever it promises. */
  async until(tab, expression, millis) {
    const end = Date.now() + millis;
    const met = async () => {
      // 0 would mean for ever
      const found = await pages.get(tab).waitForFunction(expression, undefined, { timeout: Math.max(1, end - Date.now()) });
      return found.jsonValue();
    };
    while (!(await met())) await new Promise((done) => setTimeout(done, LOOK_MILLIS));
  },
  /** Takes a picture and answers how many pixels the page is too wide. */
  async screenshot(tab, path, width, scheme) {
    const page = pages.get(tab);
    await page.setViewportSize({ width, height: DESKTOP.height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path, fullPage: true, animations: 'disabled' });
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await page.setViewportSize(DESKTOP);
    await page.emulateMedia({ colorScheme: 'light' });
    return tooWide;
  },
  /** Closes all pages and answers what they have complained about. */
  async closeAll() {
    await Promise.all(browser.contexts().map((context) => context.close()));
    pages.clear();
    return mistakes.splice(0);
  },
};

say({ ok: browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const { tab, op, args } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await operations[op](tab, ...args)) ?? null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  say(answer);
}
await browser.close();
