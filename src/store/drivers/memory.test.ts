import { driverContract } from '../driver.contract.ts';
import type { DriverHarness } from '../driver.contract.ts';
import { storeContract } from '../store.contract.ts';
import { memoryDisk, memoryDriver } from './memory.ts';

const harness = (): DriverHarness => {
  const disk = memoryDisk();
  return { open: () => memoryDriver(disk), [Symbol.asyncDispose]: async () => {} };
};

driverContract('memory', harness);
storeContract('memory', harness);
