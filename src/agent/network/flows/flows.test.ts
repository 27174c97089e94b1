import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import { createFindings } from '../findings.ts';
import { viewOf } from '../nft/script.ts';
import { createFlows } from './flows.ts';
import { flowsTable } from './table.ts';

const liberal = '/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal';
const resets = '/proc/sys/net/netfilter/nf_conntrack_tcp_ignore_invalid_rst';
const mac = '02:54:64:7f:00:01';
const overlay = { mac, mtu: 1450, virtual: ['10.128.1.4'] };
const one = { mac: '02:42:0a:80:01:0a', address: '10.128.1.10', addresses: ['10.128.1.10'] };

/** A machine whose nft carries everything out, unless `refuses` it. */
function machine(refuses: (script: string) => boolean = () => false) {
  const files = new Map([
    ['/sys/class/net/tutti0/ifindex', '7'],
    ['/sys/class/net/vetha/mtu', '1450'],
    ['/sys/class/net/vethb/mtu', '1500'],
    [liberal, '0'],
    [resets, '1'],
    ['/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established', '86400'],
  ]);
  const scripts: string[] = [];
  const warned: unknown[] = [];
  /** What listings give: of all tables of the family, and of what conntrack is told. */
  let listed = ['{"nftables":[]}', '{"nftables":[]}'];
  const findings = createFindings(systemClock);
  const flows = createFlows({
    settings: {
      read: (path) => files.get(path),
      write: (path, value) => files.has(path) && files.set(path, value) !== undefined,
    },
    exec: async (_command, args, { input = '' } = {}) => {
      if (args[0] !== '-f') {
        return await Promise.resolve({ code: 0, stdout: listed[args.includes('netdev') ? 0 : 1] ?? '', stderr: '' });
      }
      scripts.push(input);
      const isRefused = refuses(input);
      return await Promise.resolve({
        code: isRefused ? 1 : 0,
        stdout: '',
        stderr: isRefused ? 'Operation not supported' : '',
      });
    },
    clock: { after: (_ms, call) => systemClock.after(1, call) },
    log: { ...silentLog, warn: (_message, fields) => void warned.push(fields) },
    findings,
  });
  return { files, scripts, warned, findings, flows, lists: (...texts: string[]) => void (listed = texts) };
}

/** As nft lists a table with these chains and sets. */
const listing = (table: ReturnType<typeof flowsTable>): string => {
  const { chains, sets } = viewOf(table);
  const of = { table: 'tutti_flows' };
  return JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6' } },
      { chain: { table: 'others', name: 'leave' } },
      { rule: { table: 'others', chain: 'leave', comment: 'theirs' } },
      ...[...sets.keys()].map((name) => ({ set: { ...of, name } })),
      ...[...chains.keys()].map((name) => ({ chain: { ...of, name } })),
      ...[...chains].flatMap(([chain, rules]) => rules.map((comment) => ({ rule: { ...of, chain, comment } }))),
    ],
  });
};

const inTable = (): ReturnType<typeof flowsTable> =>
  flowsTable({ ports: [{ device: 'vetha', ...one }], numbers: new Map([['10.128.1.4', 1]]), mac });

/** As nft lists what conntrack is told, with the settings that were off. */
const patient = (...off: readonly string[]): string => {
  const of = { table: 'tutti_flows' };
  return JSON.stringify({
    nftables: [
      { chain: { ...of, name: 'forward' } },
      { rule: { ...of, chain: 'forward' } },
      { rule: { ...of, chain: 'forward' } },
      ...off.map((setting) => ({ chain: { ...of, name: `was_off_${setting}` } })),
    ],
  });
};

