import assert from 'node:assert/strict';
import { X509Certificate, createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { silentLog } from '../../platform/log.ts';
import { loadX509, signingAlgorithm } from '../../rpc/certificates/x509.ts';
import { TestCluster, countingRandomness } from '../testing/cluster.ts';
import { acmeCertificates } from './certificates.ts';
import type { HttpsAnswer, HttpsRequest } from './client.ts';
import { startAcme } from './keeper.ts';

const directory = 'https://acme.example/directory';
const minute = 60_000;

/** An authority in memory that checks what it is sent as RFC 8555 asks for, and issues certificates for 90 minutes. */
const authority = (now: () => number, ask: (host: string, token: string) => Promise<string | undefined>) => {
  const said = { orders: 0, accounts: 0, refuse: undefined as HttpsAnswer | undefined, badNonces: 0, after: '' };
  const nonces = new Set<string>();
  let count = 0;
  let jwk: Record<string, string> = {};
  const orders = new Map<string, { host: string; proven: boolean; chain?: string }>();
  const nonce = (): Record<string, string> => {
    const value = `nonce${(count += 1)}`;
    nonces.add(value);
    return { 'replay-nonce': value };
  };
  const answer = (status: number, value: unknown, headers: Record<string, string> = {}): HttpsAnswer => ({
    status,
    headers: { ...nonce(), ...headers },
    body: typeof value === 'string' ? value : JSON.stringify(value),
  });
  const problem = (status: number, type: string, detail: string) =>
    answer(status, { type: `urn:ietf:params:acme:error:${type}`, detail });
  const shown = (id: string) => {
    const order = orders.get(id);
    const status = order?.chain !== undefined ? 'valid' : order?.proven === true ? 'ready' : 'pending';
    const urls = {
      authorizations: [`https://acme.example/authz/${id}`],
      finalize: `https://acme.example/finalize/${id}`,
    };
    return { status, ...urls, ...(order?.chain !== undefined && { certificate: `https://acme.example/cert/${id}` }) };
  };
  const issue = async (csr: string): Promise<string> => {
    const x509 = await loadX509();
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'));
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: '01',
      subject: 'CN=x',
      issuer: 'CN=ca',
      notBefore: new Date(now()),
      notAfter: new Date(now() + 90 * minute),
      publicKey: await request.publicKey.export(),
      signingKey: keys.privateKey,
      signingAlgorithm,
      extensions: request.extensions,
    });
    return `${certificate.toString('pem')}\n`;
  };
  const https: HttpsRequest = async ({ method, url, body = '' }) => {
    const [, what = '', id = ''] = new URL(url).pathname.split('/');
    if (what === 'directory') {
      return answer(
        200,
        Object.fromEntries(
          ['newNonce', 'newAccount', 'newOrder'].map((name) => [name, `https://acme.example/${name}`]),
        ),
      );
    }
    if (method === 'HEAD') return answer(200, '');
    const { protected: header, payload, signature } = JSON.parse(body) as Record<string, string>;
    const head = JSON.parse(Buffer.from(header ?? '', 'base64url').toString()) as Record<string, never>;
    assert.equal(head['url'], url);
    if (!nonces.delete(head['nonce'] ?? '') || (said.badNonces -= 1) >= 0) return problem(400, 'badNonce', 'again');
    jwk = head['jwk'] ?? jwk;
    assert.ok(head['jwk'] !== undefined || head['kid'] === 'https://acme.example/account/1');
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
    assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature ?? '', 'base64url')));
    const read = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString() || 'null');
    switch (what) {
      case 'newAccount':
        said.accounts += 1;
        assert.deepEqual(read, { termsOfServiceAgreed: true, contact: ['mailto:me@shop.example'] });
        return answer(201, {}, { location: 'https://acme.example/account/1' });
      case 'newOrder': {
        said.orders += 1;
        if (said.refuse !== undefined) return { ...said.refuse, headers: { ...said.refuse.headers, ...nonce() } };
        const key = String(said.orders);
        orders.set(key, { host: read.identifiers[0].value, proven: false });
        return answer(201, shown(key), { location: `https://acme.example/order/${key}` });
      }
      case 'authz': {
        const status = orders.get(id)?.proven === true ? 'valid' : 'pending';
        return answer(200, {
          status,
          challenges: [{ type: 'http-01', url: `https://acme.example/challenge/${id}`, token: `token-${id}` }],
        });
      }
      case 'challenge': {
        const order = orders.get(id);
        const print = createHash('sha256')
          .update(JSON.stringify({ crv: jwk['crv'], kty: jwk['kty'], x: jwk['x'], y: jwk['y'] }))
          .digest('base64url');
        if (order !== undefined) order.proven = (await ask(order.host, `token-${id}`)) === `token-${id}.${print}`;
        return answer(200, {});
      }
      case 'finalize': {
        const order = orders.get(id);
        if (order !== undefined) order.chain = await issue(read.csr);
        return answer(200, shown(id));
      }
      case 'order':
        return answer(200, shown(id));
      default:
        return answer(200, `${orders.get(id)?.chain ?? ''}${said.after}`);
    }
  };
  return { https, said };
};

