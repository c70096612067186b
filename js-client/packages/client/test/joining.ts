import { open, type Client, type OpenOptions } from '../src/index.ts';
import { settle as quiet, type FakeServer } from '../src/testing.ts';

const clients: Client[] = [];

/** A client of the tests' document, connected unless it is to be offline; {@link closeAll} closes it. */
export async function join(server: FakeServer, options: Partial<OpenOptions> = {}): Promise<Client> {
  const client = await open({ url: 'ws://test/sync', document: 'notes/1', webSocket: server.webSocket, ...options });
  clients.push(client);
  await quiet();
  return client;
}

/** For the end of each test. */
export async function closeAll(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}
