// How a Java program joins this document.

const USUAL = { name: 'notes/1', address: 'ws://127.0.0.1:8080/sync' };

export function showCompanion(name, address) {
  const local = address.replace('//localhost:', '//127.0.0.1:');
  const quoted = /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
  const elsewhere = local === USUAL.address ? '' : ` ${local}`;
  if (elsewhere || name !== USUAL.name) {
    document.getElementById('companion-command').textContent += ` ${quoted}${elsewhere}`;
  }
}
