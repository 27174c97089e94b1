import * as z from 'zod';
import { port } from '../model/common.ts';

const directories = { stateDirectory: z.string().min(1), runDirectory: z.string().min(1) };
const member = {
  ...directories,
  engine: z.string().min(1),
  address: z.string().exactOptional(),
  name: z.string().max(255).exactOptional(),
  port: port.exactOptional(),
};

/** What `bin/member.ts` is asked: the options are those of host.ts. */
export const memberRequest = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('init'),
    options: z.object({
      ...member,
      addressPools: z.array(z.string()).exactOptional(),
      encryption: z.enum(['auto', 'on', 'off']).exactOptional(),
      socketMode: z.number().int().exactOptional(),
      apiPort: z.number().int().min(0).max(65_535).exactOptional(),
      apiNames: z.array(z.string()).exactOptional(),
    }),
  }),
  z.object({
    action: z.literal('join'),
    options: z.object({ ...member, managers: z.array(z.string()).min(1), token: z.string() }),
  }),
  z.object({ action: z.literal('leave'), options: z.object({ ...directories, force: z.boolean() }) }),
  z.object({ action: z.literal('start'), options: z.object(directories) }),
  z.object({ action: z.literal('stop'), options: z.object(directories) }),
  z.object({
    action: z.enum(['serve', 'unserve']),
    options: z.object({ ...directories, socket: z.string().min(1), engine: z.string().min(1) }),
  }),
  z.object({ action: z.literal('state'), options: z.object(directories) }),
]);
