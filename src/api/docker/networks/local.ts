import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import type { MissingNode } from '../../../manager/engines/ask.ts';
import { networkLabel } from '../../../model/network.ts';
import { nodeName } from '../../../model/node.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';

/** A network of one engine alone. */
export interface LocalNetwork {
  readonly nodeId: string;
  readonly nodeName: string;
  /** As its engine shows it, with the engine's own name. */
  readonly network: EngineNetwork;
}

export type EngineNetwork = Definitions['Network'] & { readonly Id: string; readonly Name: string };

/** On every engine, and in the cluster's list once. */
export const predefined: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);

/** Neither the engines' predefined networks, nor those that stand for the cluster's, nor Swarm's. */
const isOwn = ({ Name, Scope, Labels }: EngineNetwork): boolean =>
  Scope === 'local' && !predefined.has(Name) && Labels?.[networkLabel] === undefined;

/** The networks that are one engine's own, of all nodes or of one. */
export const localNetworks = async (
  { manager, clock }: DockerContext,
  { signal }: Pick<ApiRequest, 'signal'>,
  options: { readonly node?: string; readonly filters?: Readonly<Record<string, readonly string[]>> } = {},
): Promise<{ readonly found: readonly LocalNetwork[]; readonly missing: readonly MissingNode[] }> => {
  const { node: only, filters } = options;
  const query = filters === undefined ? '' : `?filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const nodes = manager.queries.nodes().filter(({ node }) => only === undefined || nodeName(node) === only);
  const { answers, missing } = await askEngines(
    manager,
    { method: 'GET', path: `/networks${query}` },
    async (response) => (await readAnswerJson(response)) as readonly EngineNetwork[],
    { clock, signal, nodes },
  );
  const found = answers.flatMap(({ nodeId, nodeName: name, value }) =>
    value.filter(isOwn).map((network) => ({ nodeId, nodeName: name, network })),
  );
  return { found, missing };
};

/** As the cluster shows it: `node/name`. */
export const shownLocal = ({ nodeName: name, network }: LocalNetwork): EngineNetwork & { readonly Node: string } => ({
  ...network,
  Name: `${name}/${network.Name}`,
  Node: name,
});
