import { stat } from 'node:fs/promises';
import type { Membership } from '../api/docker/machine/ports.ts';
import { readConfig } from './config.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

/** Says what this machine is; reads its configuration again only where the file is another one. */
export const watchMembership = (directories: Directories): (() => Promise<Membership | undefined>) => {
  let known: { readonly mark: string; readonly membership: Membership | undefined } | undefined;
  return async () => {
    const found = await stat(nodePaths(directories).config, { bigint: true }).catch(() => undefined);
    if (found === undefined) return undefined;
    const mark = `${found.ino} ${found.mtimeNs} ${found.size}`;
    if (known?.mark === mark) return known.membership;
    const config = await readConfig(directories);
    const membership = config && {
      role: config.role,
      nodeId: config.nodeId,
      clusterId: config.clusterId,
      address: config.address,
      managers: config.managers,
    };
    known = { mark, membership };
    return membership;
  };
};
