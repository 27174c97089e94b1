import type { Manager } from '../../manager/manager.ts';

/** What Tutti's own API needs from outside. */
export interface WebContext {
  readonly manager: Manager;
  /** Tutti's own version. */
  readonly version: string;
}
