import { TuttiError } from '../../src/model/errors.ts';
import type { Clock } from '../../src/platform/ports.ts';
import type { Driver } from '../../src/store/driver.ts';
import { type MemoryDisk, memoryDriver } from '../../src/store/drivers/memory.ts';
import type { Prng } from './prng.ts';

/** What a disk does to those that write on it. */
export interface DiskFaults {
  full: boolean;
}

/**
 * A driver on a disk that takes time and can be full. A process that dies in the middle of a commit has it whole or not at
 * all, as chance has it, and was told neither.
 */
export function simulatedDriver(disk: MemoryDisk, clock: Clock, random: Prng, faults: DiskFaults): Driver {
  const inner = memoryDriver(disk);
  return {
    ...inner,
    commit: async (previous, revision, writes) => {
      if (faults.full && writes.some((write) => write.after !== undefined)) {
        await clock.sleep(1);
        throw new TuttiError('resource-exhausted', 'the disk is full');
      }
      const late = random.chance(0.5);
      if (!late) await inner.commit(previous, revision, writes);
      await clock.sleep(random.between(1, 5));
      if (late) await inner.commit(previous, revision, writes);
    },
  };
}
