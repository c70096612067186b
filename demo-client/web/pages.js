// The document that a page shows, and the ways from page to page that lead to the same document.

/** The name of the document, also put where the page shows it and into the links of the page. */
export function nameDocument() {
  const given = new URLSearchParams(location.search).get('document');
  const name = given ?? 'notes/1';
  document.getElementById('document-name').textContent = name;
  document.getElementById('second-window').href = `?document=${encodeURIComponent(name)}`;
  if (given !== null) {
    for (const link of document.querySelectorAll('.pages a')) link.search = `?document=${encodeURIComponent(name)}`;
  }
  return name;
}
