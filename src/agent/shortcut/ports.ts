import type { AttachmentEngine, FollowPorts } from '../attachments/ports.ts';
import type { Exec } from '../network/ports.ts';

export interface ShortcutPorts extends FollowPorts {
  readonly engine: AttachmentEngine & {
    /** Networks with the label. */
    listNetworks(
      labels: readonly string[],
      options: { readonly signal: AbortSignal },
    ): Promise<readonly { readonly name: string; readonly internal: boolean }[]>;
  };
  readonly exec: Exec;
}
