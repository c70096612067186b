// Who is here: both editors of a window say so, and the window counts once.

/** What the list of people shows, from the awareness of the editors. */
export function everybody(editors, user) {
  const others = () => {
    const people = new Map();
    for (const { awareness } of editors) {
      for (const state of awareness.getStates().values()) {
        const { name, color, window } = state.user ?? {};
        if (typeof window === 'string' && window !== user.window) people.set(window, { name, colour: color });
      }
    }
    return people;
  };
  return {
    own: user,
    others,
    isConnected: () => editors.some(({ status }) => status.connected),
    onChange: (listener) => editors.forEach(({ awareness }) => awareness.on('change', listener)),
  };
}
