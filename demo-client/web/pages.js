// The head of every page: the name of the document that it shows, and the ways from page to page that lead to the same document.

const PAGES = { './': 'Objects', 'editors.html': 'Editors', 'servers.html': 'Two servers' };
const USUAL = 'notes/1';

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Fills the head of the page, and the links of the page to itself; answers the name of the document. */
export function openPage() {
  const given = new URLSearchParams(location.search).get('document');
  const name = given ?? USUAL;
  const here = location.pathname.replace(/.*\//, '') || './';
  const ways = make('nav', { className: 'pages', ariaLabel: 'Pages' });
  for (const [href, title] of Object.entries(PAGES)) {
    const way = make('a', { href, ariaCurrent: href === here.replace('index.html', './') ? 'page' : null }, title);
    if (given !== null) way.search = `?document=${encodeURIComponent(name)}`;
    ways.append(way);
  }
  const top = document.getElementById('top');
  top.replaceChildren(
    make('div', { className: 'brand' }, make('img', { src: 'icon.svg', alt: '', width: 28, height: 28 }), make('strong', {}, 'Rejoin'), ' ', make('code', { id: 'document-name', title: 'Name of the shared document' }, name)),
    ways,
  );
  if ('people' in top.dataset) {
    const news = make('p', { id: 'people-news', className: 'unseen', role: 'status' });
    top.append(make('ul', { id: 'people', className: 'people', ariaLabel: 'People in this document' }), news);
  }
  for (const link of document.querySelectorAll('#second-window')) link.search = `?document=${encodeURIComponent(name)}`;
  return name;
}

/** The address of a WebSocket on the server that this page comes from. */
export function socketAt(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
