import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { networkLabel } from '../../model/network.ts';
import { nodeName } from '../../model/node.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { Clock } from '../../platform/ports.ts';
import { askEngines, readAnswerJson } from '../engines/ask.ts';
import type { MissingNode } from '../engines/ask.ts';
import type { Manager } from '../manager.ts';

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

export interface LocalNetworksPorts extends Pick<Manager, 'engines' | 'queries'> {
  readonly clock: Clock;
}

/** The networks that are one engine's own, of all nodes or of one. */
export const localNetworks = async (
  ports: LocalNetworksPorts,
  options: { readonly node?: string; readonly filters?: Readonly<Record<string, readonly string[]>> },
  signal: AbortSignal,
): Promise<{ readonly found: readonly LocalNetwork[]; readonly missing: readonly MissingNode[] }> => {
  const { node: only, filters } = options;
  const query = filters === undefined ? '' : `?filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const nodes = ports.queries
    .nodes()
    .filter(({ node }) => only === undefined || only === node.id || only === nodeName(node));
  const { answers, missing } = await askEngines(
    ports,
    { method: 'GET', path: `/networks${query}` },
    async (response) => networksIn(await readAnswerJson(response)),
    { clock: ports.clock, signal, nodes },
  );
  const found = answers.flatMap(({ nodeId, nodeName: name, value }) =>
    value.filter(isOwn).map((network) => ({ nodeId, nodeName: name, network })),
  );
  return { found, missing };
};

/** What an engine lists. Throws `internal` for anything else: its node is a missing one then. */
const networksIn = (body: unknown): readonly EngineNetwork[] => {
  const networks = z.array(z.looseObject({ Id: z.string(), Name: z.string() })).safeParse(body);
  if (networks.success) return networks.data as readonly EngineNetwork[];
  throw new TuttiError('internal', 'the engine listed its networks in a way that is not known');
};

/** Of those found, what a reference means, as an engine looks for one: a whole id, then a name, then the beginning of an id. */
export const meantBy = (found: readonly LocalNetwork[], reference: string): readonly LocalNetwork[] => {
  const named = found.filter(({ network }) => network.Id === reference || network.Name === reference);
  return named.length > 0 ? named : found.filter(({ network }) => network.Id.startsWith(reference));
};
