import type { ConfigReference, ContainerSpec, SecretReference } from './container.ts';

/** The container with what is made of each of its references to secrets and configs. */
export const mapFiles = (
  container: ContainerSpec,
  of: {
    readonly secret: (reference: SecretReference) => SecretReference;
    readonly config: (reference: ConfigReference) => ConfigReference;
  },
): ContainerSpec => {
  const { secrets, configs } = container;
  return {
    ...container,
    ...(secrets && { secrets: secrets.map(of.secret) }),
    ...(configs && { configs: configs.map(of.config) }),
  };
};
