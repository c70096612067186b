// What lies between the servers, and whether server A runs. The page asks for it in a document of its own, and the program that runs both
// servers obeys; see Stage.java.
import { socketAt } from '../pages.js';
import { open } from '../rejoin.js';

const DOCUMENT = 'demo/stage';
const UP = 'up';

export async function openStage() {
  const client = await open({ url: socketAt('/sync'), document: DOCUMENT });
  const delay = client.document.register('delay');
  const cut = client.document.register('cut');
  const power = client.document.register('power');
  const revoked = client.document.register('revoked');
  const bot = client.document.register('bot');
  const neighbour = client.document.register('neighbour');
  const now = () => neighbour.value ?? { state: 'starting' };

  const show = () => {
    const state = document.getElementById('link-state');
    const line = document.getElementById('link-status');
    const { state: power } = now();
    const text = power === 'starting' ? 'Starting server A' : power !== UP ? 'Server A is dead' : cut.value ? 'The link is cut' : 'Connected';
    state.dataset.tone = text === 'Connected' ? 'good' : power === 'starting' ? 'wait' : 'bad';
    if (line.textContent !== text) line.textContent = text;
    const button = document.getElementById('power');
    button.disabled = power === 'starting';
    button.textContent = power === 'down' ? 'Start server A' : 'Kill server A';
    document.getElementById('delay').value = String(delay.value ?? 0);
    document.getElementById('cut').checked = cut.value === true;
    document.getElementById('bot').textContent = bot.value ? 'Stop Java' : 'Let Java write at B';
    document.getElementById('revoke').textContent = revoked.value ? 'Allow writing at B again' : 'Revoke writing at B';
  };
  client.document.subscribe(show);
  show();

  return {
    /** Milliseconds that changes take between the servers. */
    delay: () => delay.value ?? 0,
    /** Asks for what the buttons ask for. */
    want: (what, value) => client.document.register(what).set(value),
    /** Whether changes get through. */
    isOpen: () => now().state === UP && cut.value !== true,
    /** The address of server A, once it has started; it keeps it over a kill. */
    neighbour: () =>
      new Promise((resolve) => {
        const look = () => {
          if (now().address && now().state !== 'starting') resolve(new URL(now().address));
        };
        client.document.subscribe(look);
        power.set('on');
        look();
      }),
    obeyButtons(name) {
      document.getElementById('delay').addEventListener('change', (event) => delay.set(Number(event.target.value)));
      document.getElementById('cut').addEventListener('change', (event) => cut.set(event.target.checked));
      document.getElementById('power').addEventListener('click', () => power.set(now().state === UP ? 'off' : 'on'));
      document.getElementById('bot').addEventListener('click', () => (bot.value ? bot.clear() : bot.set(name)));
      document.getElementById('revoke').addEventListener('click', () => revoked.set(revoked.value !== true));
      document.getElementById('delete').addEventListener('click', () => fetch(pathOf(name), { method: 'DELETE' }));
    },
  };
}

/** Where a document is over HTTP, at any server. */
export const pathOf = (name) => `/v1/documents/${name.split('/').map(encodeURIComponent).join('/')}`;
