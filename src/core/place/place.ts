import { affinityFilter } from './filters/affinity.ts';
import { constraintFilter } from './filters/constraint.ts';
import { engineFilter } from './filters/engine.ts';
import type { Condition, Filter } from './filters/filter.ts';
import { illnessOf } from './filters/health.ts';
import { nearFilter } from './filters/near.ts';
import { portFilter } from './filters/port.ts';
import { slotsFilter } from './filters/slots.ts';
import type { PlaceNode, PlaceOptions, PlaceRequest } from './model.ts';
import { choose, roomOn } from './strategy.ts';
import type { Room } from './strategy.ts';

export type PlaceDecision =
  | { readonly kind: 'placed'; readonly node: PlaceNode }
  /** With the conditions that were set, and how many nodes each refused. */
  | { readonly kind: 'refused'; readonly message: string };

/** In classic Swarm's order, behind health and what its engines did not know. */
const filters: readonly Filter[] = [
  engineFilter,
  portFilter,
  slotsFilter,
  nearFilter,
  affinityFilter,
  constraintFilter,
];

/**
 * The node that a container goes to. Each condition narrows the nodes that the ones before it left; a wish does so only
 * where nodes are left, and what is full does not count as left.
 */
export const place = (nodes: readonly PlaceNode[], request: PlaceRequest, options: PlaceOptions): PlaceDecision => {
  const healthy = nodes.filter((node) => illnessOf(node) === undefined);
  if (healthy.length === 0) return refused(`No healthy node available in the cluster${illnesses(nodes)}`);
  const conditions = filters.map((filter) => filter(request));
  const hard = narrow(
    healthy,
    conditions.map((some) => some.filter(({ soft }) => soft !== true)),
  );
  if (hard.kind === 'refused') return hard;
  const rooms = roomy(hard.nodes, request, options.overcommit);
  if (rooms.kind === 'refused') return rooms;
  const home: Condition = { text: 'where it was', passes: ({ node }) => node.id === request.home };
  const wishes = [home, ...conditions.flat().filter(({ soft }) => soft === true)];
  return { kind: 'placed', node: choose(wished(rooms.rooms, wishes), request, options) };
};

const refused = (message: string) => ({ kind: 'refused' as const, message });

type Narrowed = { readonly kind: 'left'; readonly nodes: readonly PlaceNode[] } | ReturnType<typeof refused>;

const narrow = (nodes: readonly PlaceNode[], conditions: readonly (readonly Condition[])[]): Narrowed => {
  const steps: Step[] = [];
  let left = nodes;
  for (const some of conditions) {
    const before = left;
    left = before.filter((node) => some.every(({ passes }) => passes(node)));
    if (some.length > 0) steps.push({ conditions: some, before: before.length, left: left.length });
    if (left.length === 0) {
      const lines = steps.map(({ conditions: set, ...counts }) => `[${worded(set)}]${counted(counts)}`);
      return refused(`Unable to find a node that satisfies the following conditions \n${lines.join('\n')}`);
    }
  }
  return { kind: 'left', nodes: left };
};

/** What a filter did, for the case that nothing is left: how many nodes there were before it, and were left. */
interface Step {
  readonly conditions: readonly Condition[];
  readonly before: number;
  readonly left: number;
}

/** Of all ports of a machine, say, nobody wants to read. */
const mostWorded = 100;

const worded = (conditions: readonly Condition[]): string => {
  const texts = conditions.slice(0, mostWorded).map(({ text }) => text);
  const more = conditions.length - texts.length;
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
};

const counted = ({ before, left }: Omit<Step, 'conditions'>): string =>
  before === left ? '' : ` (refused ${before - left} of ${nodesOf(before)})`;

const nodesOf = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`);

type Rooms = { readonly kind: 'left'; readonly rooms: readonly Room[] } | ReturnType<typeof refused>;

const roomy = (nodes: readonly PlaceNode[], request: PlaceRequest, overcommit: number): Rooms => {
  const rooms: Room[] = [];
  const lacks: string[] = [];
  for (const node of nodes) {
    const found = roomOn(node, request, overcommit);
    if (found.kind === 'room') rooms.push(found.room);
    else lacks.push(`lacks ${found.what}`);
  }
  if (rooms.length > 0) return { kind: 'left', rooms };
  return refused(`No resources available to schedule container${tally(lacks)}`);
};

/** Each wish in its turn, where it leaves any. */
const wished = (rooms: readonly Room[], wishes: readonly Condition[]): readonly Room[] =>
  wishes.reduce((left, { passes }) => {
    const fitting = left.filter(({ node }) => passes(node));
    return fitting.length > 0 ? fitting : left;
  }, rooms);

const illnesses = (nodes: readonly PlaceNode[]): string => tally(nodes.flatMap((node) => illnessOf(node) ?? []));

/** ` (2 nodes lack memory, 1 node lacks cpu)` */
const tally = (words: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  if (counts.size === 0) return '';
  return ` (${[...counts].map(([word, count]) => `${nodesOf(count)} ${count === 1 ? word : plural(word)}`).join(', ')})`;
};

const plural = (words: string): string =>
  words.replace(/^(?:is|has|lacks)/, (verb) => ({ is: 'are', has: 'have', lacks: 'lack' })[verb] ?? verb);
