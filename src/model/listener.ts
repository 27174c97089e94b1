import * as z from 'zod';

/** A port that a process of a node itself listens on. */
export const listener = z.object({
  protocol: z.enum(['tcp', 'udp']),
  /** Empty: at all addresses. */
  address: z.string().max(64),
  port: z.number().int().min(1).max(65_535),
  /** `nginx (process 812)`; empty where the kernel does not tell. */
  process: z.string().max(256),
});
export type Listener = z.infer<typeof listener>;

export const listeners = z.array(listener).max(4096);
