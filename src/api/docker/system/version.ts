import { nodeName } from '../../../model/node.ts';
import type { DockerContext } from '../context.ts';
import { selfNode } from '../context.ts';
import { apiVersion, minimumApiVersion } from '../version.ts';

/** `GET /version`: Tutti as the engine, and each version of the nodes' engines as a component. */
export const versionOf = (context: DockerContext) => {
  const { version } = context;
  const self = selfNode(context);
  const details = {
    ApiVersion: apiVersion,
    MinAPIVersion: minimumApiVersion,
    Arch: architecture(),
    BuildTime: '',
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    KernelVersion: self?.node.description?.engine.kernelVersion ?? '',
    Os: 'linux',
  };
  return {
    Platform: { Name: 'Tutti' },
    Components: [{ Name: 'Engine', Version: version, Details: { ...details } }, ...enginesOf(context)],
    Version: version,
    ...details,
    Experimental: false,
  };
};

const mostNamed = 20;

const enginesOf = ({ manager }: DockerContext) => {
  const nodes = new Map<string, { readonly api: string; readonly names: string[] }>();
  for (const { node } of manager.queries.nodes()) {
    const { version = 'unknown', apiVersion: api = '' } = node.description?.engine ?? {};
    const found = nodes.get(version) ?? { api, names: [] };
    found.names.push(nodeName(node));
    nodes.set(version, found);
  }
  return [...nodes].map(([version, { api, names }]) => ({
    Name: 'docker-engine',
    Version: version,
    Details: {
      ApiVersion: api,
      Nodes: `${names.toSorted().slice(0, mostNamed).join(', ')}${names.length > mostNamed ? ', …' : ''}`,
    },
  }));
};

const architecture = (): string => ({ x64: 'amd64' })[process.arch as string] ?? process.arch;
