import { clusterOf } from '../commands/cluster.ts';
import type { Cluster } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Node } from '../../model/node.ts';
import type { Clock, Log, Timer } from '../../platform/ports.ts';
import { formatRenewPath } from '../../rpc/renew.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { Store, Transaction } from '../../store/store.ts';
import { tlsNow } from './trust.ts';

export interface RotationPorts {
  readonly store: Store;
  readonly requests: NodeRequests;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** A new token of the authority with this certificate. */
  readonly joinToken: (caCertificate: string) => string;
  /** Called when a node has a new certificate: it may be the manager's own. */
  readonly renewed: (nodeId: string) => Promise<void>;
}

const retryMs = 2_000;
const answerMs = 30_000;
/** Nodes that renew at the same time: each is a signature. */
const atOnce = 16;

const isBehind = ({ tls }: Node, cluster: Cluster): boolean => {
  const wanted = tlsNow(cluster);
  return tls?.issuer !== wanted.issuer || tls.trust !== wanted.trust;
};

/** The next phase, once every node is where the one before wanted it. */
const advance = (transaction: Transaction, joinToken: RotationPorts['joinToken']): string | undefined => {
  const cluster = clusterOf(transaction);
  const { rotation } = cluster;
  if (rotation === undefined) return undefined;
  for (const node of transaction.list('node')) if (isBehind(node, cluster)) return undefined;
  switch (rotation.phase) {
    case 'trust':
      transaction.update('cluster', {
        ...cluster,
        caCertificate: rotation.certificate,
        caKey: rotation.key,
        joinTokens: { manager: joinToken(rotation.certificate), worker: joinToken(rotation.certificate) },
        rotation: { phase: 'issue', previous: cluster.caCertificate, first: rotation.first },
      });
      return 'every node trusts the new authority: certificates are issued by it from now on';
    case 'issue':
      transaction.update('cluster', { ...cluster, rotation: { phase: 'forget', first: rotation.first } });
      return 'every node has a certificate of the new authority: the old one is forgotten';
    case 'forget': {
      const { rotation: _over, ...rest } = cluster;
      transaction.update('cluster', rest);
      return 'the authority was rotated';
    }
  }
};

/**
 * Carries a rotation of the authority through: all nodes come to trust both, then to have certificates of the new one,
 * then to trust it alone. Nodes that are away hold it up until they are back or removed. Does nothing between rotations.
 */
export const startRotation = (ports: RotationPorts): AsyncDisposable => {
  const { store, requests, clock, log } = ports;
  const stop = new AbortController();
  const unsure = new Set<string>();
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  const renew = async (node: Node): Promise<void> => {
    try {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(answerMs)]);
      const { status, body } = await requests.request(node.id, { path: formatRenewPath() }, signal);
      for await (const _ of body);
      if (status !== 200) throw new TuttiError('internal', `it answered ${status}`);
      unsure.delete(node.id);
      await ports.renewed(node.id);
    } catch (thrown) {
      if (stop.signal.aborted) return;
      // It may have been given a certificate and not have kept it.
      unsure.add(node.id);
      log.warn('a node has not renewed its certificate', { node: node.id, error: TuttiError.from(thrown).message });
    }
  };

  const pass = async (): Promise<void> => {
    const [cluster] = store.view.list('cluster');
    if (cluster?.rotation === undefined || stop.signal.aborted) return;
    const behind = Array.from(store.view.list('node')).filter((node) => isBehind(node, cluster) || unsure.has(node.id));
    for (const id of unsure) if (store.view.get('node', id) === undefined) unsure.delete(id);
    const ready = behind.filter(({ id }) => store.view.get('nodeStatus', id)?.state === 'ready');
    for (let at = 0; at < ready.length; at += atOnce) await Promise.all(ready.slice(at, at + atOnce).map(renew));
    if (stop.signal.aborted) return;
    if (unsure.size === 0) {
      const { value: told } = await store.update((transaction) => advance(transaction, ports.joinToken));
      if (told !== undefined) {
        log.info(told);
        again = true;
        return;
      }
    }
    timer?.cancel();
    timer = clock.after(retryMs, look);
  };

  const look = (): void => {
    if (running !== undefined) {
      again = true;
      return;
    }
    again = false;
    running = pass()
      .catch((thrown: unknown) => {
        if (!stop.signal.aborted) log.warn('rotating the authority', { error: TuttiError.from(thrown).message });
      })
      .finally(() => {
        running = undefined;
        if (again && !stop.signal.aborted) look();
      });
  };

  const subscription = store.subscribe(({ durable, changes }) => {
    if (durable && changes.some(({ table }) => table === 'cluster')) look();
  });
  look();
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      timer?.cancel();
      subscription[Symbol.dispose]();
      await running;
    },
  };
};
