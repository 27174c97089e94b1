import type { ClusterEvent, EngineEvent, Manager, MergedEvent } from '../../../manager/manager.ts';
import { networkIdOf } from '../../../model/network.ts';
import type { Network } from '../../../model/network.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';

/** As Docker tells of it. */
export interface Message {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: string;
  readonly time: number;
  readonly timeNano: number;
}

/** A message with its JSON text, which all who follow share. */
export interface Told {
  readonly message: Message;
  readonly text: string;
}

/** What the events of a network that has gone are told with. */
interface NetworkLabel {
  readonly name: string;
  readonly type: string;
}

const mostRemembered = 1_000;

/** Makes each event's message once, however many follow. What is nobody's business is left out. */
export const createMessages = (manager: Manager): ((batch: readonly MergedEvent[]) => readonly Told[]) => {
  const told = new WeakMap<MergedEvent, readonly Told[]>();
  const networks = new Map<string, NetworkLabel>();
  const remember = ({ type, id, name, attributes }: ClusterEvent): void => {
    if (type !== 'network') return;
    networks.set(id, { name, type: attributes['type'] ?? '' });
    const [oldest] = networks.keys();
    if (networks.size > mostRemembered && oldest !== undefined) networks.delete(oldest);
  };
  const make = (event: MergedEvent): readonly Told[] => {
    const message =
      event.kind === 'cluster'
        ? ofCluster(event.event)
        : ofEngine(event.event, (id) => labelOf(manager.queries.networkOf(id)) ?? networks.get(id));
    return message === undefined ? [] : [{ message, text: `${JSON.stringify(message)}\n` }];
  };
  return (batch) => {
    for (const event of batch) if (event.kind === 'cluster') remember(event.event);
    return batch.flatMap((event) => {
      const made = told.get(event) ?? make(event);
      told.set(event, made);
      return made;
    });
  };
};

const labelOf = (network: Network | undefined): NetworkLabel | undefined =>
  network && { name: network.spec.name, type: network.spec.shownDriver ?? network.spec.driver };

/** Told as of an engine's own: volumes, and networks that were not asked for as overlays. */
const isLocal = ({ type, attributes }: ClusterEvent): boolean =>
  type === 'volume' || (type === 'network' && attributes['type'] !== 'overlay');

const ofCluster = (event: ClusterEvent): Message => ({
  Type: event.type,
  Action: isLocal(event) && event.action === 'remove' ? 'destroy' : event.action,
  Actor: {
    ID: event.type === 'volume' ? event.name : event.id,
    Attributes: { ...event.attributes, ...(event.type !== 'volume' && { name: event.name }) },
  },
  scope: isLocal(event) ? 'local' : 'swarm',
  time: Math.floor(event.timestamp / 1000),
  timeNano: Math.round(event.timestamp * 1e6),
});

/** An engine's own, with the node that it comes from, as classic Swarm had it. */
const ofEngine = (
  { nodeId, nodeName, event }: EngineEvent,
  networkOf: (id: string) => NetworkLabel | undefined,
): Message | undefined => {
  const own = event.Type === 'network' ? asOfCluster(event, networkOf) : event;
  if (own === undefined) return undefined;
  const { Type = '', Action = '', Actor, scope = 'local', time = 0, timeNano = 0, ...rest } = own;
  const Attributes = { ...Actor?.Attributes, 'node.id': nodeId, 'node.name': nodeName };
  return { ...rest, Type, Action, Actor: { ID: Actor?.ID ?? '', Attributes }, scope, time, timeNano };
};

/**
 * What happens to an engine's part of a network of the cluster, under the network's own name. That the part comes and
 * goes is nobody's business: the cluster tells of the network.
 */
const asOfCluster = (
  event: Definitions['EventMessage'],
  networkOf: (id: string) => NetworkLabel | undefined,
): typeof event | undefined => {
  const id = networkIdOf(event.Actor?.Attributes?.['name'] ?? '');
  if (id === undefined) return event;
  if (event.Action !== 'connect' && event.Action !== 'disconnect') return undefined;
  const network = networkOf(id);
  return network && { ...event, Actor: { ID: id, Attributes: { ...event.Actor?.Attributes, ...network } } };
};
