import type { EngineAnswer, MissingNode } from '../../../manager/engines/ask.ts';
import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import type { NodeRecord } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { nodeName } from '../../../model/node.ts';
import type { Volume } from '../../../model/volume.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { DockerContext } from '../context.ts';

/** Where a reference leads. */
export type Located =
  | { readonly kind: 'node'; readonly record: NodeRecord; readonly name: string; readonly row?: Volume }
  | { readonly kind: 'promised'; readonly row: Volume }
  | { readonly kind: 'nowhere'; readonly name: string; readonly missing: readonly MissingNode[] };

/**
 * `name`, or `node/name` where several nodes have one of that name. The cluster's own row says where a name is; what it does
 * not know is asked of every node. Throws `invalid-argument` when the name is ambiguous.
 */
export const locateVolume = async (
  context: DockerContext,
  reference: string,
  signal: AbortSignal,
): Promise<Located> => {
  const { queries, volumes } = context.manager;
  const slash = reference.indexOf('/');
  if (slash > 0) return onNode(context, reference.slice(0, slash), reference.slice(slash + 1));
  const rows = volumes.named(reference);
  const placed = rows.find(({ nodeId }) => nodeId !== undefined);
  if (placed?.nodeId !== undefined) {
    const record = queries.nodeOf(placed.nodeId);
    if (record !== undefined) return { kind: 'node', record, name: reference, row: placed };
  }
  const [promised] = rows;
  if (promised !== undefined && placed === undefined) return { kind: 'promised', row: promised };
  const { found, missing } = await holdersOf(context, reference, signal);
  const [first, ...others] = found;
  if (first === undefined) return { kind: 'nowhere', name: reference, missing };
  if (others.length === 0) return { kind: 'node', record: first.record, name: reference };
  const candidates = found.map((one) => `${one.nodeName}/${reference}`).join(', ');
  throw new TuttiError(
    'invalid-argument',
    `volume ${reference} is on ${found.length} nodes: say which (${candidates})`,
  );
};

const onNode = ({ manager }: DockerContext, node: string, name: string): Located => {
  const record = recordOf(manager.queries.nodes(), node);
  if (record === undefined) return { kind: 'nowhere', name: `${node}/${name}`, missing: [] };
  const row = manager.volumes.named(name).find(({ nodeId }) => nodeId === record.node.id);
  return { kind: 'node', record, name, ...(row !== undefined && { row }) };
};

/** A node by what people call it, or its id. */
export const recordOf = (nodes: readonly NodeRecord[], reference: string): NodeRecord | undefined =>
  nodes.find(({ node }) => nodeName(node) === reference) ?? nodes.find(({ node }) => node.id === reference);

const holdersOf = async (
  { manager, clock }: DockerContext,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly found: readonly EngineAnswer<unknown>[]; readonly missing: readonly MissingNode[] }> => {
  const path = `/volumes?filters=${encodeURIComponent(JSON.stringify({ name: [name] }))}`;
  const { answers, missing } = await askEngines(manager, { method: 'GET', path }, readAnswerJson, { clock, signal });
  const found = answers.filter(({ value }) => volumesIn(value).some(({ Name }) => Name === name));
  return { found, missing };
};

/** The volumes of an engine's list, which is null where there are none. */
export const volumesIn = (list: unknown): readonly Definitions['Volume'][] =>
  (list as { readonly Volumes?: readonly Definitions['Volume'][] | null } | null)?.Volumes ?? [];
