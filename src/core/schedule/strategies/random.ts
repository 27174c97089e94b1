import type { NodeInfo } from '../node-info.ts';
import type { Picker } from './picker.ts';

/** Any node that fits, each as likely as the next; those where the service keeps failing only when there is no other. */
export const randomPicker = (
  candidates: readonly NodeInfo[],
  isFailing: (node: NodeInfo) => boolean,
  random: () => number,
): Picker => {
  const pools = [candidates.filter((node) => !isFailing(node)), candidates.filter(isFailing)];
  let pool: NodeInfo[] = [];
  let chosen = 0;
  return {
    peek: () => {
      pool = pools.find(({ length }) => length > 0) ?? [];
      chosen = Math.floor(random() * pool.length);
      return pool[chosen];
    },
    settle: (stillFits) => {
      if (stillFits) return;
      const last = pool.pop();
      if (last !== undefined && chosen < pool.length) pool[chosen] = last;
    },
  };
};
