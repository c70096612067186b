// What the page says about the life of a write and about what a write wants.

const STATES = {
  local: 'On screen',
  'saved-locally': 'Saved on this device',
  sent: 'Sending',
  accepted: 'Sending',
  durable: 'Saved',
};

/** The words for the state of a write. */
export function stateOf(write) {
  return write.state === 'rejected' ? `Not accepted: ${write.rejection?.message || write.rejection?.code}` : STATES[write.state];
}

/** A write's typed changes in plain words. */
export function describe(mutations) {
  return mutations.map(describeOne).join(', ');
}

function describeOne({ path, op, value }) {
  switch (`${path.join('/')} ${op}`) {
    case 'likes increment':
      return value > 0 ? `likes +${value}` : `likes −${-value}`;
    case 'likes reset':
      return 'likes reset';
    case 'tags add':
      return `tag “${value}” added`;
    case 'tags remove':
      return `tag “${value}” removed`;
    case 'title set':
      return `title “${value}”`;
    default:
      return `${path.join('/')}: ${op}`;
  }
}

/** Shows a write's state in a badge while it is on its way, or hides the badge. */
export function showBadge(badge, write) {
  badge.hidden = !write;
  if (!write) return;
  badge.dataset.state = write.state;
  badge.textContent = stateOf(write);
}
