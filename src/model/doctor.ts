import * as z from 'zod';

/** What a node found out about itself when it was asked, and what it found and mended before: for `tutti doctor`. */

const text = z.string().max(4096);

export const nodeCheck = z.object({ name: text, ok: z.boolean(), detail: text });

/** Another node, from here. Milliseconds there and back; absent: no answer. */
export const peerReach = z.object({
  name: text,
  underlayMs: z.number().optional(),
  overlayMs: z.number().optional(),
  /** A packet of the overlay's whole MTU passes in one piece. */
  whole: z.boolean(),
  /** It answers at the overlay's IPv6 address; absent where one of the two has none in use. */
  overlay6: z.boolean().optional(),
  /** How far encryption is: `open` in clear, `sealed` nothing in clear, or on the way. */
  encryption: text,
  /** Encryption is wanted, and there has been no handshake. */
  silent: z.boolean().optional(),
});

/** A service or task, from one task of this node. */
export const taskReach = z.object({ network: text, from: text, to: text, address: text, ms: z.number().optional() });

export const finding = z.object({
  at: z.number(),
  what: text,
  details: z.array(text).max(16),
  count: z.number().int(),
  mended: z.boolean(),
});

export const nodeReport = z.object({
  /** The node's clock, milliseconds since the epoch. */
  at: z.number(),
  checks: z.array(nodeCheck).max(64),
  peers: z.array(peerReach).max(256),
  /** Peers that were not tried: a large cluster is looked at in parts. */
  untried: z.number().int(),
  tasks: z.array(taskReach).max(256),
  findings: z.array(finding).max(256),
});
export type NodeReport = z.infer<typeof nodeReport>;
export type NodeCheck = z.infer<typeof nodeCheck>;
export type PeerReach = z.infer<typeof peerReach>;
export type TaskReach = z.infer<typeof taskReach>;

/** One node in the doctor's answer: with a report, or with why there is none. */
export interface DoctorNode {
  readonly id: string;
  readonly name: string;
  readonly healthy: boolean;
  /** In words, what is wrong. */
  readonly problems: readonly string[];
  readonly report?: NodeReport;
  /** Its clock less the manager's, as far as the way there allows. */
  readonly clockMs?: number;
}

export interface DoctorView {
  readonly healthy: boolean;
  readonly nodes: readonly DoctorNode[];
}

/** Certificates and timestamps bear this much. */
const clockToleranceMs = 2_000;

/** In words, what is wrong with a node that gave a report. */
export function problemsOf(report: NodeReport, clockMs: number): readonly string[] {
  return [
    ...report.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`),
    ...report.peers.flatMap(problemsOfPeer),
    ...report.tasks
      .filter(({ ms }) => ms === undefined)
      .map(({ from, to, address, network }) => `${from} does not reach ${to} (${address}) on ${network}`),
    ...(Math.abs(clockMs) > clockToleranceMs ? [`its clock is ${Math.round(clockMs)} ms off the manager's`] : []),
  ];
}

function problemsOfPeer({ name, underlayMs, overlayMs, overlay6, whole, silent }: PeerReach): string[] {
  const hint =
    underlayMs === undefined ? 'nor by its own address' : 'but by its own address: are UDP 4797 and 4798 open?';
  if (silent === true) return [`no WireGuard handshake with ${name}: is UDP port 4798 open both ways?`];
  if (overlayMs === undefined) return [`${name} is not reached by the overlay, ${hint}`];
  if (overlay6 === false) return [`${name} is not reached by the overlay in IPv6, but in IPv4`];
  return whole ? [] : [`large packets to ${name} are lost: is the MTU of the way there less than the nodes'?`];
}
