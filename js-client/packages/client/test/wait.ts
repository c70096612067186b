/** How long a test waits for what is sure to come: vi.waitFor gives up after a second otherwise, which a machine with other work may take. */
export const WAIT = { timeout: 60_000 };
