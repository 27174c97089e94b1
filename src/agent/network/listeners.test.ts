import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findListeners, parseListeners } from './listeners.ts';

/** As iproute2 6.1 prints it. */
const listing = `tcp   LISTEN 0      4096       127.0.0.1:5432      0.0.0.0:*    users:(("postgres",pid=812,fd=5),("postgres",pid=813,fd=5))
tcp   LISTEN 0      4096         0.0.0.0:8080      0.0.0.0:*    users:(("docker-proxy",pid=90,fd=4))
tcp   LISTEN 0      4096               *:22              *:*    users:(("sshd",pid=1,fd=3))
tcp   LISTEN 0      4096            [::]:80           [::]:*
udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*    users:(("named",pid=7,fd=3))
udp   UNCONN 0      0         10.128.1.1:53        0.0.0.0:*    users:(("tutti",pid=9,fd=3))
udp   UNCONN 0      0            0.0.0.0:45000     0.0.0.0:*    users:(("chronyd",pid=8,fd=3))
tcp   LISTEN 0      4096               *:22              *:*    users:(("sshd",pid=1,fd=4))
`;

test('who listens where', () => {
  assert.deepEqual(
    parseListeners(listing).map(({ protocol, address, port, process }) => [protocol, address, port, process]),
    [
      ['tcp', '127.0.0.1', 5432, 'postgres (process 812)'],
      ['tcp', '0.0.0.0', 8080, 'docker-proxy (process 90)'],
      ['tcp', '', 22, 'sshd (process 1)'],
      ['tcp', '::', 80, ''],
      ['udp', '127.0.0.53', 53, 'named (process 7)'],
      ['udp', '10.128.1.1', 53, 'tutti (process 9)'],
    ],
  );
});

test('only of the ports asked for, without containers and the resolver; processes are looked up where there are any', async () => {
  const ran: string[] = [];
  const exec = async (_: string, [options = '']: readonly string[]) => {
    ran.push(options);
    return await Promise.resolve({ code: 0, stdout: listing, stderr: '' });
  };
  const ports = { exec, gateways: () => ['10.128.1.1'] };
  const { signal } = new AbortController();
  const found = await findListeners(ports, [22, 53, 8080], signal);
  assert.deepEqual(
    found.map(({ port, address }) => `${address}:${port}`),
    [':22', '127.0.0.53:53'],
  );
  assert.deepEqual(ran.splice(0), ['-Hlntu', '-Hlntup']);
  assert.deepEqual(await findListeners(ports, [443], signal), []);
  assert.deepEqual(ran, ['-Hlntu']);
});
