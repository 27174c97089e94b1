import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createFirewall, hooks } from './firewall.ts';
import type { Exec } from '../ports.ts';

/** iptables with these lines; keeps what it is told to restore. */
function fake(...lines: readonly string[]): { exec: Exec; restored: string[] } {
  const restored: string[] = [];
  const exec: Exec = async (command, _, options) => {
    if (command === 'iptables-restore') restored.push(options?.input ?? '');
    return { code: 0, stdout: lines.join('\n'), stderr: '' };
  };
  return { exec, restored };
}

const [user, input] = hooks;
const empty = ['-P INPUT ACCEPT', '-P FORWARD DROP', '-N DOCKER-USER', '-A DOCKER-USER -j RETURN'];
const end = '-A DOCKER-USER -j RETURN';
const jump = '-A DOCKER-USER -j TUTTI';
const whole = (...userRules: readonly string[]): string[] => [
  '-P INPUT ACCEPT',
  '-P FORWARD DROP',
  '-N DOCKER-USER',
  '-N TUTTI',
  '-N TUTTI-INPUT',
  '-A INPUT -j TUTTI-INPUT',
  ...userRules,
  ...user.rules,
  ...input.rules,
];

suite('rules in chains of others', () => {
  test('are put first, before what is there', async () => {
    const { exec, restored } = fake(...empty);
    assert.equal(await createFirewall(exec).ensure(), 'mended');
    assert.ok(restored[0]?.includes('-I DOCKER-USER 1 -j TUTTI\n'));
    assert.ok(restored[0]?.includes('-I INPUT 1 -j TUTTI-INPUT\n'));
  });

  test('are left alone while they are right', async () => {
    const { exec, restored } = fake(...whole(jump, end));
    assert.equal(await createFirewall(exec).ensure(), 'kept');
    assert.deepEqual(restored, []);
  });

  test('may come after what people put before them, if not after the end', async () => {
    const before = fake(...whole('-A DOCKER-USER -s 192.0.2.66/32 -j DROP', jump, end));
    assert.equal(await createFirewall(before.exec).ensure(), 'kept');
    const after = fake(...whole(end, jump));
    assert.equal(await createFirewall(after.exec).ensure(), 'mended');
    assert.ok(after.restored[0]?.includes('-D DOCKER-USER -j TUTTI\n-I DOCKER-USER 1 -j TUTTI'));
    assert.ok(!after.restored[0]?.includes('INPUT'));
  });

  test('are made whole again where one is missing', async () => {
    const { exec, restored } = fake(...whole(jump, end).filter((line) => line !== user.rules[1]));
    assert.equal(await createFirewall(exec).ensure(), 'mended');
    assert.equal(restored[0], `*filter\n:TUTTI - [0:0]\n${user.rules.join('\n')}\nCOMMIT\n`);
  });

  test('have no place in forwarding where the engine keeps no such chain', async () => {
    const { exec, restored } = fake('-P INPUT DROP');
    assert.equal(await createFirewall(exec).ensure(), 'absent');
    assert.ok(restored[0]?.includes('INPUT') && !restored[0].includes('DOCKER-USER'));
    const none: Exec = async () => ({ code: -1, stdout: '', stderr: 'not found' });
    assert.equal(await createFirewall(none).ensure(), 'absent');
  });

  test('go, and only they', async () => {
    const { exec, restored } = fake(...whole(jump, end));
    await createFirewall(exec).clear();
    assert.deepEqual(restored[0]?.split('\n'), [
      '*filter',
      '-D DOCKER-USER -j TUTTI',
      '-F TUTTI',
      '-X TUTTI',
      '-D INPUT -j TUTTI-INPUT',
      '-F TUTTI-INPUT',
      '-X TUTTI-INPUT',
      'COMMIT',
      '',
    ]);
  });
});
