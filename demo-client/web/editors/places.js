// How a user looks to others, and buttons that leave the keyboard to the editor.

/** What an editor shows of this window to the others; both editors know these names. */
export const shownAs = ({ name, colour, window }) => ({ name, color: colour, colorLight: `${colour}40`, window });

/** Has a button do something in an editor without taking the keyboard from it. */
export function onPress(id, action) {
  const button = document.getElementById(id);
  button.addEventListener('mousedown', (event) => event.preventDefault());
  button.addEventListener('click', action);
  return button;
}
