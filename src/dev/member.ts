import type { NodeLayout } from './layout.ts';
import type { NodeState } from './state.ts';

/** A node that is switched on; `inside` goes before a command to run it there. */
export type RunningNode = NodeLayout & NodeState & { readonly inside: readonly string[] };

/** What a node becomes and stays a member of a Tutti cluster by; every call acts from inside the node. */
export interface MemberPort {
  /** Makes the node a cluster of one; returns the join tokens. Secret. */
  init(node: RunningNode, signal?: AbortSignal): Promise<{ readonly manager: string; readonly worker: string }>;
  join(node: RunningNode, manager: string, token: string, signal?: AbortSignal): Promise<void>;
  /** Starts the daemons of a node that is a member, with the state that it has on disk. */
  start(node: RunningNode, signal?: AbortSignal): Promise<void>;
}

/** The first node makes the cluster, the others join it, all at once. */
export async function formCluster(
  member: MemberPort,
  nodes: readonly RunningNode[],
  signal?: AbortSignal,
): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) return;
  const tokens = await member.init(first, signal);
  const joined = await Promise.allSettled(
    others.map(async (node) => await member.join(node, first.address, tokens[node.role], signal)),
  );
  for (const result of joined) if (result.status === 'rejected') throw result.reason;
}