const start = async () => {
  const cluster = await TestCluster.start({ nodes: 2 });
  const { store, clock } = cluster;
  const problems = new Map<string, string>();
  /** As the proxies do: from the account's thumbprint alone. */
  const answerOf = async (token: string): Promise<string | undefined> => {
    const prints = Array.from(store.view.list('secret')).flatMap(
      ({ spec }) => spec.labels?.['tutti.acme.thumbprint'] ?? [],
    );
    return prints[0] && `${token}.${prints[0]}`;
  };
  const asked: string[] = [];
  const { https, said } = authority(
    () => clock.now(),
    async (_host, token) => await answerOf(token),
  );
  const ask = async ({ host, path }: { readonly host: string; readonly path: string }) => {
    asked.push(host);
    return await answerOf(path.split('/').at(-1) ?? '');
  };
  const keeper = startAcme({ store, clock, random: countingRandomness(9), log: silentLog, https, ask, problems });
  const settle = async (done: () => boolean, stepMs = 100): Promise<void> => {
    for (let turn = 0; turn < 2_000 && !done(); turn += 1) {
      await setImmediate();
      if (turn % 20 !== 19) continue;
      // Keys are made by other threads, which a busy machine lets wait.
      await setTimeout(2);
      clock.advance(stepMs);
    }
    assert.ok(done());
  };
  return { cluster, keeper, said, problems, asked, settle, found: () => acmeCertificates(store.view) };
};

const acme = { directory, email: 'me@shop.example' };
const route = {
  match: { host: 'shop.example', path: '/' },
  action: { kind: 'redirect', to: 'https://x.y' },
  options: { tls: 'acme' },
} as const;

test('a route with tls: acme gets a certificate, a new one in time, and only the last is kept', async () => {
  const { cluster, keeper, said, problems, found, settle, asked } = await start();
  await using parts = new AsyncDisposableStack();
  parts.use(cluster);
  parts.use(keeper);
  const { commands, queries } = cluster.manager;
  await commands.addRoute(route);
  await settle(() => problems.get('shop.example')?.includes('tutti door acme') === true);
  said.badNonces = 1;
  await commands.changeDoor({ acme });
  await settle(() => found().size === 1);
  const first = found().get('shop.example');
  const pem = Buffer.from(queries.secret(first?.secretId ?? '').spec.data, 'base64').toString();
  assert.equal(new X509Certificate(pem).checkHost('shop.example'), 'shop.example');
  assert.match(pem, /PRIVATE KEY/);
  assert.ok(asked.length > 0, 'the front doors were asked before the authority was told to');
  assert.equal(problems.size, 0);
  cluster.clock.advance(59 * minute);
  await setImmediate();
  assert.equal(said.orders, 1);
  await settle(() => said.orders === 2 && found().get('shop.example')?.secretId !== first?.secretId, 10_000);
  assert.equal(queries.secrets().length, 2, 'the account and one certificate');
});

test('what an authority refuses is said, and tried again with growing pauses', async () => {
  const { cluster, keeper, said, problems, found, settle } = await start();
  await using parts = new AsyncDisposableStack();
  parts.use(cluster);
  parts.use(keeper);
  const { commands } = cluster.manager;
  const refusal = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many certificates' };
  said.refuse = { status: 429, headers: { 'retry-after': '600' }, body: JSON.stringify(refusal) };
  await commands.changeDoor({ acme });
  await commands.addRoute(route);
  await settle(() => problems.size === 1);
  assert.equal(
    problems.get('shop.example'),
    'acme.example has issued no certificate: too many certificates (rateLimited)',
  );
  cluster.clock.advance(590_000);
  await setImmediate();
  assert.equal(said.orders, 1);
  said.refuse = undefined;
  await settle(() => found().size === 1, 1_000);
  assert.equal(said.orders, 2);
  assert.equal(problems.size, 0);
});

test('a certificate that proxies would not take is not kept', async () => {
  const { cluster, keeper, said, problems, found, settle } = await start();
  await using parts = new AsyncDisposableStack();
  parts.use(cluster);
  parts.use(keeper);
  said.after = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  await cluster.manager.commands.changeDoor({ acme });
  await cluster.manager.commands.addRoute(route);
  await settle(() => problems.size === 1);
  assert.match(problems.get('shop.example') ?? '', /gives a certificate that cannot be used: TLS does not take/);
  assert.equal(found().size, 0);
});
