import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { aContainer, aPlaceNode, aRequest, spread } from './fixtures.ts';
import type { RequestWish } from './fixtures.ts';
import type { PlaceNode, PlaceOptions } from './model.ts';
import { place } from './place.ts';

const where = (nodes: readonly PlaceNode[], wish: RequestWish = {}, over: Partial<PlaceOptions> = {}): string => {
  const decision = place(nodes, aRequest(wish), { ...spread, ...over });
  return decision.kind === 'placed' ? decision.node.node.id : decision.message;
};

const pair = [
  aPlaceNode('n1', { labels: { storage: 'ssd' }, containers: [aContainer('web1', { tier: 'front' })] }),
  aPlaceNode('n2', {
    engineLabels: { storage: 'disk', containerslots: '2' },
    images: [{ id: 'sha256:aa11', tags: ['redis:7'], digests: [] }],
  }),
];

describe('filters', () => {
  it('constraint: labels of nodes and engines, and facts', () => {
    assert.equal(where(pair, { constraints: ['storage==ssd'] }), 'n1');
    assert.equal(where(pair, { constraints: ['storage!=ssd'] }), 'n2');
    assert.equal(where(pair, { constraints: ['node==n1'] }), 'n1');
    assert.equal(where(pair, { constraints: ['node==host-n1'] }), 'n1');
    assert.equal(where(pair, { constraints: ['storagedriver==overlay*', 'node!=/n2/'] }), 'n1');
    assert.equal(where(pair, { constraints: ['operatingsystem==*Debian*', 'kernelversion==6.*', 'node==n1'] }), 'n1');
  });

  it('affinity: containers by name and id, images, labels', () => {
    assert.equal(where(pair, { affinities: ['container==web*'] }), 'n1');
    assert.equal(where(pair, { affinities: ['container==id-of-web1'] }), 'n1');
    assert.equal(where(pair, { affinities: ['container!=web1'] }), 'n2');
    assert.equal(where(pair, { affinities: ['image==redis'] }), 'n2');
    assert.equal(where(pair, { affinities: ['image==sha256:aa11'] }), 'n2');
    assert.equal(where(pair, { affinities: ['tier==front'] }), 'n1');
  });

  it('wishes narrow and never refuse', () => {
    assert.equal(where(pair, { constraints: ['storage==~ssd'] }), 'n1');
    assert.equal(where(pair, { constraints: ['storage==~tape'] }), 'n2');
    assert.equal(where(pair, { affinities: ['container==~nobody', 'image!=~redis'] }), 'n1');
  });

  it('port, slots, near', () => {
    assert.equal(where([aPlaceNode('n1', { ports: ['tcp/80'] }), aPlaceNode('n2')], { hostPorts: ['tcp/80'] }), 'n2');
    assert.match(
      where([aPlaceNode('n1', { ports: ['tcp/127.0.0.1:80'] })], { hostPorts: ['tcp/127.0.0.1:80'] }),
      /\[port 127\.0\.0\.1:80\/tcp\] \(refused 1 of 1 node\)/,
    );
    const all = Array.from({ length: 65_535 }, (_, index) => `tcp/${index + 1}`);
    const refusal = where([aPlaceNode('n1', { ports: ['tcp/65535'] })], { hostPorts: all });
    assert.match(refusal, /\[port 1\/tcp .* port 100\/tcp and 65435 more\] \(refused 1 of 1 node\)/);
    const full = { containers: [aContainer('a'), aContainer('b')], engineLabels: { containerslots: '2' } };
    assert.equal(where([aPlaceNode('n1', full), aPlaceNode('n2', { containers: full.containers })]), 'n2');
    const near = [{ what: '--volumes-from=a', nodeIds: new Set(['n1']) }];
    assert.equal(where([aPlaceNode('n1', { containers: full.containers }), aPlaceNode('n2')], { near }), 'n1');
  });

  it('engine: one that knows what is asked, or none; what can be done without is a wish', () => {
    const need = { what: 'a mount of the type image', api: '1.48', release: '28.0', soft: false };
    const mixed = [aPlaceNode('n1', { api: '1.41' }), aPlaceNode('n2', { api: '1.51', usedCpus: 3 })];
    assert.equal(where(mixed, { needs: [need] }), 'n2');
    assert.match(
      where(mixed.slice(0, 1), { needs: [need] }),
      /\[Docker Engine 28\.0 for a mount of the type image\] \(refused 1 of 1 node\)/,
    );
    assert.equal(where(mixed, { needs: [{ ...need, soft: true }] }), 'n2');
    assert.equal(where(mixed.slice(0, 1), { needs: [{ ...need, soft: true }] }), 'n1');
  });

  it('health: only nodes that are ready and active', () => {
    const ill = [
      aPlaceNode('n1', { state: 'down' }),
      aPlaceNode('n2', { availability: 'drain' }),
      aPlaceNode('n3', { state: 'down' }),
    ];
    assert.equal(where(ill), 'No healthy node available in the cluster (2 nodes are down, 1 node is drained)');
    assert.equal(where([...ill, aPlaceNode('n4')]), 'n4');
  });

  it('a refusal names what was asked for and how many nodes each refused', () => {
    assert.equal(
      where(pair, { constraints: ['storage==ssd', 'region==us*'] }),
      'Unable to find a node that satisfies the following conditions \n' +
        '[available container slots]\n[storage==ssd region==us*] (refused 2 of 2 nodes)',
    );
    assert.equal(
      where(pair, { reservation: { nanoCpus: 0, memoryBytes: 2_000 } }),
      'No resources available to schedule container (2 nodes lack memory)',
    );
  });
});

