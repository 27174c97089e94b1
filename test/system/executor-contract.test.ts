import { after } from 'node:test';
import { createEngineClient } from '../../src/platform/engine/client.ts';
import { engineContract } from '../fakes/engine/contract.ts';
import { startTestEngine } from './executor-support.ts';

let starting: ReturnType<typeof startTestEngine> | undefined;
let count = 0;

after(async () => await (await starting)?.[Symbol.asyncDispose]());

engineContract('dockerd', async () => {
  starting ??= startTestEngine('ec');
  const { socket, image } = await starting;
  const engine = createEngineClient(`unix://${socket}`);
  count += 1;
  return { engine, image, prefix: `contract${count}`, [Symbol.asyncDispose]: async () => engine.close() };
});
