import { afterEach, expect, test } from 'vitest';
import { MemoryStore, open, type Client } from '../src/index.ts';
import { FakeServer, settle, VirtualClock } from '../src/testing.ts';

const clients: Client[] = [];
const clock = new VirtualClock();

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  clock.uninstall();
});

async function join(server: FakeServer): Promise<Client> {
  const client = await open({ url: 'ws://test/sync', document: 'a', webSocket: server.webSocket, store: new MemoryStore() });
  clients.push(client);
  await settle();
  return client;
}

test('writes wait while the server holds them, and are decided one by one', async () => {
  const server = new FakeServer();
  const { document } = await join(server);
  server.hold();
  const [one, two, three] = ['one', 'two', 'three'].map((name) => document.set('items').add(name));
  await settle();
  expect([one!.state, two!.state, three!.state, server.waiting]).toEqual(['sent', 'sent', 'sent', 3]);
  server.decide();
  server.decide(1, 'content-rejected');
  await settle();
  expect([one!.state, two!.state, three!.state, server.waiting]).toEqual(['durable', 'rejected', 'sent', 1]);
  server.resume();
  await settle();
  expect(document.set('items').values).toEqual(['one', 'three']);
});

test('a rule sees what a write puts where', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const seen: unknown[] = [];
  server.validate = ({ changes }) => {
    seen.push(...changes);
    return '';
  };
  client.transact((document) => {
    document.map('m').register('title').set('hello');
    document.counter('likes').decrement(2);
  });
  await settle();
  expect(seen).toEqual([
    { path: ['likes'], type: 'counter', value: -2 },
    { path: ['m', 'title'], type: 'register', value: 'hello' },
  ]);
});

test('what was under way when the server went is sent again and counts once, whether or not it had been decided', async () => {
  for (const decided of [true, false]) {
    const server = new FakeServer();
    clock.install();
    const client = await join(server);
    server.hold();
    const write = client.document.counter('likes').increment(5);
    await settle();
    server.loses = 'answers';
    if (decided) {
      server.decide();
    }
    server.lose();
    server.cut();
    server.loses = 'nothing';
    server.resume();
    await clock.advance(60_000);
    expect(write.state).toBe('durable');
    expect(server.document.counter('likes').value).toBe(5);
    clock.uninstall();
  }
});

test('a network that loses everything is noticed by a client whose socket stays open, after virtual seconds', async () => {
  const server = new FakeServer();
  clock.install();
  const client = await join(server);
  server.loses = 'both';
  const write = client.document.counter('likes').increment();
  await clock.advance(20_000);
  expect(client.status).toMatchObject({ connection: 'connected', sync: 'synchronizing' });
  await clock.advance(10_000);
  expect(client.status).toMatchObject({ sync: 'offline-pending' });
  server.loses = 'nothing';
  await clock.advance(60_000);
  expect([write.state, client.status.connection]).toEqual(['durable', 'connected']);
});

test('what somebody else writes reaches every client', async () => {
  const server = new FakeServer();
  const [a, b] = [await join(server), await join(server)];
  await a.document.set('items').add('one').durable;
  server.write((document) => {
    document.set('items').remove('one');
    document.set('items').add('two');
  });
  await settle();
  for (const { document } of [a, b, server]) {
    expect(document.set('items').values).toEqual(['two']);
  }
});

test('virtual timers run in the order in which they are due, also those that a timer begins', async () => {
  clock.install();
  const ran: string[] = [];
  const start = Date.now();
  setTimeout(() => ran.push(`b ${Date.now() - start}`), 20);
  setTimeout(() => {
    ran.push(`a ${Date.now() - start}`);
    setTimeout(() => ran.push(`c ${Date.now() - start}`), 15);
  }, 10);
  const never = setTimeout(() => ran.push('never'), 12);
  clearTimeout(never);
  await clock.advance(24);
  expect(ran).toEqual(['a 10', 'b 20']);
  await clock.advance(1);
  expect(ran).toEqual(['a 10', 'b 20', 'c 25']);
});
