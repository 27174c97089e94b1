import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPortKey, HostPorts, parseHostPort } from './host-port.ts';

test('ports have one text each', () => {
  const given: readonly (readonly [string, string, string])[] = [
    ['tcp', '', '080'],
    ['UDP', '127.0.0.1', '53'],
    ['tcp', '0:0:0:0:0:0:0:1', '80'],
    ['tcp', '[::]', '80'],
    ['sctp', '', '8000-8010'],
    ['tcp', '', '80-80'],
  ];
  assert.deepEqual(
    given.map((one) => hostPortKey(...one)),
    ['tcp/80', 'udp/127.0.0.1:53', 'tcp/[::1]:80', 'tcp/[::]:80', 'sctp/8000-8010', 'tcp/80'],
  );
  for (const none of ['', '0', '70000', '10-5', 'http', '1-'])
    assert.equal(hostPortKey('tcp', '', none), undefined, none);
  assert.deepEqual(parseHostPort('tcp/[::1]:80-81'), { protocol: 'tcp', address: '::1', first: 80, last: 81 });
  assert.equal(parseHostPort('eighty'), undefined);
});

test('a port is taken at the addresses that meet', () => {
  const cases: readonly (readonly [taken: string, wanted: string, conflict: boolean])[] = [
    ['tcp/80', 'tcp/80', true],
    ['tcp/80', 'tcp/127.0.0.1:80', true],
    ['tcp/80', 'tcp/[::1]:80', true],
    ['tcp/80', 'udp/80', false],
    ['tcp/80', 'sctp/80', false],
    ['tcp/127.0.0.1:80', 'tcp/127.0.0.1:80', true],
    ['tcp/127.0.0.1:80', 'tcp/10.0.0.1:80', false],
    ['tcp/0.0.0.0:80', 'tcp/10.0.0.1:80', true],
    ['tcp/0.0.0.0:80', 'tcp/[::1]:80', false],
    ['tcp/0.0.0.0:80', 'tcp/[::]:80', false],
    ['tcp/[::]:80', 'tcp/[fd00::1]:80', true],
    ['tcp/80', 'tcp/80-80', true],
    ['tcp/80', 'tcp/80-81', false],
    ['tcp/80-81', 'tcp/80', false],
  ];
  for (const [taken, wanted, conflict] of cases) {
    assert.equal(new HostPorts([taken]).has(wanted), conflict, `${taken} ${wanted}`);
    if (!taken.includes('-') && !wanted.includes('-'))
      assert.equal(new HostPorts([wanted]).has(taken), conflict, `${wanted} ${taken}`);
  }
  assert.ok(new HostPorts(['tcp/80', 'tcp/127.0.0.1:81']).has('tcp/80-81'));
});

test('of a range each takes one, whichever that is', () => {
  const ports = new HostPorts(['tcp/80-82', 'tcp/81']);
  assert.ok(!ports.has('tcp/80-82'));
  ports.count('tcp/80-82', 1);
  assert.ok(ports.has('tcp/80-82'));
  assert.ok(!ports.has('tcp/82'));
  ports.count('tcp/81', -1);
  assert.ok(!ports.has('tcp/80-82'));
});

test('a port is free when the last who has it is gone', () => {
  const ports = new HostPorts(['tcp/80', 'tcp/80']);
  ports.count('tcp/80', -1);
  assert.ok(ports.has('tcp/80'));
  ports.count('tcp/80', -1);
  assert.ok(!ports.has('tcp/80'));
});
