import { acmeHosts, nextAcmeStep } from '../../core/route/acme.ts';
import type { AcmeFailure, AcmeStep } from '../../core/route/acme.ts';
import type { AcmeSpec } from '../../model/cluster.ts';
import { doorPorts } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import type { SecretId } from '../../model/ids.ts';
import type { Clock, Log, Randomness } from '../../platform/ports.ts';
import { certificateFault } from '../../rpc/certificates/pair.ts';
import { createHostRequest } from '../../rpc/certificates/request.ts';
import type { Store } from '../../store/store.ts';
import { newRow } from '../commands/context.ts';
import { clusterOf } from '../commands/cluster.ts';
import { routeSources } from '../routes.ts';
import { isDoorNode } from '../service/door-nodes.ts';
import { accountKey, acmeCertificates, chainFault, keepCertificate } from './certificates.ts';
import { AcmeRefusal, orderCertificate } from './client.ts';
import type { HttpsRequest } from './client.ts';
import { thumbprint } from './jose.ts';

export interface AcmePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Pick<Randomness, 'id'>;
  readonly log: Log;
  readonly https: HttpsRequest;
  /** What a front door answers a plain request with; undefined: nothing that counts. */
  readonly ask: (
    request: { readonly address: string; readonly port: number; readonly host: string; readonly path: string },
    signal: AbortSignal,
  ) => Promise<string | undefined>;
  /** Told why hosts have no certificate, or no new one; by host. */
  readonly problems: Map<string, string>;
}

/** Changes of these may be one of who wants a certificate. */
const watched = new Set(['cluster', 'service', 'route', 'secret']);
const orderMs = 5 * 60_000;
const longestWaitMs = 3_600_000;
/** How long nodes may take until all of them answer a challenge. */
const readyMs = 20_000;
const askMs = 100;

/**
 * Gets certificates for the hosts of routes with `tls: acme`, one after the other, and new ones before they end. The account
 * and the certificates are secrets of the cluster. What fails is tried again with growing pauses.
 */
export const startAcme = (ports: AcmePorts): AsyncDisposable => {
  const { store, clock, log, problems } = ports;
  const stop = new AbortController();
  const failures = new Map<string, AcmeFailure>();
  let changed = Promise.withResolvers<void>();
  const subscription = store.subscribe(({ changes }) => {
    if (changes.some(({ table }) => watched.has(table))) changed.resolve();
  });
  const row = () => newRow<SecretId>(ports);

  const next = (acme: AcmeSpec | undefined): AcmeStep => {
    const hosts = acmeHosts(routeSources(store.view).map(({ spec }) => spec));
    const wanted = new Set(hosts);
    for (const host of problems.keys()) if (!wanted.has(host)) problems.delete(host);
    for (const host of failures.keys()) if (!wanted.has(host)) failures.delete(host);
    if (acme === undefined) {
      for (const host of hosts) problems.set(host, 'no directory of ACME is set: "tutti door acme --directory URL"');
      return { kind: 'wait' };
    }
    const certificates = acmeCertificates(store.view);
    return nextAcmeStep({ directory: acme.directory, hosts, certificates, failures }, clock.now());
  };

  const attempt = async (acme: AcmeSpec, host: string): Promise<void> => {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(orderMs)]);
    const { directory, authority, email } = acme;
    try {
      const { value: key } = await store.update((transaction) => accountKey(transaction, directory, row));
      const { key: certificateKey, request } = await createHostRequest(host);
      const chain = await orderCertificate(
        ports,
        {
          account: { directory, key, authority },
          email,
          host,
          request,
          prepare: async (token) => await everyDoorAnswers(ports, host, token, thumbprint(key), signal),
        },
        signal,
      );
      const pem = `${chain.trim()}\n${certificateKey}`;
      const fault = chainFault(chain, host, clock.now()) ?? certificateFault(pem);
      if (fault !== undefined) throw new AcmeRefusal(`the authority gives a certificate that cannot be used: ${fault}`);
      await store.update((transaction) => keepCertificate(transaction, { host, directory, pem }, row));
      failures.delete(host);
      problems.delete(host);
      log.info('a certificate was issued', { host, directory });
    } catch (thrown) {
      stop.signal.throwIfAborted();
      const reason = thrown instanceof AcmeRefusal ? thrown.message : TuttiError.from(thrown).message;
      const notBefore = thrown instanceof AcmeRefusal ? thrown.notBefore : undefined;
      failures.set(host, { count: (failures.get(host)?.count ?? 0) + 1, at: clock.now(), notBefore });
      problems.set(host, `${new URL(directory).host} has issued no certificate: ${reason}`);
      log.warn('no certificate was issued', { host, directory, reason });
    }
  };

  const run = async (): Promise<void> => {
    for (;;) {
      const { acme } = clusterOf(store.view).spec.door ?? {};
      const step = next(acme);
      if (acme !== undefined && step.kind === 'order') {
        await attempt(acme, step.host);
        continue;
      }
      const waitMs = step.kind === 'wait' && step.until !== undefined ? step.until - clock.now() : longestWaitMs;
      const awake = new AbortController();
      const until = clock.sleep(Math.min(waitMs, longestWaitMs), AbortSignal.any([stop.signal, awake.signal]));
      until.catch(() => undefined);
      await Promise.race([until, changed.promise]);
      awake.abort();
      changed = Promise.withResolvers();
    }
  };
  const running = run().catch((error: unknown) => {
    if (!stop.signal.aborted) log.error('certificates by ACME are got no more', { error: String(error) });
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      subscription[Symbol.dispose]();
      await running;
    },
  };
};

/**
 * Waits until every node that runs the front door gives the right answer: an authority asks once, and any of them. One that
 * cannot be asked from here is no reason not to try.
 */
const everyDoorAnswers = async (
  { store, clock, ask, log }: AcmePorts,
  host: string,
  token: string,
  print: string,
  signal: AbortSignal,
): Promise<void> => {
  const cluster = clusterOf(store.view);
  const { http: port } = doorPorts(cluster.spec);
  const nodes = Array.from(store.view.list('node')).filter(
    (node) => isDoorNode(cluster, node) && store.view.get('nodeStatus', node.id)?.state === 'ready',
  );
  const path = `/.well-known/acme-challenge/${token}`;
  const until = clock.now() + readyMs;
  let silent = nodes.flatMap(({ description }) => description?.address ?? []);
  for (;;) {
    const answers = await Promise.all(
      silent.map(async (address) => (await ask({ address, port, host, path }, signal)) === `${token}.${print}`),
    );
    silent = silent.filter((_, index) => answers[index] !== true);
    if (silent.length === 0) return;
    if (clock.now() > until)
      return log.warn('not every front door answers a challenge', { host, nodes: silent.join(' ') });
    await clock.sleep(askMs, signal);
  }
};
