// Who else is here. Everybody gets a name and a colour of their own for as long as the tab is open.

const NAMES = ['Ada', 'Alan', 'Barbara', 'Donald', 'Edsger', 'Frances', 'Grace', 'Ken', 'Leslie', 'Lynn', 'Margaret', 'Radia'];
const COLOURS = ['#2a6556', '#8a4b08', '#6a3d9a', '#a1282a', '#1f5fa8', '#6b6b00', '#9c2f6d', '#3d5a45'];

const pick = (list) => list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];

export function showPeople(client) {
  const list = document.getElementById('people');
  client.presence = { name: pick(NAMES), colour: pick(COLOURS) };

  const circle = (person, isSelf) => {
    const item = document.createElement('li');
    const name = typeof person?.name === 'string' ? person.name.slice(0, 24) : 'Somebody';
    // what others send is only ever text, and a colour only if it looks like one
    item.textContent = name.slice(0, 2);
    item.title = isSelf ? `${name} (you)` : name;
    item.setAttribute('aria-label', item.title);
    item.style.background = /^#[0-9a-f]{6}$/i.test(person?.colour) ? person.colour : '#5b6468';
    item.toggleAttribute('data-self', isSelf);
    return item;
  };
  const show = () => {
    const others = [...client.presences.values()].map((person) => circle(person, false));
    list.replaceChildren(circle(client.presence, true), ...others);
  };
  client.onPresence(show);
  show();
}
