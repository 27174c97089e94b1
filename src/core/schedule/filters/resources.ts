import type { Filter } from './filter.ts';

const cpu = { filter: 'resources', one: 'lacks cpu', many: 'lack cpu' };
const memory = { filter: 'resources', one: 'lacks memory', many: 'lack memory' };

/** What the task reserves is free: processor time, memory, and generic resources. */
export const resourcesFilter: Filter = {
  name: 'resources',
  dependsOnTasks: true,
  prepare: ({ nanoCpus, memoryBytes, generic }) => {
    if (nanoCpus === 0 && memoryBytes === 0 && generic.length === 0) return undefined;
    const others = generic.map((need) => {
      const what = 'item' in need ? `${need.name} ${need.item}` : need.name;
      return { need, reason: { filter: 'resources', one: `lacks ${what}`, many: `lack ${what}` } };
    });
    return (node) => {
      if (memoryBytes > 0 && node.usedMemoryBytes + memoryBytes > node.memoryBytes) return memory;
      if (nanoCpus > 0 && node.usedNanoCpus + nanoCpus > node.nanoCpus) return cpu;
      for (const { need, reason } of others) if (!node.generic.fits(need)) return reason;
      return undefined;
    };
  },
};
