import type { Filters } from '../filters.ts';
import { anyOf, labelled } from '../filters.ts';
import type { Message } from './message.ts';

/** Filters by the beginning of an actor's name or id, each named like a type. */
const actors = ['config', 'container', 'daemon', 'network', 'plugin', 'secret', 'service', 'volume'] as const;

export const eventFilters = ['event', 'image', 'label', 'node', 'scope', 'type', ...actors];

/** Actions with more behind a colon, `exec_start: sh`: filters name their beginning. */
const withDetail = ['exec_create', 'exec_start', 'health_status'];

/** As the engine filters its own events; `node` also lets everything through that comes from that node. */
export const passes = (filters: Filters, message: Message): boolean => {
  const { Type, Action, Actor, scope } = message;
  const { ID, Attributes } = Actor;
  const begins = (wanted: string): boolean => ID.startsWith(wanted) || (Attributes['name'] ?? '').startsWith(wanted);
  return (
    // Docker has no events of tasks; whoever asks for them by type gets them.
    (Type !== 'task' || filters.get('type')?.includes('task') === true) &&
    anyOf(filters, 'type', (type) => type === Type) &&
    anyOf(filters, 'scope', (wanted) => wanted === scope) &&
    passesAction(filters, Action) &&
    actors.every((kind) => anyOf(filters, kind, begins)) &&
    anyOf(filters, 'image', (image) => imagesOf(message).has(image)) &&
    anyOf(
      filters,
      'node',
      (node) => (Type === 'node' && begins(node)) || node === Attributes['node.name'] || node === Attributes['node.id'],
    ) &&
    labelled(filters, 'label', Attributes)
  );
};

const passesAction = (filters: Filters, action: string): boolean => {
  const isLoose = filters.get('event')?.some((wanted) => withDetail.includes(wanted)) === true;
  return anyOf(filters, 'event', (wanted) => (isLoose ? action.startsWith(wanted) : action === wanted));
};

const imagesOf = ({ Type, Actor }: Message): ReadonlySet<string> => {
  const name = Actor.Attributes[Type === 'image' ? 'name' : 'image'] ?? '';
  return new Set([Actor.ID, name, withoutTag(Actor.ID), withoutTag(name)]);
};

/** `app:1` to `app`; a port in front of the name is none. */
const withoutTag = (image: string): string => image.replace(/:[^/]*$/, '');
