import { IDBFactory } from 'fake-indexeddb';
import type { WebSocketLike } from '../src/index.ts';
import type { ChannelLike } from '../src/tab-messages.ts';
import { openTabs, type TabLocks, type TabsOptions } from '../src/tabs.ts';
import type { ClientView } from '../src/index.ts';
import type { FakeServer } from '../src/testing.ts';

interface Waiting {
  readonly name: string;
  readonly tab: FakeTab;
  grant(): void;
}

/** What the tabs of one browser share: the database and the locks. */
export class FakeBrowser {
  readonly factory = new IDBFactory();
  readonly tabs: FakeTab[] = [];
  readonly queue: Waiting[] = [];

  async open(server: FakeServer, options: Partial<TabsOptions> = {}): Promise<FakeTab> {
    const tab = new FakeTab(this);
    this.tabs.push(tab);
    tab.client = await openTabs({ url: 'ws://test/sync', document: 'notes/1', ...tab.platform(server), ...options });
    return tab;
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
      await tab.client?.close();
      tab.crash();
    }
  }
}

/** One tab: its part of the platform can be taken away in the midst of anything, as when the browser ends it. */
export class FakeTab {
  client!: ClientView;
  isDead = false;
  private readonly browser: FakeBrowser;
  private readonly channels: BroadcastChannel[] = [];
  private readonly databases: IDBDatabase[] = [];
  private readonly sockets: WebSocketLike[] = [];

  constructor(browser: FakeBrowser) {
    this.browser = browser;
  }

  /** The tab is gone: nothing that it has begun goes on, and its locks are free. */
  crash(): void {
    this.isDead = true;
    this.channels.forEach((channel) => channel.close());
    this.databases.forEach((database) => database.close());
    this.sockets.forEach((socket) => socket.close());
    this.browser.release(({ tab }) => tab === this);
  }

  platform(server: FakeServer): Pick<TabsOptions, 'indexedDB' | 'locks' | 'channel' | 'webSocket'> {
    const { browser, channels, databases, sockets } = this;
    const tab = this;
    const locks: TabLocks = {
      request: (name, { signal }, body) =>
        new Promise((resolve, reject) => {
          let granted = false;
          const waiting: Waiting = {
            name,
            tab,
            grant: () => {
              if (!granted) {
                granted = true;
                queueMicrotask(() => {
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
          signal.addEventListener('abort', () => {
            if (!granted) {
              browser.release((each) => each === waiting);
              reject(new Error('AbortError'));
            }
          });
          browser.queue.push(waiting);
          browser.grant();
        }),
    };
    class Channel extends BroadcastChannel {
      constructor(name: string) {
        super(name);
        channels.push(this);
      }

      override postMessage(message: unknown): void {
        if (!tab.isDead) {
          super.postMessage(message);
        }
      }
    }
    const indexedDB = {
      open: (name: string, version: number) => {
        const request = browser.factory.open(name, version);
        request.addEventListener('success', () => {
          databases.push(request.result);
          if (tab.isDead) {
            request.result.close();
          }
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
    return { indexedDB, locks, channel: Channel as unknown as new (name: string) => ChannelLike, webSocket: Socket };
  }
}