describe('strategies', () => {
  const busy = [
    aPlaceNode('n1', { usedMemory: 500, containers: [aContainer('a')] }),
    aPlaceNode('n2', { containers: [aContainer('b'), aContainer('c')] }),
  ];
  const reservation = { nanoCpus: 0, memoryBytes: 100 };

  it('spread and binpack look at reservations, then at containers', () => {
    assert.equal(where(busy, { reservation }), 'n2');
    assert.equal(where(busy), 'n1');
    assert.equal(where(busy, { reservation }, { strategy: 'binpack' }), 'n1');
    assert.equal(where(busy, {}, { strategy: 'binpack' }), 'n2');
  });

  it('binpack leaves a node that is full', () => {
    assert.equal(where(busy, { reservation: { nanoCpus: 0, memoryBytes: 600 } }, { strategy: 'binpack' }), 'n2');
  });

  it('what replaces another goes where that is, if it can', () => {
    assert.equal(where(busy, { home: 'n2' }), 'n2');
    assert.equal(where(busy, { home: 'n2', constraints: ['node!=n2'] }), 'n1');
  });

  it('random takes any that fits', () => {
    assert.equal(where(busy, {}, { strategy: 'random', chance: 0.1 }), 'n1');
    assert.equal(where(busy, {}, { strategy: 'random', chance: 0.9 }), 'n2');
  });

  it('overcommits by the share that was allowed', () => {
    const one = [aPlaceNode('n1', { usedMemory: 950 })];
    assert.equal(where(one, { reservation }), 'n1');
    assert.match(where(one, { reservation }, { overcommit: 0 }), /No resources available/);
  });
});

const arbitraryNode = fc.record({
  state: fc.constantFrom('ready' as const, 'ready' as const, 'down' as const, 'disconnected' as const),
  availability: fc.constantFrom('active' as const, 'active' as const, 'pause' as const, 'drain' as const),
  labels: fc.record({ zone: fc.constantFrom('a', 'b', 'c') }),
  containers: fc.array(
    fc.constantFrom('web', 'db', 'cache').map((name) => aContainer(name)),
    { maxLength: 4 },
  ),
  ports: fc.subarray(['tcp/80', 'tcp/443']),
  usedMemory: fc.integer({ min: 0, max: 1_000 }),
});
const arbitraryNodes = fc
  .array(arbitraryNode, { maxLength: 6 })
  .map((wishes) => wishes.map((wish, at) => aPlaceNode(`n${at}`, wish)));
