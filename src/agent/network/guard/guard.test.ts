import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { until } from '../../../../test/support/until.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import { fakeAttachments } from '../../attachments/testing/fake.ts';
import { createFindings } from '../findings.ts';
import { createGuard } from './guard.ts';
import { portsOf, readDevices } from './ports-of.ts';
import { guardTable } from './rules.ts';

const front = { name: 'tutti-1-front0000', gateway: '10.128.1.1', address6: 'fd00:1::a' };
const one = { ...front, address: '10.128.1.10', mac: '02:42:0a:80:01:0a' };
const two = { ...front, address: '10.128.1.11', mac: '02:42:0a:80:01:0b', address6: '' };
const bridge = 'tutti0-front000';

suite('who is behind a port', () => {
  const bridges = new Map([
    [
      bridge,
      [
        { name: 'vetha', peer: 7 },
        { name: 'vethb', peer: 9 },
      ],
    ],
  ]);

  test('is who has its other end, on the network of its bridge', () => {
    const running = [
      { devices: new Set([1, 7]), networks: [one, { ...one, name: 'bridge', address: '172.17.0.2', address6: '' }] },
      { devices: new Set([1, 9]), networks: [{ ...two, name: 'tutti-1-other0000' }] },
    ];
    const { ports, disputed } = portsOf(bridges, running);
    assert.deepEqual(
      [...ports].map(([port, { addresses }]) => `${port} ${addresses.join()}`),
      ['vetha 10.128.1.10,fd00:1::a,172.17.0.2'],
    );
    assert.deepEqual(disputed, []);
  });

  test('is nobody where two seem to be', () => {
    const running = [
      { devices: new Set([7]), networks: [one] },
      { devices: new Set([7, 9]), networks: [two] },
    ];
    const { ports, disputed } = portsOf(bridges, running);
    assert.deepEqual([[...ports.keys()], disputed], [['vethb'], ['vetha']]);
  });

  test('devices are those that take part in IP', () => {
    const text = '7    eth0            1     0     01005e000001\n12   eth1            1     0     333300000001\n';
    assert.deepEqual(
      readDevices({ read: (path) => (path === '/proc/5/net/dev_mcast' ? text : undefined) }, 5),
      new Set([7, 12]),
    );
    assert.deepEqual(readDevices({ read: () => undefined }, 5), new Set());
  });
});

suite('what a port lets out', () => {
  test('is of its own addresses, in each family that it has', () => {
    const { chains } = guardTable(
      new Map([
        ['vetha', { mac: one.mac, addresses: [one.address, one.address6, '10.128.2.10'] }],
        ['vethb', { mac: two.mac, addresses: [two.address] }],
      ]),
    );
    const both = chains.get('port_vetha')?.rules.join('\n') ?? '';
    assert.match(both, /^ether saddr != 02:42:0a:80:01:0a drop$/m);
    assert.match(both, /^ip protocol tcp ip saddr 10\.128\.1\.10 accept$/m);
    assert.match(both, /^ip protocol tcp ip saddr 10\.128\.2\.10 accept$/m);
    assert.match(both, /^ip saddr \{ 0\.0\.0\.0, 10\.128\.1\.10, 10\.128\.2\.10 \} accept$/m);
    assert.match(both, /@th,64,128 0xfd00000100000000000000000000000a accept$/m);
    assert.match(both, /^ip6 saddr \{ ::, fe80::\/10, fd00:1::a \} accept$/m);
    assert.equal(both.split('\n').at(-1), 'drop');
    assert.match(chains.get('port_vethb')?.rules.join('\n') ?? '', /^ip6 saddr \{ ::, fe80::\/10 \} accept$/m);
  });

  test('does not come from an engine that says something else than addresses', () => {
    const sound = { mac: one.mac, addresses: [one.address] };
    for (const odd of [{ mac: '' }, { addresses: ['1 } accept; reboot'] }, { addresses: ['fd00'] }]) {
      assert.equal(
        guardTable(new Map([['vetha', { ...sound, ...odd }]])).sets.get('ports')?.elements.size,
        0,
        JSON.stringify(odd),
      );
    }
    assert.equal(guardTable(new Map([['a b', sound]])).sets.get('ports')?.elements.size, 0);
  });
});

