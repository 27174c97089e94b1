import type { ApiClient } from '../../../model/client.ts';
import { clientRequest } from '../../../model/native.ts';
import type { CertificateView, ClientView } from '../../../model/native.ts';
import { empty, json } from '../../http/reply.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { readRequest } from '../input.ts';

const clientView = ({ id, name, createdAt, expiresAt }: ApiClient): ClientView => ({ id, name, createdAt, expiresAt });

/** Who may use the API over TCP. */
export const clientRoutes = ({ manager, endpoints }: WebContext): readonly Route[] => [
  ['GET', '/clients', () => json(manager.queries.clients().map(clientView))],
  [
    'POST',
    '/clients',
    async (request) => {
      const wanted = await readRequest(request, clientRequest);
      const made = await manager.commands.createClient(wanted);
      const { id, certificate, authority, expiresAt } = made;
      const createdAt = expiresAt - wanted.lifeMs;
      const view: CertificateView = {
        id,
        name: wanted.name,
        createdAt,
        expiresAt,
        certificate,
        authority,
        endpoints: endpoints?.() ?? [],
      };
      return json(view, 201);
    },
  ],
  [
    'DELETE',
    '/clients/:id',
    async (request) => {
      await manager.commands.removeClient(paramOf(request, 'id'));
      return empty(204);
    },
  ],
];
