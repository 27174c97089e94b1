import * as z from 'zod';
import { nodeRole } from '../model/node.ts';
import type { Peer } from './transport.ts';

/** Short questions to a manager, one JSON value each way, outside of the message stream. */

/** Who may ask: anyone (before there is a certificate), a node of the cluster, or only a manager. */
export type CallAccess = 'anyone' | 'node' | 'manager';

export interface Caller {
  readonly address: string;
  /** Absent for one that came without a certificate. */
  readonly peer?: Peer;
}

export interface Call {
  readonly access: CallAccess;
  /** `body` is as it came: to be parsed. What it throws becomes the caller's error. */
  handle(body: unknown, caller: Caller): Promise<unknown>;
}

export type Calls = Readonly<Record<string, Call>>;

const pem = z.string().max(65_536);

/** Call `authority`: the authority's certificate, to be checked against the digest in the join token. */
export const authorityAnswer = z.object({ authority: pem });

/** Call `join`: a certificate for a token. */
export const joinRequest = z.object({
  token: z.string().max(256),
  request: pem,
});
export const joinAnswer = z.object({
  certificate: pem,
  authority: pem,
  nodeId: z.string(),
  clusterId: z.string(),
  role: nodeRole,
  managers: z.array(z.string()).max(100),
});
export type JoinAnswer = z.infer<typeof joinAnswer>;

/** Call `renew`: the next certificate, before this one ends. */
export const renewRequest = z.object({ request: pem });
export const renewAnswer = z.object({ certificate: pem, authority: pem });

/** Call `leave`: the node goes for good. */
export const leaveAnswer = z.object({});

/** Call `image`: the node needs an image that its engine lacks. Asked again as long as it is coming. */
export const imageRequest = z.object({
  image: z.string().min(1).max(4096),
  /** The registry was asked already, in vain. */
  pullFailed: z.boolean(),
});
export const imageAnswer = z.discriminatedUnion('kind', [
  /** The node's engine has it, under this id at least. */
  z.object({ kind: z.literal('here'), id: z.string().max(256) }),
  z.object({ kind: z.literal('coming'), bytes: z.number() }),
  /** Other nodes have it from a registry: that is the one to ask first. */
  z.object({ kind: z.literal('pull') }),
  z.object({ kind: z.literal('nowhere') }),
]);
export type ImageAnswer = z.infer<typeof imageAnswer>;
