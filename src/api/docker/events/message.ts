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

/** Makes each event's message once, however many follow. Undefined for what is nobody's business. */
export const createMessages = (manager: Manager): ((event: MergedEvent) => Told | undefined) => {
  const told = new WeakMap<MergedEvent, Told | 'nothing'>();
  return (event) => {
    const known = told.get(event);
    if (known !== undefined) return known === 'nothing' ? undefined : known;
    const message = event.kind === 'cluster' ? ofCluster(event.event) : ofEngine(event.event, manager);
    const made = message && { message, text: `${JSON.stringify(message)}\n` };
    told.set(event, made ?? 'nothing');
    return made;
  };
};

const ofCluster = (event: ClusterEvent): Message => ({
  Type: event.type,
  Action: event.type === 'volume' && event.action === 'remove' ? 'destroy' : event.action,
  Actor: {
    ID: event.type === 'volume' ? event.name : event.id,
    Attributes: { ...event.attributes, ...(event.type !== 'volume' && { name: event.name }) },
  },
  scope: event.type === 'volume' ? 'local' : 'swarm',
  time: Math.floor(event.timestamp / 1000),
  timeNano: Math.round(event.timestamp * 1e6),
});

/** An engine's own, with the node that it comes from, as classic Swarm had it. */
const ofEngine = ({ nodeId, nodeName, event }: EngineEvent, manager: Manager): Message | undefined => {
  const own = event.Type === 'network' ? asOfCluster(event, manager) : event;
  if (own === undefined) return undefined;
  const { Type = '', Action = '', Actor, scope = 'local', time = 0, timeNano = 0, ...rest } = own;
  const Attributes = { ...Actor?.Attributes, 'node.id': nodeId, 'node.name': nodeName };
  return { ...rest, Type, Action, Actor: { ID: Actor?.ID ?? '', Attributes }, scope, time, timeNano };
};

/**
 * What happens to an engine's part of a network of the cluster, under the network's own name. That the part comes and
 * goes is nobody's business: the cluster tells of the network.
 */
const asOfCluster = (event: Definitions['EventMessage'], { queries }: Manager): typeof event | undefined => {
  const id = networkIdOf(event.Actor?.Attributes?.['name'] ?? '');
  if (id === undefined) return event;
  if (event.Action !== 'connect' && event.Action !== 'disconnect') return undefined;
  const network: Network | undefined = queries.networkOf(id);
  if (network === undefined) return undefined;
  const { name, shownDriver, driver } = network.spec;
  return {
    ...event,
    Actor: { ID: id, Attributes: { ...event.Actor?.Attributes, name, type: shownDriver ?? driver } },
  };
};
