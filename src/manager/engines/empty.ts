import { TuttiError } from '../../model/errors.ts';
import type { Inventory } from '../manager.ts';

/** An inventory of nothing, where nodes have no engines. */
export const emptyInventory: Inventory = {
  find: (reference) => Promise.reject(new TuttiError('not-found', `No such container: ${reference}`)),
  peek: () => undefined,
  named: () => [],
  containers: () => [],
  of: () => [],
  count: () => 0,
  on: () => undefined,
  get: () => undefined,
  images: () => [],
  listed: () => false,
  current: () => Promise.resolve(undefined),
  refresh: () => Promise.resolve(),
  findExec: (id) => Promise.reject(new TuttiError('not-found', `No such exec instance: ${id}`)),
  noteExec: () => undefined,
  async *events() {
    // Nothing happens here.
  },
};
