import * as z from 'zod';

/** A span of time in milliseconds. Fractions are allowed, because Docker counts nanoseconds. */
export const milliseconds = z.number().min(0).max(3_155_760_000_000);
/** A count of bytes. */
export const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const port = z.number().int().min(1).max(65_535);
export const labels = z.record(z.string().max(4096), z.string().max(65_536));
/** Names of services, networks, secrets and configs, as Swarm allows them (dots and underscores included). */
export const objectName = z
  .string()
  .max(255)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'letters, digits, "-", "_" and "." only, beginning with a letter or digit');
export const transport = z.enum(['tcp', 'udp', 'sctp']);
/** An IPv4 address in dotted form. */
export const ipv4 = z.ipv4();
/** An IPv4 network, `10.0.1.0/24`. */
export const ipv4Network = z.cidrv4();
/** An address or a network, of either family. */
export const addressOrNetwork = z.union([ipv4, ipv4Network, z.ipv6(), z.cidrv6()]);

/** A key of WireGuard as its own tools write it: 32 bytes in base64. */
export const wireguardKey = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);
