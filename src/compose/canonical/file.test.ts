import assert from 'node:assert/strict';
import test from 'node:test';
import { child, plain } from '../source/node.ts';
import { parseYaml } from '../source/parse.ts';
import { formatProblem, problem } from '../source/problem.ts';
import { canonicalFile } from './file.ts';

function canonical(text: string) {
  const root = parseYaml(text, 'f.yaml').roots[0];
  assert.ok(root);
  const faults: string[] = [];
  const lookup = (name: string): string | undefined => ({ HOME: '/root', SET: 'value' })[name];
  const result = canonicalFile(root, {
    directory: '/app',
    lookup,
    report: (at, path, message) => faults.push(formatProblem(problem(at, path, message))),
  });
  return { result, faults };
}

function field(key: string, text: string) {
  const { result, faults } = canonical(`services: {s: {${key}: ${text}}}`);
  const found = child(child(child(result, 'services'), 's'), key);
  return { value: found === undefined ? undefined : plain(found), faults };
}

const p = (target: number, published?: number | string, more: object = {}) => ({
  mode: 'ingress',
  target,
  protocol: 'tcp',
  ...(published === undefined ? {} : { published }),
  ...more,
});
const v = (target: string, source?: string, more: object = {}) => ({
  type: 'volume',
  target,
  ...(source === undefined ? {} : { source }),
  ...more,
});
const b = (target: string, source: string, more: object = {}) => ({
  type: 'bind',
  target,
  source,
  bind: { create_host_path: true, ...more },
});

const cases: readonly (readonly [key: string, text: string, expected: unknown])[] = [
  ['ports', '[80]', [p(80)]],
  ['ports', '["8080:80"]', [p(80, 8080)]],
  ['ports', '["53:53/udp"]', [p(53, 53, { protocol: 'udp' })]],
  ['ports', '["53:53/UDP"]', [p(53, 53, { protocol: 'udp' })]],
  ['ports', '["3000-3002"]', [p(3000), p(3001), p(3002)]],
  ['ports', '["9000-9001:80-81"]', [p(80, 9000), p(81, 9001)]],
  ['ports', '["9000-9005:80"]', [p(80, '9000-9005')]],
  ['ports', '["127.0.0.1:8001:8001"]', [p(8001, 8001, { host_ip: '127.0.0.1' })]],
  ['ports', '["127.0.0.1::80"]', [p(80, undefined, { host_ip: '127.0.0.1' })]],
  ['ports', '["[::1]:6000:80"]', [p(80, 6000, { host_ip: '::1' })]],
  [
    'ports',
    '["127.0.0.1:5000-5001:5000-5001/tcp"]',
    [p(5000, 5000, { host_ip: '127.0.0.1' }), p(5001, 5001, { host_ip: '127.0.0.1' })],
  ],
  ['ports', '[{target: 80, published: "8080", mode: host, name: web}]', [p(80, 8080, { mode: 'host', name: 'web' })]],
  ['ports', '[{target: 80}]', [p(80)]],
  ['ports', '[{target: "80-81", published: "90-91"}]', [p(80, 90), p(81, 91)]],
  ['volumes', '[/data]', [v('/data')]],
  ['volumes', '["data:/data"]', [v('/data', 'data')]],
  ['volumes', '["data:/data:ro"]', [v('/data', 'data', { read_only: true })]],
  ['volumes', '["data:/data:ro,nocopy"]', [v('/data', 'data', { read_only: true, volume: { nocopy: true } })]],
  ['volumes', '["./x:/data"]', [b('/data', '/app/x')]],
  ['volumes', '["../x:/data:rw"]', [b('/data', '/x')]],
  ['volumes', '["~/x:/data"]', [b('/data', '/root/x')]],
  ['volumes', '[".:/data:z,rslave"]', [b('/data', '/app', { selinux: 'z', propagation: 'rslave' })]],
  ['volumes', '["/var/run/docker.sock:/var/run/docker.sock"]', [b('/var/run/docker.sock', '/var/run/docker.sock')]],
  ['volumes', "['C:\\x:/data:ro']", [{ ...b('/data', 'C:\\x'), read_only: true }]],
  ['volumes', '[{type: bind, source: ./x, target: /y}]', [{ type: 'bind', source: '/app/x', target: '/y' }]],
  ['environment', '[A=1, B=, C, SET]', { A: '1', B: '', C: null, SET: 'value' }],
  [
    'environment',
    '{A: 1, B: "", C: null, SET: null, D: true, E: 1.10}',
    { A: '1', B: '', C: null, SET: 'value', D: 'true', E: '1.1' },
  ],
  ['labels', '[a=b=c, d]', { a: 'b=c', d: '' }],
  ['command', 'a "b c"', ['a', 'b c']],
  ['command', '[]', []],
  ['env_file', './a.env', [{ path: '/app/a.env' }]],
  [
    'env_file',
    '[a.env, {path: /b.env, required: false}]',
    [{ path: '/app/a.env' }, { path: '/b.env', required: false }],
  ],
  ['depends_on', '[a]', { a: { condition: 'service_started', required: true } }],
  ['networks', '{a: null}', { a: {} }],
  ['extra_hosts', '["a:1.2.3.4", "a=::1", "b:[::2]"]', { a: ['1.2.3.4', '::1'], b: ['::2'] }],
  [
    'devices',
    '["/dev/a", "/dev/b:rw", "/dev/c:/dev/d"]',
    [
      { source: '/dev/a', target: '/dev/a', permissions: 'rwm' },
      { source: '/dev/b', target: '/dev/b', permissions: 'rw' },
      { source: '/dev/c', target: '/dev/d', permissions: 'rwm' },
    ],
  ],
  ['ulimits', '{nofile: 5, core: {soft: 1, hard: -1}}', { nofile: { soft: 5, hard: 5 }, core: { soft: 1, hard: -1 } }],
  ['healthcheck', '{test: curl x}', { test: ['CMD-SHELL', 'curl x'] }],
  ['tmpfs', '/run', ['/run']],
  ['gpus', 'all', [{ count: 'all' }]],
  ['build', '.', { context: '/app' }],
  ['build', 'https://example.org/x.git', { context: 'https://example.org/x.git' }],
  ['secrets', '[a, {source: b, mode: 0400}]', [{ source: 'a' }, { source: 'b', mode: 0o400 }]],
  ['extends', 'a', { service: 'a' }],
];
for (const [key, text, expected] of cases) {
  test(`long form of ${key}: ${text}`, () => {
    const { value, faults } = field(key, text);
    assert.deepEqual(faults, []);
    assert.deepEqual(value, expected);
  });
}

