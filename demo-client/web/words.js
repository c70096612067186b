// What the page says about the life of a change and about what a change wants.

const STATES = {
  local: 'On screen',
  'saved-locally': 'On this device',
  sent: 'On its way',
  accepted: 'On its way',
  durable: 'Saved',
  rejected: 'Not accepted',
};

const SIGNS = { local: '⏳', 'saved-locally': '⏳', sent: '⟳', accepted: '⟳', durable: '✓', rejected: '✕' };

/** A sign for the state of a write, for the eye only. */
export const signOf = (state) => SIGNS[state];

/** The words for the state of a write. */
export function stateOf(write) {
  return STATES[write.state];
}

/** A write's typed changes in plain words. */
export function describe(mutations) {
  return mutations.map(describeOne).join(', ');
}

function describeOne({ path, op, value }) {
  switch (`${path.join('/')} ${op}`) {
    case 'likes increment':
      return value > 0 ? `Likes +${value}` : `Likes −${-value}`;
    case 'likes reset':
      return 'Likes reset';
    case 'tags add':
      return `Tag “${value}” added`;
    case 'tags remove':
      return `Tag “${value}” removed`;
    case 'guests increment':
      return value > 0 ? `Guests +${value}` : `Guests −${-value}`;
    case 'items add':
      return `“${value}” added`;
    case 'items remove':
      return `“${value}” taken off`;
    case 'title set':
      return value === '' ? 'Title emptied' : `Title “${value}”`;
    default:
      return `${path.join('/')}: ${op}`;
  }
}

/** Shows how far a write has come in a badge while it is on its way, or hides the badge. */
export function showBadge(badge, write, what = '') {
  badge.hidden = !write;
  if (!write) return;
  badge.dataset.state = write.state;
  const text = what ? `${what} · ${stateOf(write)}` : stateOf(write);
  if (badge.textContent !== text) badge.textContent = text;
}
