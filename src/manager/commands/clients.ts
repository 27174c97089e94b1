import { TuttiError } from '../../model/errors.ts';
import type { ApiClient } from '../../model/client.ts';
import { issueClientCertificate } from '../ca/issue.ts';
import type { Commands } from '../manager.ts';
import { clusterOf } from './cluster.ts';
import type { CommandContext } from './context.ts';
import { newRow } from './context.ts';

type ClientCommands = Pick<Commands, 'createClient' | 'removeClient'>;

/** Who may use the API over TCP. The certificate is given once and kept nowhere; the row is what makes it count. */
export const clientCommands = (context: CommandContext): ClientCommands => {
  const { store, clock } = context;
  return {
    createClient: async ({ name, request, lifeMs }) => {
      const { id: clusterId, caCertificate, caKey } = clusterOf(store.view);
      const row: ApiClient = { ...newRow<string>(context), name, expiresAt: clock.now() + lifeMs };
      const authority = { certificate: caCertificate, key: caKey };
      const subject = { clientId: row.id, clusterId, lifeMs };
      const certificate = await issueClientCertificate(authority, request, subject, clock.now());
      await store.update((transaction) => {
        transaction.create('client', row);
        // Certificates that are over prove nothing any more: their rows go when one is made.
        for (const { id, expiresAt } of Array.from(transaction.list('client'))) {
          if (expiresAt < clock.now()) transaction.delete('client', id);
        }
      });
      return { id: row.id, certificate, authority: caCertificate, expiresAt: row.expiresAt };
    },
    removeClient: async (id) => {
      await store.update((transaction) => {
        if (transaction.get('client', id) === undefined) throw new TuttiError('not-found', `client ${id} not found`);
        transaction.delete('client', id);
      });
    },
  };
};
