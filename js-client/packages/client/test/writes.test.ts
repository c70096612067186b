import { expect, test, vi } from 'vitest';
import { open } from '../src/index.ts';
import { exportJson, retryClass } from '../src/writes.ts';
import { FakeServer } from '../src/testing.ts';
import { WAIT } from './wait.ts';

test('what was rejected can be kept as JSON, whatever it holds', async () => {
  const server = new FakeServer();
  server.validate = () => 'content-rejected';
  const client = await open({ url: 'ws://test/sync', document: 'd', webSocket: server.webSocket });
  client.transact((document) => {
    document.set('s').add('a "quoted" word');
    document.map('m').register('r').set({ bytes: Uint8Array.of(1, 2), all: [null, true, 1.5, 2n ** 60n, -0, NaN, -Infinity] });
  });
  await vi.waitFor(() => expect(client.rejections).toHaveLength(1), WAIT);
  const { id, message } = client.rejections[0]!;
  expect(exportJson(client)).toBe(
    `[{"id":${JSON.stringify(id)},"code":"content-rejected","message":${JSON.stringify(message)},"mutations":[[["s"],"set","add","a \\"quoted\\" word"],` +
      `[["m","r"],"register","set",{"all":[null,true,1.5,${2n ** 60n},-0.0,{"$double":"NaN"},{"$double":"-Infinity"}],"bytes":{"$bytes":"AQI="}}]]}]`,
  );
  client.rejections[0]!.discard();
  expect(exportJson(client)).toBe('[]');
  await client.close();
});

test('codes that nobody knows are about what was written', () => {
  expect([retryClass('clock-skew'), retryClass('read-only'), retryClass('content-rejected'), retryClass('no-such-tag')]).toEqual([
    'at-once',
    'never',
    'after-edit',
    'after-edit',
  ]);
});
