export { FakeServer, type SubmittedChange, type SubmittedWrite } from './testing-server.ts';
export { settle, VirtualClock } from './testing-clock.ts';
