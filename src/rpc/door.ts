import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';

/** What a manager asks of a node's front door: paths for both ends. */

export const doorLogOptions = z.object({
  /** Go on with what comes. */
  follow: z.boolean(),
  /** Of what is there: so many of the last lines. Absent: all. */
  tail: z.number().int().min(0).max(1_000_000).optional(),
  /** Only requests of this route, by the name that the proxy has for it. */
  backend: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,128}$/)
    .optional(),
});
export type DoorLogOptions = Readonly<z.infer<typeof doorLogOptions>>;

const logPrefix = '/door/log?';
const metrics = '/door/metrics';

/** Asks for the access log, a JSON object a line. */
export const formatDoorLogPath = (options: DoorLogOptions): string =>
  `${logPrefix}${encodeURIComponent(JSON.stringify(options))}`;

/** Undefined when it is another path. Throws `invalid-argument`. */
export const parseDoorLogPath = (path: string): DoorLogOptions | undefined => {
  if (!path.startsWith(logPrefix)) return undefined;
  try {
    return doorLogOptions.parse(JSON.parse(decodeURIComponent(path.slice(logPrefix.length))));
  } catch (error) {
    throw new TuttiError('invalid-argument', 'the request for an access log cannot be read', { cause: error });
  }
};

/** Asks for the proxy's metrics in Prometheus' text format. Empty where none runs. */
export const formatDoorMetricsPath = (): string => metrics;

export const isDoorMetricsPath = (asked: string): boolean => asked === metrics;
