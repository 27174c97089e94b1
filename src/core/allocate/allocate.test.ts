import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { NetworkId, TaskId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import { AddressBook } from './addresses.ts';
import { contains, formatAddress, overlaps, parseAddress, parseNetwork } from '../../model/ipv4.ts';
import { allocateOverlayEndpoint } from './overlay.ts';
import { allocatePorts } from './ports.ts';
import { allocateSubnet } from './subnet.ts';

const networkId = 'net1' as NetworkId;
const aNetwork = (subnet: string, more: Partial<Network> = {}): Network => ({
  id: networkId,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  spec: { name: 'net', driver: 'overlay' },
  subnet,
  ...more,
});
const picked = (book: AddressBook, task: string): string => {
  const allocation = book.pick(networkId);
  if (allocation.kind === 'refused') return allocation.reason;
  book.note(task as TaskId, [{ networkId, address: allocation.value }]);
  return allocation.value;
};

test('addresses are written as they were read', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => assert.equal(formatAddress(parseAddress(address)), address)));
});

test('subnets are cut out of the pools in turn, and the pool that ran out is named', () => {
  const pools = ['10.1.0.0/29', '10.2.0.0/30'];
  const taken = [];
  const given = [];
  for (let count = 0; count < 4; count += 1) {
    const allocation = allocateSubnet({}, { pools, prefix: 30, taken });
    if (allocation.kind === 'refused') {
      assert.match(
        allocation.reason,
        /^no free \/30 is left in the address pools \(10\.1\.0\.0\/29, 10\.2\.0\.0\/30\)/,
      );
      continue;
    }
    given.push(allocation.value);
    taken.push({ ...parseNetwork(allocation.value.subnet), owner: 'x' });
  }
  assert.deepEqual(given, [
    { subnet: '10.1.0.0/30', gateway: '10.1.0.1' },
    { subnet: '10.1.0.4/30', gateway: '10.1.0.5' },
    { subnet: '10.2.0.0/30', gateway: '10.2.0.1' },
  ]);
});

test('no subnet that is cut overlaps one in use', () => {
  const ranges = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 16, max: 30 })), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(ranges, fc.integer({ min: 18, max: 28 }), (used, prefix) => {
      const taken = used.map(([part, length]) => ({ ...parseNetwork(`10.9.${part}.0/${length}`), owner: 'x' }));
      const allocation = allocateSubnet({}, { pools: ['10.9.0.0/16'], prefix, taken });
      if (allocation.kind === 'refused') return;
      const range = parseNetwork(allocation.value.subnet);
      assert.ok(contains(parseNetwork('10.9.0.0/16'), range));
      assert.ok(taken.every((other) => !overlaps(range, other)));
    }),
  );
});

test('a subnet that is asked for is given, or refused with the owner of what it overlaps', () => {
  const options = {
    pools: [],
    prefix: 24,
    taken: [{ ...parseNetwork('10.5.0.0/24'), owner: '10.5.0.0/24 of network a' }],
  };
  const refusal = (wish: Parameters<typeof allocateSubnet>[0]) => {
    const allocation = allocateSubnet(wish, options);
    return allocation.kind === 'refused' ? allocation.reason : allocation.value;
  };
  assert.equal(refusal({ subnet: '10.5.0.128/25' }), 'subnet 10.5.0.128/25 overlaps 10.5.0.0/24 of network a');
  assert.equal(refusal({ subnet: '10.6.0.0/31' }), 'subnet 10.6.0.0/31 is too small: at least a /30');
  for (const subnet of ['127.0.0.0/24', '0.0.0.0/8', '224.0.0.0/24', '255.255.255.0/24', '240.0.0.0/8', '64.0.0.0/2']) {
    assert.equal(refusal({ subnet }), `subnet ${subnet} is not one that tasks can have: take one of 10.0.0.0/8, say`);
  }
  assert.equal(
    refusal({ subnet: '10.6.0.0/24', gateway: '10.7.0.1' }),
    'gateway 10.7.0.1 is not an address of subnet 10.6.0.0/24',
  );
  assert.deepEqual(refusal({ subnet: '10.6.0.0/24', gateway: '10.6.0.254', ipRange: '10.6.0.128/28' }), {
    subnet: '10.6.0.0/24',
    gateway: '10.6.0.254',
    ipRange: '10.6.0.128/28',
  });
});

test('an address is given once, and again only after all others', () => {
  const book = new AddressBook();
  book.setNetwork(aNetwork('10.0.0.0/29', { gateway: '10.0.0.1' }));
  assert.deepEqual(
    ['a', 'b'].map((task) => picked(book, task)),
    ['10.0.0.2', '10.0.0.3'],
  );
  book.release('a' as TaskId);
  assert.deepEqual(
    ['c', 'd', 'e', 'f'].map((task) => picked(book, task)),
    ['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.2'],
  );
  assert.equal(picked(book, 'g'), 'network net has no free address: all 5 are in use');
});