test('ports are guarded when their containers run, what an agent before left stays until it is known better', async () => {
  const attachments = fakeAttachments([['old', { pid: 5, dns: [], networks: [one] }]]);
  const scripts: string[] = [];
  const files = new Map([
    ['/proc/5/net/dev_mcast', '7 eth0 1 0 01005e000001'],
    ['/proc/6/net/dev_mcast', '9 eth0 1 0 01005e000001'],
    ['/sys/class/net/vetha/iflink', '7'],
    ['/sys/class/net/vethb/iflink', '9'],
  ]);
  let told: readonly string[] = [];
  await using guard = createGuard({
    attachments,
    settings: { read: (path) => files.get(path), list: () => ['vetha', 'vethb'] },
    exec: async (_command, args, options) => {
      if (args[0] === '-f') scripts.push(options?.input ?? '');
      return await Promise.resolve({ code: args[0] === '-f' ? 0 : 1, stdout: '', stderr: '' });
    },
    clock: systemClock,
    log: silentLog,
    guarded: (ports) => void (told = [...ports].map(([port, { address }]) => `${port} ${address}`)),
    findings: createFindings(systemClock),
  });
  const written = async (count: number): Promise<string> => {
    await until(
      'scripts',
      () => Promise.resolve(scripts.length),
      (length) => length === count,
    );
    return scripts.at(-1) ?? '';
  };
  guard.check();
  await guard.settled();
  assert.equal(scripts.length, 0, 'nothing is known yet');
  attachments.tell({ kind: 'known' });
  assert.match(await written(1), /ports \{ vetha : goto port_vetha \}/);
  attachments.present('new', { pid: 6, dns: [], networks: [two] });
  assert.match(await written(2), /^add element bridge tutti_guard ports \{ vethb : goto port_vethb \}$/m);
  attachments.ended('old');
  assert.match(await written(3), /^delete element bridge tutti_guard ports \{ vetha : goto port_vetha \}$/m);
  await guard.settled();
  assert.deepEqual(told, [`vethb ${two.address}`]);
});

test('a dispute is warned of when it begins, and not when it ends; rules that cannot be removed are a fault', async () => {
  const on = (pid: number, network: typeof one) => ({ pid, dns: [], networks: [network] });
  const attachments = fakeAttachments([
    ['honest', on(5, one)],
    ['forger', on(6, { ...one, address: two.address, mac: two.mac })],
  ]);
  const warned: unknown[] = [];
  let scripts = 0;
  let code = 0;
  const guard = createGuard({
    attachments,
    settings: { read: (path) => (path.startsWith('/proc') ? '7 eth0 1 0 01005e000001' : '7'), list: () => ['vetha'] },
    exec: async (_command, args) => {
      if (args[0] === '-f') scripts += 1;
      return await Promise.resolve({ code: args[0] === '-f' ? code : 1, stdout: '', stderr: 'no' });
    },
    clock: { after: (_ms, call) => systemClock.after(1, call) },
    guarded: () => undefined,
    log: { ...silentLog, warn: (_message, fields) => void warned.push(fields) },
    findings: createFindings(systemClock),
  });
  const written = async (count: number): Promise<void> =>
    void (await until(
      'scripts',
      () => scripts,
      (found) => found === count,
    ));
  attachments.tell({ kind: 'known' });
  await written(1);
  attachments.ended('forger');
  await written(2);
  attachments.present('forger', on(6, two));
  await written(3);
  assert.deepEqual(warned, [{ ports: 'vetha' }, { ports: 'vetha' }]);
  await guard[Symbol.asyncDispose]();
  code = 1;
  await assert.rejects(guard.clear(), /nft could not change what containers may send: no/);
});
