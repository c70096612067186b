import { chromium } from 'playwright-core';
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu'] });
const out = process.argv[3] ?? '/tmp/nb/shots';
const url = process.argv[2];
const ctx = [await b.newContext({viewport:{width:1200,height:860}}), await b.newContext({viewport:{width:1200,height:860}})];
const [a, c] = [await ctx[0].newPage(), await ctx[1].newPage()];
for (const p of [a,c]) { p.on('pageerror', e => console.log('ERR', e.stack)); p.on('console', m => m.type()==='error' && console.log('CON', m.text())); await p.goto(url); await p.waitForFunction(() => window.rejoin); }
await a.waitForTimeout(500);
const shot = async (p, name, width, scheme) => { await p.setViewportSize({width, height:860}); await p.emulateMedia({colorScheme: scheme}); await p.waitForTimeout(150); await p.screenshot({path: `${out}/${name}.png`, fullPage: true}); };
await shot(a, '0-empty', 1200, 'light');
await shot(a, '0-empty-phone', 390, 'dark');
await a.setViewportSize({width:1200,height:860});
await a.fill('#title', 'Groceries for the long weekend'); await a.press('#title', 'Enter');
for (const t of ['bread','milk','olive oil','a rather long tag that somebody typed','日本語']) { await c.fill('#tag', t); await c.press('#tag', 'Enter'); }
for (let i=0;i<7;i++) await a.click('#likes-plus');
await a.fill('#tag', 'forbidden'); await a.press('#tag', 'Enter');
await a.waitForTimeout(600);
await shot(a, '1-live', 1200, 'light');
await shot(a, '1-live-dark', 1200, 'dark');
await a.evaluate(() => window.rejoin.goOffline && document.getElementById('offline').click());
await a.click('#likes-plus'); await a.fill('#tag', 'written offline'); await a.press('#tag', 'Enter'); await a.fill('#title','Groceries, and a few more'); await a.press('#title','Enter');
await a.waitForTimeout(400);
await shot(a, '2-offline', 1200, 'light');
await shot(a, '2-offline-phone', 390, 'light');
await shot(a, '2-offline-phone-dark', 390, 'dark');
await shot(a, '2-offline-tablet', 760, 'light');
await b.close();