test('addresses stay inside of the range, and off what is reserved', () => {
  const spec = {
    name: 'net',
    driver: 'overlay' as const,
    ipam: { configs: [{ auxiliaryAddresses: { router: '10.0.0.9' } }] },
  };
  const book = new AddressBook();
  book.setNetwork(aNetwork('10.0.0.0/24', { gateway: '10.0.0.8', ipRange: '10.0.0.8/30', spec }));
  assert.deepEqual(['a', 'b', 'c'].map((task) => picked(book, task)).slice(0, 2), ['10.0.0.10', '10.0.0.11']);
});

test('a successor takes the address over; its predecessor gives nothing back', () => {
  const book = new AddressBook();
  book.setNetwork(aNetwork('10.0.0.0/30', { gateway: '10.0.0.1' }));
  const addresses = [{ networkId, address: picked(book, 'a') }];
  book.note('b' as TaskId, addresses);
  assert.equal(book.release('a' as TaskId), false);
  assert.equal(book.ownerOf(networkId, '10.0.0.2'), 'b');
  assert.equal(book.release('b' as TaskId), true);
});

test('an address that two tasks have is free when both have given it back', () => {
  const book = new AddressBook();
  book.setNetwork(aNetwork('10.0.0.0/30', { gateway: '10.0.0.1' }));
  const addresses = [{ networkId, address: picked(book, 'now') }];
  // Its end was seen by the manager before, not by this one.
  book.note('before' as TaskId, addresses);
  assert.equal(book.release('before' as TaskId), false);
  assert.equal(book.ownerOf(networkId, '10.0.0.2'), 'now');
  assert.equal(picked(book, 'other'), 'network net has no free address: all 1 are in use');
  assert.equal(book.release('now' as TaskId), true);
  assert.equal(picked(book, 'other'), '10.0.0.2');
});

test('a removed network lingers until its last task is gone', () => {
  const book = new AddressBook();
  book.setNetwork(aNetwork('10.0.0.0/24'));
  picked(book, 'a');
  book.removeNetwork(networkId);
  assert.deepEqual(book.lingering(), [parseNetwork('10.0.0.0/24')]);
  book.release('a' as TaskId);
  assert.deepEqual(book.lingering(), []);
});

test('ports: conflicts name the owner, open ones are chosen and kept', () => {
  const web = {
    id: '1',
    name: 'web',
    ports: [{ protocol: 'tcp', target: 80, published: 8080, mode: 'ingress' }],
  } as const;
  const port = { protocol: 'tcp', target: 80, mode: 'ingress' } as const;
  assert.deepEqual(allocatePorts([{ ...port, published: 8080 }], [web]), {
    kind: 'refused',
    reason: 'port 8080/tcp is already in use by service web',
  });
  assert.equal(allocatePorts([{ ...port, protocol: 'udp', published: 8080 }], [web]).kind, 'allocated');
  assert.equal(allocatePorts([{ ...port, mode: 'host', published: 8080 }], [web]).kind, 'refused');
  assert.deepEqual(
    allocatePorts(
      [
        { ...port, published: 1 },
        { ...port, target: 81, published: 1 },
      ],
      [],
    ),
    {
      kind: 'refused',
      reason: 'port 1/tcp is published twice',
    },
  );
  const chosen = allocatePorts([port], [web]);
  assert.deepEqual(chosen, { kind: 'allocated', value: [{ ...port, published: 30_000 }] });
  const kept = allocatePorts([port], [web], [{ ...port, published: 30_005 }]);
  assert.deepEqual(kept, { kind: 'allocated', value: [{ ...port, published: 30_005 }] });
});

test('ports: taken by address', () => {
  const port = { protocol: 'tcp', target: 80, published: 8080, mode: 'ingress' } as const;
  const at = (hostAddress: string) => ({ ...port, hostAddress });
  const others = [{ id: '1', name: 'web', ports: [at('192.0.2.1')] }];
  assert.equal(allocatePorts([at('192.0.2.2')], others).kind, 'allocated');
  for (const [wanted, text] of [
    [at('192.0.2.1'), '192.0.2.1:8080/tcp'],
    [port, '8080/tcp'],
  ] as const)
    assert.deepEqual(allocatePorts([wanted], others), {
      kind: 'refused',
      reason: `port ${text} is already in use by service web`,
    });
  assert.equal(allocatePorts([at('192.0.2.1'), at('192.0.2.2')], []).kind, 'allocated');
  assert.equal(allocatePorts([at('192.0.2.1'), port], []).kind, 'refused');
  const [first, second] = [at('fd00::1'), at('192.0.2.3')].map(({ published: _given, ...open }) => open);
  assert.deepEqual(allocatePorts([first ?? port, second ?? port], []), {
    kind: 'allocated',
    value: [
      { ...first, published: 30_000 },
      { ...second, published: 30_000 },
    ],
  });
});

