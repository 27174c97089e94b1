import * as z from 'zod';
import { compareApi } from '../../model/api-version.ts';
import { engineNeeds as needs } from '../../model/engine-needs.ts';
import type { EngineNeed } from '../../model/engine-needs.ts';
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

const options: readonly (readonly [EngineNeed, isAsked: (request: Asked) => boolean])[] = [
  [needs.subpath, someMount(({ VolumeOptions }) => isText(VolumeOptions?.Subpath))],
  [needs.readOnlyBelow, someMount(({ BindOptions }) => BindOptions?.ReadOnlyForceRecursive === true)],
  [needs.imageMount, someMount(({ Type }) => Type === 'image')],
  [needs.startInterval, ({ Healthcheck }) => (Healthcheck?.StartInterval ?? 0) > 0],
  [needs.annotations, ({ HostConfig }) => Object.keys(HostConfig?.Annotations ?? {}).length > 0],
  [needs.hardwareAddress, someEndpoint(({ MacAddress }) => isText(MacAddress))],
  [needs.gatewayPriority, someEndpoint(({ GwPriority }) => (GwPriority ?? 0) !== 0)],
];

const isText = (value: string | null | undefined): boolean => (value ?? '') !== '';

/** What a request asks that not every engine knows. A client of an older API means nothing by what came later. */
export const engineNeeds = ({
  request,
  apiVersion,
}: Pick<SingleContainerSpec, 'request' | 'apiVersion'>): EngineNeed[] => {
  const { data } = asked.safeParse(request);
  if (data === undefined) return [];
  const isMeant = ({ api }: EngineNeed): boolean => apiVersion === undefined || compareApi(apiVersion, api) >= 0;
  return options.flatMap(([need, isAsked]) => (isMeant(need) && isAsked(data) ? [need] : []));
};
