import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { canonicalFile } from '../canonical/file.ts';
import type { MapNode } from '../source/node.ts';
import { child, plain } from '../source/node.ts';
import { parseYaml } from '../source/parse.ts';
import { merge, mergeFiles } from './merge.ts';

function file(text: string): MapNode {
  const root = parseYaml(text, 'f.yaml').roots[0];
  assert.ok(root);
  return canonicalFile(root, { directory: '/app', lookup: () => undefined, report: () => assert.fail('no faults') });
}

/** Merges services written in one line each, and gives the service. */
function service(...texts: readonly string[]): unknown {
  const merged = mergeFiles(texts.map((text) => file(`services: {s: ${text}}`)));
  const found = child(child(merged, 'services'), 's');
  return found === undefined ? undefined : plain(found);
}

const port = (target: number, published: number) => ({ mode: 'ingress', target, published, protocol: 'tcp' });
const volume = (source: string, target: string) => ({ type: 'volume', source, target });

const cases: readonly (readonly [title: string, base: string, over: string, expected: unknown])[] = [
  ['texts are replaced', '{image: a}', '{image: b}', { image: 'b' }],
  [
    'mappings are merged',
    '{deploy: {replicas: 2, mode: global}}',
    '{deploy: {replicas: 3}}',
    { deploy: { replicas: 3, mode: 'global' } },
  ],
  ['lists are appended', '{cap_add: [A]}', '{cap_add: [B, A]}', { cap_add: ['A', 'B'] }],
  ['a text and a list are both lists', '{dns: 1.1.1.1}', '{dns: [8.8.8.8]}', { dns: ['1.1.1.1', '8.8.8.8'] }],
  ['command is replaced', '{command: [a, b]}', '{command: c d}', { command: ['c', 'd'] }],
  ['entrypoint is replaced', '{entrypoint: a}', '{entrypoint: [b]}', { entrypoint: ['b'] }],
  [
    'healthcheck.test is replaced',
    '{healthcheck: {test: a, interval: 1s}}',
    '{healthcheck: {test: [CMD, b]}}',
    { healthcheck: { test: ['CMD', 'b'], interval: '1s' } },
  ],
  [
    'environment as list and mapping',
    '{environment: [A=1, B=1]}',
    '{environment: {B: 2, C: true}}',
    { environment: { A: '1', B: '2', C: 'true' } },
  ],
  [
    'an environment name without value unsets',
    '{environment: {A: 1}}',
    '{environment: [A]}',
    { environment: { A: null } },
  ],
  ['labels as list and mapping', '{labels: {a: 1}}', '{labels: [a=2, b]}', { labels: { a: '2', b: '' } }],
  ['ports are appended', '{ports: ["80:80"]}', '{ports: ["81:80", "80:80"]}', { ports: [port(80, 80), port(80, 81)] }],
  [
    'volumes are unique by target',
    '{volumes: [a:/x, b:/y]}',
    '{volumes: [c:/x, d:/z]}',
    { volumes: [volume('c', '/x'), volume('b', '/y'), volume('d', '/z')] },
  ],
  [
    'secrets are unique by target',
    '{secrets: [a, {source: b, target: t}]}',
    '{secrets: [{source: c, target: t}, a]}',
    { secrets: [{ source: 'a' }, { source: 'c', target: 't' }] },
  ],
  [
    'devices are unique by target',
    '{devices: [/dev/a:/dev/x]}',
    '{devices: ["/dev/b:/dev/x:r"]}',
    { devices: [{ source: '/dev/b', target: '/dev/x', permissions: 'r' }] },
  ],
  [
    'hosts are appended by name',
    '{extra_hosts: ["a:1.1.1.1"]}',
    '{extra_hosts: {a: 2.2.2.2, b: 3.3.3.3}}',
    { extra_hosts: { a: ['1.1.1.1', '2.2.2.2'], b: ['3.3.3.3'] } },
  ],
  [
    'depends_on as list and mapping',
    '{depends_on: [a]}',
    '{depends_on: {a: {condition: service_healthy}}}',
    { depends_on: { a: { condition: 'service_healthy', required: true } } },
  ],
  [
    'networks as list and mapping',
    '{networks: [a]}',
    '{networks: {b: {aliases: [x]}}}',
    { networks: { a: {}, b: { aliases: ['x'] } } },
  ],
  [
    'logging of the same driver is merged',
    '{logging: {driver: x, options: {a: 1}}}',
    '{logging: {options: {b: 2}}}',
    { logging: { driver: 'x', options: { a: 1, b: 2 } } },
  ],
  [
    'logging of another driver is replaced',
    '{logging: {driver: x, options: {a: 1}}}',
    '{logging: {driver: y}}',
    { logging: { driver: 'y' } },
  ],
  [
    'build as text and mapping',
    '{build: /ctx}',
    '{build: {target: prod}}',
    { build: { context: '/ctx', target: 'prod' } },
  ],
  [
    'ulimits',
    '{ulimits: {nofile: 1}}',
    '{ulimits: {nofile: {soft: 2, hard: 3}}}',
    { ulimits: { nofile: { soft: 2, hard: 3 } } },
  ],
  ['null does not take a mapping away', '{deploy: {replicas: 2}}', '{deploy: null}', { deploy: { replicas: 2 } }],
  ['!reset takes away', '{image: a, ports: ["80:80"]}', '{ports: !reset []}', { image: 'a' }],
  ['!reset deep inside', '{environment: {A: 1, B: 2}}', '{environment: {A: !reset null}}', { environment: { B: '2' } }],
  ['!reset of nothing', '{image: a}', '{ports: !reset [], deploy: {replicas: !reset 1}}', { image: 'a', deploy: {} }],
  ['!override replaces a list', '{ports: ["80:80"]}', '{ports: !override ["81:80"]}', { ports: [port(80, 81)] }],
  [
    '!override replaces a mapping',
    '{environment: {A: 1}}',
    '{environment: !override [B=2]}',
    { environment: { B: '2' } },
  ],
  ['!override of nothing', '{image: a}', '{labels: !override {a: 1}}', { image: 'a', labels: { a: '1' } }],
];
for (const [title, base, over, expected] of cases) {
  test(`merge: ${title}`, () => assert.deepEqual(service(base, over), expected));
}