test('ports: one of a range is given, and kept while it is in it', () => {
  const port = { protocol: 'udp', target: 53, mode: 'ingress' } as const;
  const wanted = { ...port, range: { first: 8000, last: 8002 } };
  const taken = (...numbers: number[]) => [
    { id: '1', name: 'dns', ports: numbers.map((published) => ({ ...port, published })) },
  ];
  const number = (...given: Parameters<typeof allocatePorts>): unknown => {
    const result = allocatePorts(...given);
    return result.kind === 'allocated' ? result.value.map(({ published }) => published).join() : result.reason;
  };
  assert.deepEqual(allocatePorts([wanted], []), { kind: 'allocated', value: [{ ...port, published: 8000 }] });
  assert.equal(number([wanted], taken(8000)), '8001');
  assert.equal(number([wanted, { ...wanted, target: 54 }, { ...port, published: 8000 }], []), '8000,8001,8002');
  assert.equal(number([wanted], [], [{ ...port, published: 8002 }]), '8002');
  assert.equal(number([wanted], [], [{ ...port, published: 8003 }]), '8000');
  const none = 'no port between 8000 and 8002 is free: 8000/udp is already in use by service dns';
  assert.equal(number([wanted], taken(8000, 8001, 8002)), none);
  assert.deepEqual(allocatePorts([{ ...wanted, mode: 'host' }], []), { kind: 'allocated', value: [] });
});

test("ports: what one node has is in the way of all nodes', and of no other's own", () => {
  const reserved = [
    { protocol: 'tcp', port: 5432, address: '127.0.0.1', owner: 'already in use by postgres on one', mode: 'host' },
  ] as const;
  const port = { protocol: 'tcp', target: 80, published: 5432 } as const;
  assert.deepEqual(allocatePorts([{ ...port, mode: 'ingress' }], [], [], reserved), {
    kind: 'refused',
    reason: 'port 5432/tcp is already in use by postgres on one',
  });
  assert.equal(allocatePorts([{ ...port, mode: 'host' }], [], [], reserved).kind, 'allocated');
  assert.equal(
    allocatePorts([{ ...port, mode: 'ingress', hostAddress: '192.0.2.1' }], [], [], reserved).kind,
    'allocated',
  );
});

test("ports: what the cluster listens on is nobody else's", () => {
  const reserved = [{ protocol: 'tcp', port: 2377, owner: "the managers' own" }] as const;
  const port = { protocol: 'tcp', target: 80, published: 2377 } as const;
  const refusal = { kind: 'refused', reason: "port 2377/tcp is the managers' own" };
  assert.deepEqual(allocatePorts([{ ...port, mode: 'ingress' }], [], [], reserved), refusal);
  assert.deepEqual(allocatePorts([{ ...port, mode: 'host' }], [], [], reserved), refusal);
  assert.equal(allocatePorts([{ ...port, protocol: 'udp', mode: 'ingress' }], [], [], reserved).kind, 'allocated');
  const first = [{ ...reserved[0], port: 30_000 }];
  assert.deepEqual(allocatePorts([{ protocol: 'tcp', target: 80, mode: 'ingress' }], [], [], first), {
    kind: 'allocated',
    value: [{ protocol: 'tcp', target: 80, mode: 'ingress', published: 30_001 }],
  });
});

test('each node has its own end of the overlay', () => {
  assert.deepEqual(allocateOverlayEndpoint('100.127.0.0/16', ['100.127.0.1', '100.127.0.3']), {
    kind: 'allocated',
    value: { address: '100.127.0.2', mac: '02:54:64:7f:00:02' },
  });
  assert.equal(allocateOverlayEndpoint('100.127.0.0/30', ['100.127.0.1', '100.127.0.2']).kind, 'refused');
});

test('ports: an open one is kept at its own address only, and those with the smaller choice choose first', () => {
  const port = { protocol: 'tcp', target: 80, mode: 'ingress' } as const;
  const before = { ...port, hostAddress: '192.0.2.1', published: 30_005 };
  assert.deepEqual(allocatePorts([port], [], [before]), { kind: 'allocated', value: [{ ...port, published: 30_000 }] });
  const ranged = { ...port, target: 81, range: { first: 30_000, last: 30_000 } };
  const given = allocatePorts([port, ranged], []);
  assert.ok(given.kind === 'allocated');
  assert.deepEqual(
    given.value.map(({ target, published }) => `${target} ${published}`),
    ['81 30000', '80 30001'],
  );
});
