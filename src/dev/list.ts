import type { Exec } from '../platform/exec.ts';
import { ping } from './engine.ts';
import { layoutNode } from './layout.ts';
import type { ClusterLayout } from './layout.ts';
import { linksUp } from './links.ts';
import type { ClusterState } from './state.ts';

/** What is printed of a node; the first five are a contract with scripts. */
export interface NodeReport {
  readonly name: string;
  readonly address: string;
  readonly engine: string;
  readonly namespace: string;
  readonly role: 'manager' | 'worker';
  readonly power: 'on' | 'off';
  readonly link: 'up' | 'cut' | 'none';
  /** Whether the engine answers. */
  readonly answers: boolean;
}

export interface ClusterReport {
  readonly name: string;
  /** The cluster's Docker API, on its first manager; absent where only engines run. */
  readonly docker?: string;
  readonly nodes: readonly NodeReport[];
}

/** How the cluster is now. */
export async function describeCluster(exec: Exec, cluster: ClusterLayout, state: ClusterState): Promise<ClusterReport> {
  const links = (await linksUp(exec, cluster)) ?? new Map<string, boolean>();
  const nodes = await Promise.all(
    state.nodes.map(async (node): Promise<NodeReport> => {
      const { engine, namespace, port } = layoutNode(cluster, node.name);
      const link = links.get(port);
      return {
        name: node.name,
        address: node.address,
        engine: `unix://${engine.socket}`,
        namespace,
        role: node.role,
        power: link === undefined ? 'off' : 'on',
        link: link === undefined ? 'none' : link ? 'up' : 'cut',
        answers: link !== undefined && (await ping(engine.socket)),
      };
    }),
  );
  const manager = state.nodes.find((node) => node.role === 'manager');
  return {
    name: state.name,
    ...(state.agents && manager && { docker: `unix://${layoutNode(cluster, manager.name).dockerSocket}` }),
    nodes,
  };
}