const faults: readonly (readonly [key: string, text: string, expected: RegExp])[] = [
  ['ports', '["80:"]', /f\.yaml:1:\d+: services\.s\.ports\[0\]: .*not a/],
  ['ports', '["abc"]', /"abc" is not a container port/],
  ['ports', '["70000:80"]', /between 1 and 65535/],
  ['ports', '[0]', /between 1 and 65535/],
  ['ports', '["90-80:90-80"]', /ends before it begins/],
  ['ports', '["1-3:1-2"]', /different lengths/],
  ['ports', '["80/icmp"]', /tcp, udp or sctp/],
  ['ports', '[{published: 80}]', /"target".*missing/],
  ['ports', '[{target: 80, mode: hots}]', /ingress or host/],
  ['volumes', '["a:/b:rx"]', /unknown volume option "rx"; allowed are ro, rw/],
  ['volumes', '["a:/b:ro:x"]', /is not a volume/],
  ['volumes', '[":/b"]', /is not a volume/],
  ['extra_hosts', '["a"]', /host:address/],
  ['command', '"a \'b"', /quote ' is not closed/],
];
for (const [key, text, expected] of faults) {
  test(`refused: ${key} ${text}`, () => assert.match(field(key, text).faults[0] ?? '', expected));
}

test('resources of old files', () => {
  const { result } = canonical(
    'networks: {a: {external: {name: b}}, c: }\nvolumes: {d: {external: true, labels: [x=y]}}',
  );
  assert.deepEqual(plain(result), {
    networks: { a: { external: true, name: 'b' }, c: {} },
    volumes: { d: { external: true, labels: { x: 'y' } } },
  });
});
