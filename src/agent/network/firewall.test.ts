import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createFirewall, firewallRules } from './firewall.ts';
import type { Exec } from './ports.ts';

/** iptables with these chains; keeps what it is told to restore. */
function fake(chains: Record<string, readonly string[]>): { exec: Exec; restored: string[] } {
  const restored: string[] = [];
  const exec: Exec = async (command, args, options) => {
    if (command === 'iptables-restore') restored.push(options?.input ?? '');
    const chain = chains[args.at(-1) ?? ''];
    const code = command === 'iptables' && chain === undefined ? 1 : 0;
    return { code, stdout: chain?.join('\n') ?? '', stderr: '' };
  };
  return { exec, restored };
}

const ours = ['-N TUTTI', ...firewallRules];

suite('rules in DOCKER-USER', () => {
  test('are put there first, before what is there', async () => {
    const { exec, restored } = fake({ 'DOCKER-USER': ['-N DOCKER-USER', '-A DOCKER-USER -j RETURN'] });
    assert.equal(await createFirewall(exec).ensure(), 'mended');
    assert.ok(restored[0]?.includes('-I DOCKER-USER 1 -j TUTTI'));
  });

  test('are left alone while they are right', async () => {
    const { exec, restored } = fake({
      'DOCKER-USER': ['-N DOCKER-USER', '-A DOCKER-USER -j TUTTI', '-A DOCKER-USER -j RETURN'],
      TUTTI: ours,
    });
    assert.equal(await createFirewall(exec).ensure(), 'kept');
    assert.deepEqual(restored, []);
  });

  test('may come after what people put before them, if not after the end', async () => {
    const theirs = '-A DOCKER-USER -s 192.0.2.66/32 -j DROP';
    const jump = '-A DOCKER-USER -j TUTTI';
    const end = '-A DOCKER-USER -j RETURN';
    const before = fake({ 'DOCKER-USER': ['-N DOCKER-USER', theirs, jump, end], TUTTI: ours });
    assert.equal(await createFirewall(before.exec).ensure(), 'kept');
    const after = fake({ 'DOCKER-USER': ['-N DOCKER-USER', end, jump], TUTTI: ours });
    assert.equal(await createFirewall(after.exec).ensure(), 'mended');
    assert.ok(after.restored[0]?.includes('-D DOCKER-USER -j TUTTI\n-I DOCKER-USER 1 -j TUTTI'));
  });

  test('have no place where the engine keeps no such chain', async () => {
    assert.equal(await createFirewall(fake({}).exec).ensure(), 'absent');
  });

  test('go, and only they', async () => {
    const { exec, restored } = fake({
      'DOCKER-USER': ['-N DOCKER-USER', '-A DOCKER-USER -j TUTTI', '-A DOCKER-USER -j RETURN'],
      TUTTI: ours,
    });
    await createFirewall(exec).clear();
    assert.equal(restored[0], '*filter\n-D DOCKER-USER -j TUTTI\n-F TUTTI\n-X TUTTI\nCOMMIT\n');
  });
});
