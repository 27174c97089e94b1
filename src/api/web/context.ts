import type { Manager } from '../../manager/manager.ts';
import type { Clock } from '../../platform/ports.ts';

/** What Tutti's own API needs from outside. */
export interface WebContext {
  readonly manager: Manager;
  readonly clock: Clock;
  /** Tutti's own version. */
  readonly version: string;
  /** Where managers serve the API over TCP: `tcp://10.0.0.1:2376`. Absent: they do not. */
  readonly endpoints?: () => readonly string[];
}
