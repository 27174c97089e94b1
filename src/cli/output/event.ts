import type { EventView } from '../../model/native.ts';
import type { Paint } from './paint.ts';

/** What the texts of events are made with. */
export interface EventWords {
  /** The name of the node with this id, or the id where it is not known. */
  readonly nodeName: (id: string) => string;
  readonly paint: Paint;
}

const shownIdLength = 12;

/** An event for people: when, what it is about by its name, and what became of it. Pure. */
export const eventText = (event: EventView, words: EventWords): string => {
  const when = words.paint('dim', new Date(event.timestamp).toISOString());
  const said = changesOf(event, words);
  return `${when} ${event.type} ${subject(event, words)}${said.length === 0 ? '' : `: ${said.join(', ')}`}`;
};

const subject = (event: EventView, { nodeName, paint }: EventWords): string => {
  if (event.type !== 'task') return paint('bold', event.name);
  const node = event.attributes['node'];
  const place = node === undefined ? '' : ` on ${nodeName(node)}`;
  return `${paint('bold', taskName(event, nodeName))} (${event.id.slice(0, shownIdLength)})${place}`;
};

/** `shop_web.1`, as `tutti ps` has it; the task of a global service with its node's name in place of the id. */
const taskName = ({ id, name, attributes }: EventView, nodeName: EventWords['nodeName']): string => {
  const short = name.endsWith(`.${id}`) ? name.slice(0, -id.length - 1) : name;
  const node = attributes['node'];
  return node !== undefined && short.endsWith(`.${node}`) ? `${short.slice(0, -node.length)}${nodeName(node)}` : short;
};

const changesOf = ({ type, action, attributes }: EventView, { paint }: EventWords): readonly string[] => {
  if (action === 'create') return [paint('green', 'created')];
  if (action === 'remove') return [paint('red', 'removed')];
  const keys = Object.keys(attributes).flatMap((key) => (key.endsWith('.new') ? [key.slice(0, -4)] : []));
  if (keys.length === 0) return [type === 'task' ? 'placed' : 'changed'];
  return keys.map((key) => changeText(key, attributes[`${key}.old`] ?? '', attributes[`${key}.new`] ?? ''));
};

const changeText = (key: string, before: string, after: string): string => {
  switch (key) {
    case 'state':
      return `${before} → ${after}`;
    case 'ready':
      return after === 'true' ? 'takes traffic' : 'takes no traffic any more';
    case 'desired':
      return wanted[after] ?? `wanted: ${after}`;
    case 'updatestate':
      return `update ${after.replaceAll('_', ' ')}`;
    default:
      return `${key} ${before} → ${after}`;
  }
};

/** What is asked of a task, by its desired state. */
const wanted: Readonly<Record<string, string>> = {
  ready: 'to be prepared',
  running: 'to run',
  complete: 'to run to its end',
  shutdown: 'to be stopped',
  remove: 'to be stopped and forgotten',
};
