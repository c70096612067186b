// A page as an application writes it: React in StrictMode, hooks, and one connection for all tabs of the browser.
import { openTabs } from '@rejoin/client/tabs';
import { useCounter, useDocument, usePending, usePreventUnload, useRejections, useSet, useSyncStatus } from '@rejoin/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const DOCUMENT = 'lists/shared';
window.opens = 0;
window.sockets = 0;
window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    window.sockets++;
  }
};

function Page() {
  const { client, error } = useDocument(() => {
    window.opens++;
    return openTabs({ url: `ws://${location.host}/sync`, document: DOCUMENT });
  }, [DOCUMENT]);
  return error ? <p id="error">{String(error)}</p> : client ? <List client={client} /> : <p>Opening</p>;
}

function List({ client }) {
  const items = client.document.set('items');
  usePreventUnload(client);
  // For the test.
  window.rejoin = client;
  return (
    <>
      <p role="status" id="status">{useSyncStatus(client).sync}</p>
      <p id="count">{useCounter(client.document.counter('count'))}</p>
      <ul>{useSet(items).map((item) => <Item key={item} items={items} item={item} />)}</ul>
      <ul id="rejections">{useRejections(client).map(({ id, code }) => <li key={id}>{code}</li>)}</ul>
      <button onClick={() => client.transact(() => add(client, `clicked ${items.size}`))}>Add</button>
    </>
  );
}

function Item({ items, item }) {
  return <li data-item={item} data-pending={usePending(items, item) ? '' : undefined}>{item}</li>;
}

/** One write: an element that is there once however often it arrives, and an amount that is not. */
function add(client, item) {
  client.document.set('items').add(item);
  client.document.counter('count').increment();
}
window.add = (item) => window.rejoin.transact(() => add(window.rejoin, item));

createRoot(document.getElementById('page')).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
