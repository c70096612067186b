// The document that a page shows, and the ways from page to page that lead to the same document.

/** The name of the document, also put where the page shows it and into the links of the page. */
export function nameDocument() {
  const given = new URLSearchParams(location.search).get('document');
  const name = given ?? 'notes/1';
  document.getElementById('document-name').textContent = name;
  for (const link of document.querySelectorAll('#second-window')) link.search = `?document=${encodeURIComponent(name)}`;
  if (given !== null) {
    for (const link of document.querySelectorAll('.pages a')) link.search = `?document=${encodeURIComponent(name)}`;
  }
  return name;
}

/** The address of a WebSocket on the server that this page comes from. */
export function socketAt(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
