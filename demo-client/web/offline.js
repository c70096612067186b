// Has the service worker keep the page's own files, so that a reload works without the server.

export async function keepPage() {
  // Only on https and on this machine; elsewhere the page works as long as it stays open.
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('sw.js');
  const { active } = await navigator.serviceWorker.ready;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => document.documentElement.setAttribute('data-offline-ready', '');
  // The first load happened before the worker was in charge.
  const used = performance.getEntriesByType('resource').map((entry) => entry.name);
  active.postMessage({ keep: used }, [channel.port2]);
}
