// Lights up for a moment what has changed without a hand in this window: others, or a refusal.

const GLOW = [{ boxShadow: '0 0 0 3px var(--glow)' }, { boxShadow: '0 0 0 3px transparent' }];

export function showTouched(client) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  client.document.onChange(({ origin, changes }) => {
    if (origin !== 'remote' || calm.matches) return;
    for (const name of new Set(changes.map(({ path }) => path[0]))) {
      document.querySelector(`[data-object="${CSS.escape(name)}"]`)?.animate(GLOW, { duration: 900, easing: 'ease-out' });
    }
  });
}
