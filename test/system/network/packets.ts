import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from './cluster.ts';
import type { LabTask } from './cluster.ts';

/** Tests of what packets between the nodes carry: `asker` is on one, `web` on another. */
export function packetTests(given: () => Readonly<Record<'asker' | 'web', LabTask>>): void {
  test("others' marks, set behind our rules, lead no packet of the overlay astray", async () => {
    const { asker, web } = given();
    for (const [from, to, address, answer] of [
      [asker, web, '10.128.1.20', 'webtask 10.128.1.10'],
      [web, asker, '10.128.1.10', 'asker 10.128.1.20'],
    ] as const) {
      // By the number of the node that it goes to: the outer packet would be led into the overlay.
      const mark = `0x${to.node.name.slice(4)}0000/0xffff0000`;
      const rule = ['FORWARD', '-o', 'tutti0', '-j', 'MARK', '--set-xmark', mark];
      await from.node.run('iptables', '-I', ...rule);
      try {
        for (let turn = 0; turn < 10; turn += 1) assert.equal(await ask(from, 'tcp', address, 80), answer);
        assert.equal(await ask(from, 'udp', address, 80), answer);
      } finally {
        await from.node.run('iptables', '-D', ...rule);
      }
    }
  });

  test('a container made with a larger MTU says at the other node what the overlay takes', async () => {
    const { asker, web } = given();
    const pid = await asker.node.docker('inspect', '-f', '{{.State.Pid}}', asker.id);
    const mtu = async (value: string) =>
      await asker.node.run('nsenter', '-t', pid, '-n', 'ip', 'link', 'set', 'eth0', 'mtu', value);
    const whole = Number(await asker.node.run('cat', '/sys/class/net/tutti0/mtu'));
    const listen = `table ip mss {
      set seen { typeof tcp option maxseg size; flags dynamic; size 16; }
      chain look {
        type filter hook prerouting priority 0;
        iifname "tutti0" tcp flags & (syn | ack) == syn add @seen { tcp option maxseg size }
      }
    }`;
    await web.node.run('nft', listen);
    try {
      await mtu(String(whole + 50));
      assert.equal(await ask(asker, 'tcp', '10.128.1.20', 80), 'webtask 10.128.1.10');
      const seen = await web.node.run('nft', 'list', 'set', 'ip', 'mss', 'seen');
      assert.equal(/elements = \{ (.*) \}/.exec(seen)?.[1], String(whole - 40));
    } finally {
      await web.node.run('nft', 'delete', 'table', 'ip', 'mss');
      await mtu(String(whole));
    }
  });
}
