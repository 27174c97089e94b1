import type { Requirements } from '../requirements.ts';
import type { Tally } from '../tally.ts';
import { constraintFilter } from './constraint.ts';
import { engineFilter } from './engine.ts';
import type { Check, Filter, KindCheck, KindFilter } from './filter.ts';
import { hostPortFilter } from './host-port.ts';
import { maxReplicasFilter } from './max-replicas.ts';
import { platformFilter } from './platform.ts';
import { pluginFilter } from './plugin.ts';
import { readyFilter } from './ready.ts';
import { resourcesFilter } from './resources.ts';
import { volumeFilter } from './volume.ts';

const kindFilters: readonly KindFilter[] = [platformFilter, constraintFilter, pluginFilter, engineFilter];

/** In the order that they are asked: a node is refused for the first that fails, the most telling first. */
const filters: readonly Filter[] = [
  readyFilter,
  ...kindFilters,
  volumeFilter,
  resourcesFilter,
  hostPortFilter,
  maxReplicasFilter,
];

/** Every filter, as one check. */
export const fitCheck = (requirements: Requirements, tally: Tally): Check =>
  all(filters.flatMap((filter) => filter.prepare(requirements, tally) ?? []));

/** Only what can change while tasks are placed. */
export const roomCheck = (requirements: Requirements, tally: Tally): Check =>
  all(filters.flatMap((filter) => (filter.dependsOnTasks ? (filter.prepare(requirements, tally) ?? []) : [])));

/** Whether a node is of the right kind, whatever runs there and whether or not it is up now. */
export const kindCheck = (requirements: Requirements): KindCheck =>
  all(kindFilters.flatMap((filter) => filter.prepare(requirements) ?? []));

/** The first reason of several checks. */
const all =
  <Node, Reason>(checks: readonly ((node: Node) => Reason | undefined)[]) =>
  (node: Node): Reason | undefined => {
    for (const check of checks) {
      const reason = check(node);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
