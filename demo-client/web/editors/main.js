// The editors page: two stock editors on one document, each with its stock provider, and the document as the server has it.
import { keepPage } from '../offline.js';
import { openPage } from '../pages.js';
import { me, showPeople } from '../people.js';
import { openCode } from './code.js';
import { everybody } from './everybody.js';
import { openProse } from './prose.js';
import { showServed } from './served.js';
import { showStatus } from './status.js';

const name = openPage();
const user = { ...me(), window: crypto.randomUUID() };

const code = await openCode(name, user);
const prose = openProse(name, user);
showStatus([code, prose]);
showPeople(everybody([code, prose], user));
showServed(name, [code, prose]);
// For the curious, in the console, and for tests.
window.rejoin = { code, prose };
await keepPage();
