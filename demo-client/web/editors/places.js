// Where the server is, and how a user looks to others.

/** The address of a WebSocket on the server that this page comes from. */
export function socketAt(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** What an editor shows of this window to the others; both editors know these names. */
export const shownAs = ({ name, colour, window }) => ({ name, color: colour, colorLight: `${colour}40`, window });

/** Has a button do something in an editor without taking the keyboard from it. */
export function onPress(id, action) {
  const button = document.getElementById(id);
  button.addEventListener('mousedown', (event) => event.preventDefault());
  button.addEventListener('click', action);
  return button;
}
