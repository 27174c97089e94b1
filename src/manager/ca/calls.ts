import type * as z from 'zod';
import type { Cluster } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import { nodeId as nodeIdSchema } from '../../model/ids.ts';
import type { NodeId } from '../../model/ids.ts';
import type { NodeRole, NodeTls } from '../../model/node.ts';
import type { Clock, Log, Randomness } from '../../platform/ports.ts';
import { joinRequest, renewRequest } from '../../rpc/calls.ts';
import type { Call, Caller, Calls, JoinAnswer } from '../../rpc/calls.ts';
import { sameSecret, tokenDigest } from '../../rpc/certificates/token.ts';
import type { Peer } from '../../rpc/transport.ts';
import type { Store } from '../../store/store.ts';
import { createAttempts } from './attempts.ts';
import { issueCertificate } from './issue.ts';
import { tlsNow, trustOf } from './trust.ts';

export interface MembershipOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Pick<Randomness, 'id'>;
  readonly log: Log;
  /** Where managers answer, for new nodes to know. */
  readonly managers: () => readonly string[];
  /** Takes a node that leaves out of the cluster. */
  readonly removeNode: (nodeId: NodeId) => Promise<void>;
}

const parse = <Output>(schema: z.ZodType<Output>, body: unknown): Output => {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new TuttiError('invalid-argument', `the request is not valid: ${result.error.issues[0]?.message ?? ''}`);
};

const roleOf = (cluster: Cluster, token: string): NodeRole => {
  tokenDigest(token);
  // Both are compared, whichever fits: the time tells nothing.
  const manager = sameSecret(token, cluster.joinTokens.manager);
  const worker = sameSecret(token, cluster.joinTokens.worker);
  if (manager) return 'manager';
  if (worker) return 'worker';
  throw new TuttiError('unauthenticated', 'the join token is not valid: it was rotated, or is of another cluster');
};

const known = (caller: Caller): Peer => {
  if (caller.peer === undefined) throw new TuttiError('unauthenticated', 'this takes a certificate of the cluster');
  return caller.peer;
};

/** The calls by which machines become members, stay so and leave. */
export const createMembershipCalls = (options: MembershipOptions): Calls => {
  const { store, clock, log } = options;
  const attempts = createAttempts(clock);

  const cluster = (): Cluster => {
    for (const row of store.view.list('cluster')) return row;
    throw new TuttiError('unavailable', 'this manager has no cluster yet');
  };
  const authority = () => {
    const { caCertificate, caKey } = cluster();
    return { certificate: caCertificate, key: caKey };
  };
  const lifeMs = (): number => cluster().spec.nodeCertificateMs;
  /** Taken together with the authority that issues, before anything is waited for. */
  const trusted = () => ({ trust: trustOf(cluster()), tls: tlsNow(cluster()) });
  const createNode = async (id: NodeId, role: NodeRole, tls: NodeTls): Promise<void> => {
    const now = clock.now();
    await store.update((transaction) =>
      transaction.create('node', {
        id,
        version: 0,
        createdAt: now,
        updatedAt: now,
        spec: { role, availability: 'active' },
        tls,
      }),
    );
  };

  const join = async (body: unknown, { address }: Caller): Promise<JoinAnswer> => {
    if (!attempts.take(address)) {
      throw new TuttiError('resource-exhausted', 'too many attempts to join from this address: wait a minute');
    }
    const { token, request } = parse(joinRequest, body);
    const role = roleOf(cluster(), token);
    if (role === 'manager') {
      throw new TuttiError(
        'not-implemented',
        'this cluster keeps its state in SQLite and so has one manager: join with the worker token',
      );
    }
    const clusterId = cluster().id;
    const nodeId = nodeIdSchema.parse(options.random.id());
    const { trust, tls } = trusted();
    const certificate = await issueCertificate(
      authority(),
      request,
      { nodeId, role, clusterId },
      clock.now(),
      lifeMs(),
    );
    await createNode(nodeId, role, tls);
    log.info('a node joined', { node: nodeId, role, address });
    return {
      certificate,
      authority: trust,
      nodeId,
      clusterId,
      role,
      managers: [...options.managers()],
    };
  };

  const renew = async (body: unknown, caller: Caller) => {
    const { nodeId } = known(caller);
    const { request } = parse(renewRequest, body);
    const node = store.view.get('node', nodeId);
    if (node === undefined) throw new TuttiError('permission-denied', 'this node is not in the cluster');
    // The role is the cluster's word, not the old certificate's.
    const identity = { nodeId: node.id, role: node.spec.role, clusterId: cluster().id };
    const { trust, tls } = trusted();
    const certificate = await issueCertificate(authority(), request, identity, clock.now(), lifeMs());
    await store.update((transaction) => {
      const row = transaction.get('node', node.id);
      if (row !== undefined) transaction.update('node', { ...row, tls });
    });
    log.info('certificate renewed', { node: nodeId });
    return { certificate, authority: trust };
  };

  const leave = async (_body: unknown, caller: Caller) => {
    const { nodeId } = known(caller);
    log.info('a node leaves', { node: nodeId });
    await options.removeNode(nodeIdSchema.parse(nodeId));
    return {};
  };

  const call = (access: Call['access'], handle: Call['handle']): Call => ({ access, handle });
  return {
    authority: call('anyone', () => Promise.resolve({ authority: cluster().caCertificate })),
    join: call('anyone', join),
    renew: call('node', renew),
    leave: call('node', leave),
  };
};
