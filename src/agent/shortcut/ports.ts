import type { Clock, Log } from '../../platform/ports.ts';
import type { AttachmentFollower } from '../attachments/ports.ts';
import type { Exec } from '../network/ports.ts';

export interface ShortcutPorts {
  /** Tells which containers are on networks of ours. */
  readonly attachments: AttachmentFollower;
  readonly engine: {
    /** Networks with the label. */
    listNetworks(
      labels: readonly string[],
      options: { readonly signal: AbortSignal },
    ): Promise<readonly { readonly name: string; readonly internal: boolean }[]>;
  };
  readonly exec: Exec;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}
