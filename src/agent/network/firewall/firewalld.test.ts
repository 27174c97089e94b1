import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFirewalld } from './firewalld.ts';
import type { Exec } from '../ports.ts';

/** firewalld's two chains, as `nft -a list chain` shows them. */
const host = (chains: Record<string, string[]> | undefined) => {
  const scripts: string[] = [];
  const exec: Exec = async (_command, args, options) => {
    const done = { code: 0, stdout: '', stderr: '' };
    if (args[0] === '-f') {
      scripts.push(options?.input ?? '');
      return done;
    }
    const lines = chains?.[args.at(-1) ?? ''];
    if (lines === undefined) return { ...done, code: 1 };
    return { ...done, stdout: lines.map((line, index) => `\t\t${line} # handle ${index + 7}`).join('\n') };
  };
  return { firewalld: createFirewalld(exec), scripts };
};
const ours = (count: number): string[] => Array.from({ length: count }, () => 'udp dport 53 accept comment "tutti"');

test('its chains get what is missing, whole, and what is there stays', async () => {
  const fresh = host({ filter_INPUT: ['tcp dport 22 accept'], filter_FORWARD: [] });
  assert.equal(await fresh.firewalld.ensure(), 'mended');
  const lines = fresh.scripts.join('').trim().split('\n');
  assert.ok(lines.includes('insert rule inet firewalld filter_INPUT udp dport { 4797, 4798 } accept comment "tutti"'));
  assert.equal(lines.filter((line) => line.startsWith('delete')).length, 0);
  const kept = host({ filter_INPUT: ours(4), filter_FORWARD: ours(3) });
  assert.equal(await kept.firewalld.ensure(), 'kept');
  assert.deepEqual(kept.scripts, []);
  const half = host({ filter_INPUT: ours(4), filter_FORWARD: ours(1) });
  assert.equal(await half.firewalld.ensure(), 'mended');
  assert.match(half.scripts[0] ?? '', /^delete rule inet firewalld filter_FORWARD handle 7\n/);
});

test('ours are taken out again, and where there is no firewalld nothing is done', async () => {
  const none = host(undefined);
  assert.equal(await none.firewalld.ensure(), 'absent');
  await none.firewalld.clear();
  assert.deepEqual(none.scripts, []);
  const there = host({ filter_INPUT: ['tcp dport 22 accept', ...ours(1)], filter_FORWARD: [] });
  await there.firewalld.clear();
  assert.deepEqual(there.scripts, ['delete rule inet firewalld filter_INPUT handle 8\n']);
});
