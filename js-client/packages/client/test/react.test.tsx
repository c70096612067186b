// @vitest-environment happy-dom
import { act, StrictMode, type ReactNode } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { open, type Client, type ClientView, type OpenOptions } from '../src/index.ts';
import { useCounter, useDoc, useDocument, useFlag, useLag, usePending, usePreventUnload, useRegister, useRejections, useSet, useSyncStatus } from '../src/react.ts';
import { couldLose } from '../src/unload.ts';
import { MemoryStore } from '../src/memory-store.ts';
import { sessionOf, type ClientSession } from '../src/session-token.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';

const clients: ClientView[] = [];
const roots: Root[] = [];

beforeAll(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

afterEach(async () => {
  for (const root of roots.splice(0)) {
    await act(async () => root.unmount());
  }
  await Promise.all(clients.splice(0).map((client) => client.close()));
  vi.useRealTimers();
});

async function join(server: FakeServer, options: Partial<OpenOptions> = {}): Promise<Client> {
  const client = await open({ url: 'ws://test/sync', document: 'notes/1', webSocket: server.webSocket, ...options });
  clients.push(client);
  await quiet();
  return client;
}

async function render(node: ReactNode): Promise<HTMLElement> {
  const place = document.createElement('div');
  const root = createRoot(place);
  roots.push(root);
  await act(async () => root.render(<StrictMode>{node}</StrictMode>));
  return place;
}

test('a mount that React repeats opens one client, and unmounting closes it', async () => {
  const server = new FakeServer();
  const opened: Client[] = [];
  let opens = 0;
  function Page(): ReactNode {
    const { client } = useDocument(async () => {
      opens++;
      const made = await open({ url: 'ws://test/sync', document: 'notes/1', webSocket: server.webSocket });
      opened.push(made);
      return made;
    }, ['notes/1']);
    return client ? <Likes client={client} /> : 'opening';
  }
  const place = await render(<Page />);
  await act(quiet);
  expect(place.textContent).toBe('0');
  expect([opens, server.hellos]).toEqual([1, 1]);
  await act(async () => opened[0]!.document.counter('likes').increment(3));
  expect(place.textContent).toBe('3');
  await act(async () => roots.pop()!.unmount());
  await quiet();
  expect(opened[0]!.status.connection).toBe('closed');
});

test('another input opens another client, and the component never sees the one before it', async () => {
  const server = new FakeServer();
  const shown: string[] = [];
  const made: Client[] = [];
  function Page({ name }: { readonly name: string }): ReactNode {
    const { client } = useDocument(async () => {
      const client = await open({ url: 'ws://test/sync', document: name, webSocket: server.webSocket });
      made.push(client);
      return client;
    }, [name]);
    shown.push(`${name}:${client ? made.indexOf(client) : 'none'}`);
    return null;
  }
  const place = document.createElement('div');
  const root = createRoot(place);
  roots.push(root);
  await act(async () => root.render(<Page name="a" />));
  await act(quiet);
  await act(async () => root.render(<Page name="b" />));
  await act(quiet);
  expect(shown.at(-1)).toBe('b:1');
  expect(made.map(({ status }) => status.connection)).toEqual(['closed', 'connected']);
});

test('how late the other servers are renders when the server tells of another lag, and only then', async () => {
  const server = new FakeServer();
  const lagging = (millis: number): void => server.stand([[2, [[1, 0xfedcba987654n], [2, millis]]]]);
  const client = await join(server);
  const shown: string[] = [];
  function Lag({ session }: { readonly session: ClientSession }): ReactNode {
    const lag = useLag(session).map(({ origin, lagMillis }) => `${origin} ${lagMillis}`).join();
    shown.push(lag);
    return lag || 'alone';
  }
  const place = await render(<Lag session={sessionOf(client)} />);
  expect(place.textContent).toBe('alone');
  await act(async () => {
    lagging(20);
    await quiet();
  });
  expect(place.textContent).toBe('fedcba987654 20');
  const renders = shown.length;
  await act(async () => {
    await client.document.counter('likes').increment().durable;
    await quiet();
  });
  expect(shown.length).toBe(renders);
  await act(async () => {
    lagging(3_000);
    await quiet();
  });
  expect(place.textContent).toBe('fedcba987654 3000');
});

function Likes({ client }: { readonly client: ClientView }): ReactNode {
  return useCounter(client.document.counter('likes'));
}

test('what the hooks return is the same until it changes, so nothing renders that shows the same', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const renders: unknown[][] = [];
  function Page(): ReactNode {
    const { document } = client;
    renders.push([
      useDoc(document),
      useSet(document.set<string>('tags')),
      useRegister(document.register<string>('title')),
      useFlag(document.flag('open')),
      useRejections(client),
      usePending(client),
    ]);
    return null;
  }
  const place = document.createElement('div');
  const root = createRoot(place);
  roots.push(root);
  await act(async () => root.render(<Page />));
  await act(async () => client.document.set('tags').add('a').durable);
  await act(quiet);
  const before = renders.at(-1)!;
  expect(before).toEqual([{ tags: ['a'] }, ['a'], undefined, false, [], []]);
  const count = renders.length;
  await act(async () => client.document.counter('elsewhere').increment().durable);
  await act(quiet);
  expect(renders.length).toBeGreaterThan(count);
  const after = renders.at(-1)!;
  expect(after[0]).toEqual({ elsewhere: 1, tags: ['a'] });
  expect(after[1]).toBe(before[1]);
  expect(after[4]).toBe(before[4]);
});