const arbitraryWish = fc.record({
  constraints: fc.subarray(['zone==a', 'zone!=b', 'node!=n0', 'zone==~c']),
  affinities: fc.subarray(['container==web', 'container!=db', 'container!=~cache']),
  hostPorts: fc.subarray(['tcp/80', 'tcp/443']),
  reservation: fc.integer({ min: 0, max: 600 }).map((memoryBytes) => ({ nanoCpus: 0, memoryBytes })),
});
const arbitraryOptions = fc.record({
  strategy: fc.constantFrom('spread' as const, 'binpack' as const, 'random' as const),
  overcommit: fc.constant(0.05),
  chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

const isHard = (text: string): boolean => !text.includes('~');
/** Said again, without the code under test. */
const accepts = ({ node, status, containers, hasPort, used }: PlaceNode, wish: RequestWish): boolean => {
  const names = containers.flatMap((container) => container.names);
  const zone = node.spec.labels?.['zone'];
  const tests: Readonly<Record<string, boolean>> = {
    'zone==a': zone === 'a',
    'zone!=b': zone !== 'b',
    'node!=n0': node.id !== 'n0',
    'container==web': names.includes('web'),
    'container!=db': !names.includes('db'),
  };
  return (
    status?.state === 'ready' &&
    node.spec.availability === 'active' &&
    [...(wish.constraints ?? []), ...(wish.affinities ?? [])].filter(isHard).every((text) => tests[text] === true) &&
    !(wish.hostPorts ?? []).some(hasPort) &&
    (wish.reservation?.memoryBytes === 0 || used.memoryBytes + (wish.reservation?.memoryBytes ?? 0) <= 1_050)
  );
};

describe('placing, whatever is asked', () => {
  it('never goes to a node that refuses, and refuses only when all do', () => {
    fc.assert(
      fc.property(arbitraryNodes, arbitraryWish, arbitraryOptions, (nodes, wish, options) => {
        const decision = place(nodes, aRequest(wish), options);
        const fitting = nodes.filter((node) => accepts(node, wish));
        if (decision.kind === 'placed') assert.ok(fitting.includes(decision.node));
        else assert.equal(fitting.length, 0, decision.message);
      }),
    );
  });

  it('wishes never refuse, and are kept where they can be', () => {
    fc.assert(
      fc.property(arbitraryNodes, arbitraryWish, (nodes, wish) => {
        const hard = {
          ...wish,
          constraints: wish.constraints.filter(isHard),
          affinities: wish.affinities.filter(isHard),
        };
        const decision = place(nodes, aRequest({ ...hard, constraints: [...hard.constraints, 'zone==~c'] }), spread);
        assert.equal(decision.kind, place(nodes, aRequest(hard), spread).kind);
        const inZone = nodes.filter((node) => accepts(node, hard) && node.node.spec.labels?.['zone'] === 'c');
        if (decision.kind === 'placed' && inZone.length > 0) assert.ok(inZone.includes(decision.node));
      }),
    );
  });

  it('spreads containers that are alike within one of each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 30 }), (size, count) => {
        const counts = Array.from({ length: size }, () => 0);
        const containers = (at: number) => Array.from({ length: counts[at] ?? 0 }, (_, of) => aContainer(`c${of}`));
        for (let made = 0; made < count; made += 1) {
          const nodes = counts.map((_, at) => aPlaceNode(String(at), { containers: containers(at) }));
          const at = Number(where(nodes));
          counts[at] = (counts[at] ?? 0) + 1;
        }
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
      }),
    );
  });
});
