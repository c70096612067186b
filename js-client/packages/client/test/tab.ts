import { IDBFactory } from 'fake-indexeddb';
import type { WebSocketLike } from '../src/index.ts';
import type { ChannelLike } from '../src/tab-messages.ts';
import { openTabs, type TabLocks, type TabsOptions } from '../src/tabs.ts';
import type { ClientView } from '../src/index.ts';
import type { FakeServer } from '../src/testing.ts';
import type { Random } from './random.ts';

interface Waiting {
  readonly name: string;
  readonly tab: FakeTab;
  granted: boolean;
  grant(): void;
}

/**
 * What the tabs of one browser share: the database, the locks and the channels. Nothing of it takes time: all of it happens in turns of the
 * event loop. With a source of chance, messages, locks and what becomes of a tab's unfinished transactions when it ends vary with it, and
 * the same source gives the same run.
 */
export class FakeBrowser {
  readonly factory = new IDBFactory();
  readonly tabs: FakeTab[] = [];
  readonly queue: Waiting[] = [];
  readonly channels = new Set<FakeChannel>();
  readonly random: Random | undefined;

  constructor(random?: Random) {
    this.random = random;
  }

  async open(server: FakeServer, options: Partial<TabsOptions> = {}): Promise<FakeTab> {
    const tab = new FakeTab(this);
    this.tabs.push(tab);
    tab.client = await openTabs({ url: 'ws://test/sync', document: 'notes/1', ...tab.platform(server), ...options });
    return tab;
  }

  /** Runs it in one of the next turns of the event loop. */
  later(run: () => void): void {
    setImmediate(() => (this.random?.chance(0.4) ? this.later(run) : run()));
  }

  /** Grants the first request for each name. */
  grant(): void {
    const seen = new Set<string>();
    for (const each of [...this.queue]) {
      if (!seen.has(each.name)) {
        seen.add(each.name);
        each.grant();
      }
    }
  }

  release(gone: (waiting: Waiting) => boolean): void {
    this.queue.splice(0, Infinity, ...this.queue.filter((each) => !gone(each)));
    this.grant();
  }

  async close(): Promise<void> {
    for (const tab of this.tabs.splice(0)) {
      if (!tab.isDead) {
        await tab.client?.close();
        tab.crash();
      }
    }
  }
}

/** What one tab says reaches each other one in the order in which it was said. */
class FakeChannel implements ChannelLike {
  onmessage: ((event: { readonly data: never }) => void) | null = null;
  private readonly name: string;
  readonly tab: FakeTab;
  private readonly browser: FakeBrowser;
  private readonly underWay = new Map<FakeChannel, unknown[]>();

  constructor(name: string, tab: FakeTab, browser: FakeBrowser) {
    this.name = name;
    this.tab = tab;
    this.browser = browser;
    browser.channels.add(this);
  }

  postMessage(message: unknown): void {
    for (const to of this.tab.isDead ? [] : this.browser.channels) {
      if (to !== this && to.name === this.name) {
        const messages = this.underWay.get(to) ?? [];
        this.underWay.set(to, messages);
        if (messages.push(structuredClone(message)) === 1) {
          this.deliver(to, messages);
        }
      }
    }
  }

  close(): void {
    this.browser.channels.delete(this);
  }

  private deliver(to: FakeChannel, messages: unknown[]): void {
    this.browser.later(() => {
      if (!to.tab.hears) {
        this.deliver(to, messages);
        return;
      }
      to.tab.hears--;
      const data = messages.shift() as never;
      if (messages.length) {
        this.deliver(to, messages);
      }
      if (this.browser.channels.has(to)) {
        to.onmessage?.({ data });
      }
    });
  }
}

/** One tab: its part of the platform can be taken away in the midst of anything, as when the browser ends it. */
export class FakeTab {
  client!: ClientView;
  isDead = false;
  /** How many messages reach it before the others stay on their way. */
  hears = Infinity;
  private readonly browser: FakeBrowser;
  private readonly channels: FakeChannel[] = [];
  private readonly databases: IDBDatabase[] = [];
  private readonly sockets: WebSocketLike[] = [];
  /** Without those that are over. */
  private readonly transactions = new Set<IDBTransaction>();

  constructor(browser: FakeBrowser) {
    this.browser = browser;
  }

  /** The tab is gone: nothing that it has begun goes on but what the database has got already, and its locks are free. */
  crash(): void {
    const { browser, transactions } = this;
    this.isDead = true;
    this.channels.forEach((channel) => channel.close());
    this.databases.forEach((database) => database.close());
    this.sockets.forEach((socket) => socket.close());
    [...transactions].slice(browser.random?.below(transactions.size + 1) ?? transactions.size).forEach((transaction) => {
      try {
        transaction.abort();
      } catch {
        // It was over, and nobody had been told yet.
      }
    });
    browser.later(() => browser.release(({ tab }) => tab === this));
  }

  platform(server: FakeServer): Pick<TabsOptions, 'indexedDB' | 'locks' | 'channel' | 'webSocket'> {
    const { browser, channels, databases, sockets, transactions } = this;
    const tab = this;
    const locks: TabLocks = {
      request: (name, { signal }, body) =>
        new Promise((resolve, reject) => {
          if (tab.isDead) {
            return;
          }
          const waiting: Waiting = {
            name,
            tab,
            granted: false,
            grant: () => {
              if (!waiting.granted) {
                waiting.granted = true;
                signal.removeEventListener('abort', abort);
                browser.later(() => {
                  if (!tab.isDead) {
                    void body().then(() => {
                      browser.release((each) => each === waiting);
                      resolve(undefined);
                    });
                  }
                });
              }
            },
          };
          const abort = (): void => {
            browser.release((each) => each === waiting);
            reject(new Error('AbortError'));
          };
          signal.addEventListener('abort', abort);
          browser.queue.push(waiting);
          browser.grant();
        }),
      query: () => new Promise((resolve) => browser.later(() => resolve({ held: browser.queue.filter(({ granted }) => granted) }))),
    };
    class Channel extends FakeChannel {
      constructor(name: string) {
        super(name, tab, browser);
        channels.push(this);
      }
    }
    const indexedDB = {
      open: (name: string, version: number) => {
        const request = browser.factory.open(name, version);
        request.addEventListener('success', () => {
          const { result } = request;
          databases.push(result);
          if (tab.isDead) {
            result.close();
          }
          const begin = result.transaction.bind(result);
          result.transaction = (...how) => {
            const transaction = begin(...how);
            transactions.add(transaction);
            transaction.addEventListener('complete', () => transactions.delete(transaction));
            transaction.addEventListener('abort', () => transactions.delete(transaction));
            return transaction;
          };
        });
        return request;
      },
    } as unknown as IDBFactory;
    class Socket extends server.webSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol);
        sockets.push(this);
        if (tab.isDead) {
          this.close();
        }
      }
    }
    return { indexedDB, locks, channel: Channel, webSocket: Socket };
  }
}