test('merge: ipam configurations are unique by subnet', () => {
  const of = (config: string): MapNode => file(`networks: {n: {ipam: {config: ${config}}}}`);
  const merged = mergeFiles([of('[{subnet: 10.0.0.0/24}]'), of('[{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]')]);
  assert.ok(merged);
  assert.deepEqual(plain(merged), {
    networks: { n: { ipam: { config: [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1' }] } } },
  });
});

test('merge: the place of a value is the one of the file that set it', () => {
  const at = (text: string, name: string): MapNode => parseYaml(text, name).roots[0] as MapNode;
  const merged = merge(at('services: {s: {image: a, user: b}}', 'a.yaml'), at('services: {s: {image: c}}', 'b.yaml'));
  const found = child(child(merged, 'services'), 's');
  assert.equal(child(found, 'image')?.at.file, 'b.yaml');
  assert.equal(child(found, 'user')?.at.file, 'a.yaml');
});

const word = fc.constantFrom('a', 'b', 'c', 'd');
const numberText = fc.integer({ min: 1, max: 9 });
const anyService = fc.record(
  {
    image: word,
    command: fc.oneof(word, fc.array(word)),
    environment: fc.oneof(fc.dictionary(word, fc.oneof(numberText, fc.constant(null))), fc.uniqueArray(word)),
    ports: fc.uniqueArray(fc.tuple(numberText, numberText).map(([a, b]) => `${a}:${b}`)),
    volumes: fc.uniqueArray(
      fc.tuple(word, word).map(([a, b]) => `${a}:/${b}`),
      { selector: (text) => text.split(':')[1] },
    ),
    cap_add: fc.uniqueArray(word),
    dns: fc.oneof(word, fc.uniqueArray(word)),
    labels: fc.dictionary(word, word),
    networks: fc.oneof(fc.uniqueArray(word), fc.dictionary(word, fc.record({ aliases: fc.uniqueArray(word) }))),
    extra_hosts: fc.dictionary(word, fc.uniqueArray(word, { minLength: 1 })),
    // One driver: options go with a driver, so changing it to and fro depends on the order.
    logging: fc.record({ driver: fc.constant('x'), options: fc.dictionary(word, word) }),
    healthcheck: fc.record({ test: fc.oneof(word, fc.array(word)) }),
  },
  { requiredKeys: [] },
);

test('merging a file with itself changes nothing', () => {
  fc.assert(
    fc.property(anyService, (value) => {
      const one = file(JSON.stringify({ services: { s: value } }));
      assert.deepEqual(plain(mergeFiles([one, one]) as MapNode), plain(one));
    }),
  );
});

test('merging with an empty file changes nothing, and merging is associative', () => {
  fc.assert(
    fc.property(anyService, anyService, anyService, (...values) => {
      const [a, b, c] = values.map((value) => file(JSON.stringify({ services: { s: value } }))) as [
        MapNode,
        MapNode,
        MapNode,
      ];
      const empty = file('services: {}');
      assert.deepEqual(plain(mergeFiles([a, empty]) as MapNode), plain(a));
      const left = mergeFiles([mergeFiles([a, b]) as MapNode, c]) as MapNode;
      const right = mergeFiles([a, mergeFiles([b, c]) as MapNode]) as MapNode;
      assert.deepEqual(sorted(plain(left)), sorted(plain(right)));
    }),
  );
});

/** Keys in order; the order of lists counts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
