import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';

/** The request that a node make ready for containers on some networks, `/networks?<ids>`, and its answer: for both ends. */

const path = '/networks?';
const ids = z.array(z.string().max(128)).min(1).max(256);

export const formatNetworksPath = (networkIds: readonly string[]): string =>
  path + encodeURIComponent(JSON.stringify(networkIds));

/** Undefined when it is another path. Throws `invalid-argument`. */
export const parseNetworksPath = (text: string): readonly string[] | undefined => {
  if (!text.startsWith(path)) return undefined;
  try {
    return ids.parse(JSON.parse(decodeURIComponent(text.slice(path.length))));
  } catch (error) {
    throw new TuttiError('invalid-argument', 'the request for networks cannot be read', { cause: error });
  }
};

/** By network id: what the network is called by the node's engine, who answers names there, and whether it has IPv6 there. */
export const readyNetworks = z.record(
  z.string(),
  z.object({
    dockerNetwork: z.string().max(255),
    dns: z.array(z.string().max(64)).max(16),
    ipv6: z.boolean().optional(),
  }),
);
export type ReadyNetworks = z.infer<typeof readyNetworks>;
