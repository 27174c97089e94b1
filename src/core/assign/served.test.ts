import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SingleContainer } from '../../model/single-container.ts';
import { servedBy, servedByContainer } from './served.ts';

test('a service answers on what it publishes, by name too, and on what it exposes', () => {
  const task = {
    containers: [
      {
        name: 'main',
        image: 'web',
        expose: [
          { protocol: 'tcp' as const, port: 80 },
          { protocol: 'udp' as const, port: 53 },
        ],
      },
    ],
  };
  const ports = [
    { protocol: 'tcp' as const, target: 80, published: 8080, mode: 'ingress' as const, name: 'http' },
    { protocol: 'tcp' as const, target: 443, mode: 'host' as const },
  ];
  assert.deepEqual(servedBy({ task, endpoint: { ports } }), [
    { protocol: 'tcp', port: 80, name: 'http' },
    { protocol: 'tcp', port: 443 },
    { protocol: 'udp', port: 53 },
  ]);
  assert.deepEqual(servedBy({ task: { containers: [] } }), []);
});

test('a container answers on what it exposes and publishes, whatever its request looks like', () => {
  const of = (request: Record<string, unknown>) => servedByContainer({ request } as unknown as SingleContainer['spec']);
  assert.deepEqual(
    of({
      ExposedPorts: { '80/tcp': {}, '70000/tcp': {}, '1-9/tcp': {} },
      HostConfig: { PortBindings: { '80/tcp': [], '53/udp': [] } },
    }),
    {
      ports: [
        { protocol: 'tcp', port: 80 },
        { protocol: 'udp', port: 53 },
      ],
    },
  );
  assert.deepEqual(of({ ExposedPorts: null, HostConfig: 'x' }), {});
});
