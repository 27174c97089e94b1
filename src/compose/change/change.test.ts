import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlanStep } from '../../model/native.ts';
import { composeChanges } from './change.ts';
import { composeValue } from './value.ts';

type Text = string | undefined;
const main = 'task.containers[main]';

const cases: readonly (readonly [path: string, before: Text, after: Text, line: string])[] = [
  [`${main}.image`, 'a', 'b', 'image: a -> b'],
  [`${main}.stopGraceMs`, '10000', '90000', 'stop_grace_period: 10s -> 1m30s'],
  [`${main}.env[A]`, 'A=1', 'A=x=y', 'environment.A: 1 -> x=y'],
  [`${main}.env[PASSWORD]`, '(not shown)', '(not shown)', 'environment.PASSWORD: (not shown) -> (not shown)'],
  [`${main}.labels.com.example.a`, undefined, 'x', 'labels.com.example.a: undefined -> x'],
  [`${main}.resources.limits.memoryBytes`, '67108864', '1000', 'deploy.resources.limits.memory: 64M -> 1000'],
  [`${main}.resources.limits.nanoCpus`, '500000000', undefined, 'deploy.resources.limits.cpus: 0.5 -> undefined'],
  [`${main}.mounts[/data].readOnly`, undefined, 'true', 'volumes[/data].read_only: undefined -> true'],
  [`${main}.mounts[/t].bind.nonRecursive`, undefined, 'true', 'volumes[/t].bind.recursive: undefined -> disabled'],
  [`${main}.secrets[shop_pw].mode`, '288', undefined, 'secrets[shop_pw].mode: 0440 -> undefined'],
  [`${main}.healthcheck.test`, '["NONE"]', undefined, 'healthcheck.test: ["NONE"] -> undefined'],
  ['task.networks[shop_back].aliases', '["a"]', '["b"]', 'networks.back.aliases: ["a"] -> ["b"]'],
  ['task.networks[else_back].aliases', '["a"]', '["b"]', 'networks.else_back.aliases: ["a"] -> ["b"]'],
  ['endpoint.ports[80].published', '8080', '8081', 'ports[80].published: 8080 -> 8081'],
  ['endpoint.ports[80].hostAddress', '1.1.1.1', undefined, 'ports[80].host_ip: 1.1.1.1 -> undefined'],
  ['dependsOn[shop_db].condition', 'started', 'healthy', 'depends_on.db.condition: service_started -> service_healthy'],
  ['mode.replicas', '1', '2', 'deploy.replicas: 1 -> 2'],
  ['update.delayMs', '0', '500', 'deploy.update_config.delay: 0s -> 500ms'],
  ['labels.a', 'x', undefined, 'deploy.labels.a: x -> undefined'],
  ['task.forceUpdate', '1', '2', 'task.forceUpdate: 1 -> 2'],
];

for (const [path, before, after, line] of cases) {
  test(`a changed ${path} is written as Compose has it`, () => {
    const change = { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
    const step: PlanStep = { kind: 'update', object: 'service', name: 'shop_web', changes: [change] };
    assert.deepEqual(
      composeChanges('shop', step).map((one) => `${one.path}: ${one.before} -> ${one.after}`),
      [line],
    );
  });
}

test('one key is named once, and the image not a second time as a label', () => {
  const twice = ['mode.maxConcurrent', 'mode.totalCompletions', `${main}.image`, 'labels.com.docker.stack.image'];
  const changes = twice.map((path) => ({ path, before: '1', after: '2' }));
  const step: PlanStep = { kind: 'update', object: 'service', name: 'shop_web', changes };
  assert.deepEqual(
    composeChanges('shop', step).map(({ path }) => path),
    ['deploy.replicas', 'image'],
  );
});

test('networks, secrets and configs have keys of their own', () => {
  const path = (object: PlanStep['object'], from: string) =>
    composeChanges('shop', { kind: 'update', object, name: 'x', changes: [{ path: from }] })[0]?.path;
  assert.equal(path('network', 'ipam.configs[10.0.0.0/24].ipRange'), 'ipam.config[10.0.0.0/24].ip_range');
  assert.equal(path('network', 'labels.a'), 'labels.a');
  assert.equal(path('secret', 'data'), 'content');
});

test('values that are no quantities stay as they are', () => {
  for (const text of ['(not shown)', '-1', '', '{"a":1}']) assert.equal(composeValue(text, 'bytes'), text);
  assert.equal(composeValue('3661001.5', 'duration'), '1h1m1s1.5ms');
  assert.equal(composeValue(String(3 * 2 ** 30), 'bytes'), '3G');
});
