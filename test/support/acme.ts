import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'dns-packet';
import { run } from '../../src/dev/run.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { until } from './until.ts';

export interface AcmeServer extends AsyncDisposable {
  /** URL of its directory. */
  readonly directory: string;
  /** PEM of whom to trust as it. */
  readonly authority: string;
}

/** A name server that says of every name that it is at this address. */
const nameServer = async (address: string): Promise<AsyncDisposable & { readonly port: number }> => {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address: asker }) => {
    const { id = 0, questions = [] } = decode(message);
    const answers = questions.flatMap(({ name, type }) =>
      type === 'A' ? [{ type: 'A' as const, name, ttl: 1, data: address }] : [],
    );
    socket.send(encode({ type: 'response', id, flags: 0x180, questions, answers }), port, asker);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => await new Promise((closed) => socket.close(() => closed())),
  };
};

/**
 * Pebble, the ACME server that Let's Encrypt tests clients with, on this machine's address. It takes every name to be at
 * `target`, looks at port 80 there, and refuses one nonce in twenty. Needs Debian's package of that name.
 */
export const startPebble = async (address: string, target: string): Promise<AcmeServer> => {
  await using parts = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'tutti-acme-'));
  parts.defer(async () => await rm(home, { recursive: true, force: true }));
  const key = join(home, 'key.pem');
  const certificate = join(home, 'certificate.pem');
  const made = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=acme'.split(' ');
  const files = ['-keyout', key, '-out', certificate];
  await run(systemExec, ['openssl', 'req', ...made, '-addext', `subjectAltName=IP:${address}`, ...files]);
  const names = parts.use(await nameServer(target));
  const config = join(home, 'pebble.json');
  const listenAddress = `${address}:14000`;
  const pebble = {
    listenAddress,
    managementListenAddress: `${address}:15000`,
    certificate,
    privateKey: key,
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  };
  await writeFile(config, JSON.stringify({ pebble }));
  const child = spawn('pebble', ['-config', config, '-dnsserver', `127.0.0.1:${names.port}`], {
    stdio: 'ignore',
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '5' },
  });
  parts.defer(async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  const directory = `https://${listenAddress}/dir`;
  const ask = async () => (await systemExec('curl', ['-fsm', '2', '--cacert', certificate, directory])).code;
  await until('the ACME server answers', ask, (code) => code === 0, { everyMs: 50 });
  const authority = await readFile(certificate, 'utf8');
  const kept = parts.move();
  return { directory, authority, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
};