suite('the short way', () => {
  test('begins at the ports of containers whose packets fit, once there is an overlay', async () => {
    const { flows, scripts, files } = machine();
    await using _ = flows;
    flows.ports(
      new Map([
        ['vetha', one],
        ['vethb', { ...one, address: '10.128.1.11' }],
      ]),
    );
    await flows.settled();
    assert.deepEqual(scripts, []);
    flows.overlay(overlay);
    await flows.settled();
    assert.equal(scripts.length, 1);
    assert.match(scripts[0] ?? '', /device "vetha"/);
    assert.doesNotMatch(scripts[0] ?? '', /vethb/);
    assert.equal(files.get(liberal), '1');
  });

  test('a service more is an element more; the same told again is nothing', async () => {
    const { flows, scripts } = machine();
    await using _ = flows;
    flows.overlay(overlay);
    await flows.settled();
    flows.overlay({ ...overlay });
    await flows.settled();
    assert.equal(scripts.length, 1);
    flows.overlay({ ...overlay, virtual: ['10.128.1.4', '10.128.1.5'] });
    await flows.settled();
    assert.equal(
      scripts[1],
      'add element netdev tutti_flows numbers { 10.128.1.5 : 2 }\nadd element netdev tutti_flows virtual { 2 : 10.128.1.5 }\n',
    );
  });

  test('a comparison writes what is not there, and nothing else', async () => {
    const { flows, scripts, findings, lists } = machine();
    await using _ = flows;
    flows.ports(new Map([['vetha', one]]));
    flows.overlay(overlay);
    await flows.settled();
    lists(listing(inTable()), patient());
    flows.check();
    await flows.settled();
    assert.equal(scripts.length, 1);
    lists('{"nftables":[]}', '{"nftables":[]}');
    flows.check();
    await flows.settled();
    assert.equal(scripts.length, 2);
    assert.equal(scripts[1], scripts[0]);
    // Kernels before 6.16 remove the chain of a port with its device.
    const gone = inTable();
    lists(listing({ ...gone, chains: new Map([...gone.chains].filter(([name]) => name !== 'from_vetha')) }), patient());
    flows.check();
    await flows.settled();
    assert.equal(scripts.length, 2);
    assert.deepEqual(
      findings.list().map(({ what, mended }) => [what, mended]),
      [['flows', true]],
    );
  });

  test('somebody gone: nothing is known any more; where that fails, or is not known, all is written anew', async () => {
    let fails = false;
    const { flows, scripts } = machine((script) => fails && script.startsWith('flush map'));
    await using _ = flows;
    flows.ports(new Map([['vetha', one]]));
    flows.overlay(overlay);
    await flows.settled();
    flows.forget();
    await flows.settled();
    assert.equal(
      scripts[1],
      ['flows', 'ways', 'targets', 'fronts'].map((name) => `flush map netdev tutti_flows ${name}\n`).join(''),
    );
    const isWhole = (script = ''): boolean => script.includes('delete table netdev tutti_flows');
    fails = true;
    flows.forget();
    await flows.settled();
    await flows.settled();
    assert.ok(isWhole(scripts.at(-1)));
    fails = false;
    // A container that ends may be somebody whom others know.
    flows.ports(new Map());
    await flows.settled();
    assert.ok(isWhole(scripts.at(-1)));
    assert.doesNotMatch(scripts.at(-1) ?? '', /vetha/);
  });

  test('somebody gone while the table is being written: it is written again', async () => {
    let told = (): void => undefined;
    const { flows, scripts } = machine(() => {
      told();
      return false;
    });
    await using _ = flows;
    flows.overlay(overlay);
    await flows.settled();
    told = () => {
      told = () => undefined;
      flows.forget();
    };
    flows.overlay({ ...overlay, virtual: ['10.128.1.4', '10.128.1.5'] });
    await flows.settled();
    await flows.settled();
    assert.equal(scripts.length, 3);
    assert.match(scripts[2] ?? '', /delete table netdev tutti_flows/);
  });

  test('an overlay device made anew: what is known led to the one before', async () => {
    const { flows, scripts, files } = machine();
    await using _ = flows;
    assert.equal(flows.overlay(overlay), false);
    await flows.settled();
    files.set('/sys/class/net/tutti0/ifindex', '8');
    assert.equal(flows.overlay(overlay), true);
    await flows.settled();
    assert.match(scripts[1] ?? '', /delete table netdev tutti_flows/, 'written anew');
    assert.equal(flows.overlay(overlay), false);
  });

  test('a kernel that cannot: said once, tried again with each comparison, and the machine is as it was', async () => {
    const { flows, scripts, warned, files } = machine((script) => !script.startsWith('add table netdev'));
    await using _ = flows;
    flows.overlay(overlay);
    await flows.settled().catch(() => undefined);
    while (warned.length === 0) await flows.settled().catch(() => undefined);
    const tried = scripts.length;
    flows.check();
    await flows.settled();
    assert.ok(scripts.length > tried);
    assert.equal(warned.length, 1);
    assert.equal(files.get(liberal), '0');
  });

  test('its end puts back what was off before, also what another agent before it has set', async () => {
    for (const was of ['0', '1']) {
      const { flows, scripts, files, lists } = machine();
      files.set(liberal, '1');
      files.set(resets, was);
      lists(listing(inTable()), patient('nf_conntrack_tcp_be_liberal'));
      flows.overlay(overlay);
      await flows.settled();
      assert.equal(files.get(resets), '1');
      await flows[Symbol.asyncDispose]();
      await flows.clear();
      assert.match(scripts.at(-1) ?? '', /delete table netdev tutti_flows\n(?:.*\n)*delete table ip tutti_flows/);
      assert.equal(files.get(liberal), '0');
      assert.equal(files.get(resets), was);
    }
  });

  test('conntrack remembers its connections for as long as others', async () => {
    const { flows, scripts } = machine();
    await using _ = flows;
    flows.overlay(overlay);
    await flows.settled();
    assert.match(scripts[0] ?? '', /established : 86400, unack : 86400, retrans : 86400/);
  });
});

test('what an engine says of a container becomes no rule unless it reads as one', () => {
  const of = (port: Partial<{ device: string; mac: string; address: string }>): number =>
    flowsTable({ ports: [{ device: 'vetha', ...one, ...port }], numbers: new Map(), mac }).chains.size;
  const without = of({ device: 'a b' });
  assert.equal(of({}), without + 2);
  assert.equal(of({ mac: 'x' }), without);
  assert.equal(of({ address: '10.0.0.1; drop' }), without);
});
