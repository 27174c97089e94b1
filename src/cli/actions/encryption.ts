import type { EncryptionRequest } from '../../model/native.ts';
import type { Session } from '../session.ts';

/** Shows how what goes between nodes is encrypted, after changing what was given. */
export const encryption = async (session: Session, change: EncryptionRequest): Promise<void> => {
  const { client, signal } = session;
  const changes = change.encryption !== undefined || change.rotate === true;
  const cluster = changes ? await client.changeEncryption(change, signal) : await client.cluster(signal);
  if (session.json) return session.printJson({ encryption: cluster.encryption });
  session.print(`encryption between nodes: ${cluster.encryption}\n`);
};
