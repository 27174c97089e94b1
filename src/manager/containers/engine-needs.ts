import * as z from 'zod';
import type { PlaceNeed } from '../../core/place/model.ts';
import { compareApi } from '../../model/api-version.ts';
import type { SingleContainerSpec } from '../../model/single-container.ts';

const asked = z.object({
  Healthcheck: z.object({ StartInterval: z.number().nullish() }).nullish(),
  HostConfig: z
    .object({
      Annotations: z.record(z.string(), z.unknown()).nullish(),
      Mounts: z
        .array(
          z.object({
            Type: z.string().nullish(),
            BindOptions: z.object({ ReadOnlyForceRecursive: z.boolean().nullish() }).nullish(),
            VolumeOptions: z.object({ Subpath: z.string().nullish() }).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
  NetworkingConfig: z
    .object({
      EndpointsConfig: z
        .record(z.string(), z.object({ GwPriority: z.number().nullish(), MacAddress: z.string().nullish() }).nullish())
        .nullish(),
    })
    .nullish(),
});
type Asked = z.infer<typeof asked>;
type AskedMount = NonNullable<NonNullable<NonNullable<Asked['HostConfig']>['Mounts']>[number]>;
type AskedEndpoint = {
  readonly GwPriority?: number | null | undefined;
  readonly MacAddress?: string | null | undefined;
};

const someMount =
  (isAsked: (mount: AskedMount) => boolean) =>
  ({ HostConfig }: Asked): boolean =>
    (HostConfig?.Mounts ?? []).some(isAsked);
const someEndpoint =
  (isAsked: (endpoint: AskedEndpoint) => boolean) =>
  ({ NetworkingConfig }: Asked): boolean =>
    Object.values(NetworkingConfig?.EndpointsConfig ?? {}).some((endpoint) => isAsked(endpoint ?? {}));

/**
 * What older engines pass over without a word, by the first version of the API and release that know it. Without what is
 * not `soft` the container would be another one: see more than it should, or not come to be.
 */
const options: readonly (PlaceNeed & { readonly isAsked: (request: Asked) => boolean })[] = [
  {
    what: 'a path in the volume (volume-subpath)',
    api: '1.45',
    release: '26.0',
    soft: false,
    isAsked: someMount(({ VolumeOptions }) => isText(VolumeOptions?.Subpath)),
  },
  {
    what: 'a mount that is read-only in all below it',
    api: '1.44',
    release: '25.0',
    soft: false,
    isAsked: someMount(({ BindOptions }) => BindOptions?.ReadOnlyForceRecursive === true),
  },
  {
    what: 'a mount of the type image',
    api: '1.48',
    release: '28.0',
    soft: false,
    isAsked: someMount(({ Type }) => Type === 'image'),
  },
  {
    what: 'the start interval of the health check',
    api: '1.44',
    release: '25.0',
    soft: true,
    isAsked: ({ Healthcheck }) => (Healthcheck?.StartInterval ?? 0) > 0,
  },
  {
    what: 'annotations',
    api: '1.43',
    release: '24.0',
    soft: true,
    isAsked: ({ HostConfig }) => Object.keys(HostConfig?.Annotations ?? {}).length > 0,
  },
  {
    what: 'a hardware address on one network',
    api: '1.44',
    release: '25.0',
    soft: true,
    isAsked: someEndpoint(({ MacAddress }) => isText(MacAddress)),
  },
  {
    what: 'the priority of a gateway (gw-priority)',
    api: '1.48',
    release: '28.0',
    soft: true,
    isAsked: someEndpoint(({ GwPriority }) => (GwPriority ?? 0) !== 0),
  },
];

const isText = (value: string | null | undefined): boolean => (value ?? '') !== '';

/** What a request asks that not every engine knows. A client of an older API means nothing by what came later. */
export const engineNeeds = ({
  request,
  apiVersion,
}: Pick<SingleContainerSpec, 'request' | 'apiVersion'>): PlaceNeed[] => {
  const { data } = asked.safeParse(request);
  if (data === undefined) return [];
  return options
    .filter(({ api, isAsked }) => (apiVersion === undefined || compareApi(apiVersion, api) >= 0) && isAsked(data))
    .map(({ isAsked: _isAsked, ...need }) => need);
};