test('what is pending says so until its verdict, and a refusal is on the list', async () => {
  const server = new FakeServer();
  server.deciding = false;
  server.validate = () => 'content-rejected';
  const client = await join(server);
  const tags = client.document.set<string>('tags');
  function Page(): ReactNode {
    const rejections = useRejections(client);
    const { sync } = useSyncStatus(client);
    return (
      <>
        {useSet(tags).map((tag) => <Tag key={tag} tag={tag} />)}|{usePending(client).length}|{sync}|{rejections.map(({ code }) => code)}
      </>
    );
  }
  function Tag({ tag }: { readonly tag: string }): ReactNode {
    return `${tag}${usePending(tags, tag) ? ' …' : ''}`;
  }
  const place = await render(<Page />);
  await act(async () => tags.add('mug'));
  await act(quiet);
  expect(place.textContent).toBe('mug …|1|synchronizing|');
  await act(async () => server.resume());
  await act(quiet);
  expect(place.textContent).toBe('|0|rejected|content-rejected');
  server.validate = () => '';
  await act(async () => client.rejections[0]!.retry());
  await act(quiet);
  expect(place.textContent).toBe('mug|0|synchronized|');
});

test('smoothly, what is saved within a second shows nothing, and what lasts shows until it can be read', async () => {
  const server = new FakeServer();
  const client = await join(server);
  vi.useFakeTimers();
  const Page = (): ReactNode => useSyncStatus(client, { smooth: true }).sync;
  const place = await render(<Page />);
  expect(place.textContent).toBe('synchronized');
  server.deciding = false;
  await act(async () => client.document.counter('likes').increment());
  await act(async () => vi.advanceTimersByTimeAsync(900));
  expect([client.status.sync, place.textContent]).toEqual(['synchronizing', 'synchronized']);
  await act(async () => vi.advanceTimersByTimeAsync(100));
  expect(place.textContent).toBe('synchronizing');
  await act(async () => server.resume());
  await act(async () => vi.advanceTimersByTimeAsync(400));
  expect([client.status.sync, place.textContent]).toEqual(['synchronized', 'synchronizing']);
  await act(async () => vi.advanceTimersByTimeAsync(100));
  expect(place.textContent).toBe('synchronized');
});

test('a page that a server has rendered is taken over without a difference', async () => {
  const server = new FakeServer();
  const client = await join(server);
  await client.document.counter('likes').increment(2).durable;
  const place = document.createElement('div');
  place.innerHTML = renderToString(<Likes client={client} />);
  expect(place.textContent).toBe('2');
  const mistakes: unknown[] = [];
  await act(async () => roots.push(hydrateRoot(place, <Likes client={client} />, { onRecoverableError: (error) => mistakes.push(error) })));
  expect(mistakes).toEqual([]);
  await act(async () => client.document.counter('likes').increment());
  expect(place.textContent).toBe('3');
});

test('leaving the page asks only while something could be lost', async () => {
  const server = new FakeServer();
  const stored = await join(server, { store: new MemoryStore() });
  const unstored = await join(server, { document: 'notes/2' });
  const Page = ({ client }: { readonly client: ClientView }): ReactNode => {
    usePreventUnload(client);
    return null;
  };
  const leave = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  await render(<Page client={stored} />);
  await render(<Page client={unstored} />);
  server.deciding = false;
  expect(leave()).toBe(false);
  await act(async () => stored.document.counter('likes').increment().savedLocally);
  expect([couldLose(stored), leave()]).toEqual([false, false]);
  await act(async () => unstored.document.counter('likes').increment().savedLocally);
  expect([couldLose(unstored), leave()]).toEqual([true, true]);
  await act(async () => server.resume());
  await act(quiet);
  expect(leave()).toBe(false);
});
