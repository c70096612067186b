// Who is here. A window gets a name and a colour at random and keeps them while it is open.

const COLOURS = { Green: '#2a6556', Amber: '#8a4b08', Violet: '#6a3d9a', Red: '#a1282a', Blue: '#1f5fa8', Olive: '#66660a', Pink: '#9c2f6d', Grey: '#4e5a60' };
const ANIMALS = ['Badger', 'Crane', 'Dormouse', 'Finch', 'Gecko', 'Heron', 'Ibex', 'Jay', 'Lynx', 'Marten', 'Newt', 'Otter', 'Puffin', 'Raven', 'Stoat', 'Wren'];
const ME = 'rejoin-demo:me';
const MOST = 6;

const pick = (list) => list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];

/** The name and the colour of this window. */
export function me() {
  const kept = JSON.parse(sessionStorage.getItem(ME));
  if (kept) return kept;
  const colour = pick(Object.keys(COLOURS));
  const fresh = { name: `${colour} ${pick(ANIMALS)}`, colour: COLOURS[colour] };
  sessionStorage.setItem(ME, JSON.stringify(fresh));
  return fresh;
}

// What others send is only ever shown as text, and as a colour only if it looks like one.
const nameOf = (person) => (typeof person?.name === 'string' && person.name.trim() ? person.name.trim().slice(0, 24) : 'Somebody');
const colourOf = (person) => (/^#[0-9a-f]{6}$/i.test(person?.colour) ? person.colour : COLOURS.Grey);
const initialsOf = (name) => name.split(/\s+/).slice(0, 2).map((word) => [...word][0]).join('');

/** Shows this window, then the others, a map by whatever tells them apart. */
export function showPeople({ own, others, isConnected, onChange }) {
  const list = document.getElementById('people');
  const news = document.getElementById('people-news');
  let before = new Map();

  const chip = (person, isSelf) => {
    const item = document.createElement('li');
    const circle = document.createElement('span');
    circle.className = 'circle';
    circle.setAttribute('aria-hidden', 'true');
    circle.style.background = colourOf(person);
    circle.textContent = initialsOf(nameOf(person));
    item.append(circle, isSelf ? `${nameOf(person)} (you)` : nameOf(person));
    return item;
  };
  const more = (number) => {
    const item = document.createElement('li');
    item.textContent = `and ${number} more`;
    return item;
  };
  const tell = (now) => {
    const came = [...now].filter(([session]) => !before.has(session)).map(([, person]) => `${nameOf(person)} is here.`);
    const left = [...before].filter(([session]) => !now.has(session)).map(([, person]) => `${nameOf(person)} has left.`);
    // Who goes offline loses sight of everybody; nobody has left.
    if (isConnected()) news.textContent = [...came, ...left].join(' ');
    before = now;
  };
  const show = () => {
    const now = new Map(others());
    const people = [...now.values()];
    list.replaceChildren(
      chip(own, true),
      ...people.slice(0, MOST).map((person) => chip(person, false)),
      ...(people.length > MOST ? [more(people.length - MOST)] : []),
    );
    tell(now);
  };
  onChange(show);
  show();
}
